"""Bars out of a file of any kind and layout: the one way in, for import and for folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from ktrdr.adapters.data.arrow import Column, require_numbers
from ktrdr.adapters.data.columns import Columns, is_utc
from ktrdr.adapters.data.kept_reading import noted_reading
from ktrdr.adapters.data.layouts.agreeing import are_exchanged, broken_rows
from ktrdr.adapters.data.layouts.placing import Placed, placings
from ktrdr.adapters.data.noted_span import noted_span
from ktrdr.adapters.data.numbers import Marks, floats
from ktrdr.adapters.data.reading import reading
from ktrdr.adapters.data.rows import Rows, in_order, left_out, scaled, taken, without_values
from ktrdr.adapters.data.symbol_column import WHOLE, parts_by_symbol
from ktrdr.adapters.data.tables import Table, kind_of, open_table
from ktrdr.adapters.data.times import Times, utc_times
from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.market.bars import BAR_COLUMNS, PRICE_COLUMNS, Bars
from ktrdr.domain.market.reading import Reading, Stated
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

_ADJUSTED = "adjusted close"


class Span(NamedTuple):
    """Number of bars of a file, least and greatest stamp, 0 where it is empty, and the adjustment that it notes."""

    rows: int
    first: int
    last: int
    adjustment: str = ""


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a file, before it is cut into series."""

    placed: Placed
    rows: Rows
    times: Times
    symbols: Column | None
    marks: Marks
    remarks: tuple[str, ...]


def read_bars(path: Path, stated: Stated) -> tuple[Bars, ...]:
    """Return the series of a file, from old to new, without sessions; each says how it was understood.

    Parameters
    ----------
    path : Path
    stated : Stated
        Its timeframe must be given, and its symbol where the file has no column of symbols; where it has, the symbol
        chooses one of several.

    Raises
    ------
    InvalidInput
        If files of that kind are not read, symbol or timeframe are not said, or what is stated of layout or columns
        names none.
    InvalidBars
        If there are no bars in it, values can be read in two ways or not at all, or bars break a rule of the gate; the
        message names file, row and text.
    Unavailable
        If it cannot be opened, or needs an extra that is not installed.
    """
    if stated.timeframe is None:
        raise _unnamed(path.name)
    with reading(path, kind_of(path)):
        return bars_of_table(open_table(path, tuple(stated.columns.values())), stated, path.name)


def bars_of_table(table: Table, stated: Stated, source: str) -> tuple[Bars, ...]:
    """Return the series of a table, as `read_bars` does those of a file; `source` is what messages call it."""
    timeframe = stated.timeframe
    read = _read(table, stated, source)
    if timeframe is None or (read.symbols is None and stated.symbol is None):
        raise _unnamed(source)
    if read.symbols is not None:
        parts = parts_by_symbol(read.symbols, stated.symbol, source)
    else:
        parts = {str(stated.symbol): WHOLE}
    return tuple(
        _bars(replace(read, rows=taken(read.rows, which)), table, stated, symbol, timeframe, source)
        for symbol, which in parts.items()
    )


def _unnamed(source: str) -> InvalidInput:
    return InvalidInput(
        f"{source}: its name is not SYMBOL_TIMEFRAME (such as AAPL_5m{Path(source).suffix}); say symbol and timeframe"
    )


def span(path: Path, stated: Stated) -> Span:
    """Return number of rows, least and greatest time of a file, as cheaply as it can be told.

    Raises
    ------
    InvalidInput, InvalidBars, Unavailable
        As `read_bars` does, but for what only values show.
    """
    with reading(path, kind_of(path)):
        plain = path.suffix.lower() == ".parquet" and not (stated.time_zone or stated.columns or stated.layout)
        told = noted_span(path) if plain else None
        if told is not None:
            return Span(*told)
        table = open_table(path, tuple(stated.columns.values()))
        placed = placings(table, stated, path.name)[0]
        (place, *more), symbol = placed.columns.times, placed.columns.symbol
        for role, kind in table.kinds(placed.columns.values).items():
            require_numbers(kind, path.name, role)
        noted = table.span(place) if not more and symbol is None else None
        kept = noted_reading(table.metadata)
        adjustment = kept.adjustment if kept else ""
        if noted is not None:
            return Span(*noted, adjustment)
        cells = table.load((place, *more, *(() if symbol is None else (symbol,))), ()).columns
        stamps = _times(cells, table, placed, stated, path.name).stamps
        if symbol is not None and stated.symbol is not None:
            stamps = stamps[parts_by_symbol(cells[symbol], stated.symbol, path.name)[stated.symbol]]
        ends = (int(stamps.min()), int(stamps.max())) if len(stamps) else (0, 0)
        return Span(len(stamps), *ends, adjustment)


def _read(table: Table, stated: Stated, source: str) -> _Read:
    candidates = placings(table, stated, source)
    placed = candidates[0]
    columns = _with_adjusted(placed.columns, table, stated, source)
    texts = (*columns.times, *(() if columns.symbol is None else (columns.symbol,)))
    loaded = table.load(texts, tuple(columns.values.values()))
    point = table.pointed or (placed.layout.point and (table.delimiter in ",\t" or not table.names))
    cells = {place: loaded.columns.pop(place) for place in texts}
    values, marks = floats(
        {role: loaded.columns.pop(place) for role, place in columns.values.items()}, source, point=point
    )
    remarks = list(loaded.remarks)
    empty = without_values(values)
    if empty is not None:
        remarks.append(left_out(empty, "has no values" if empty.sum() == 1 else "have no values"))
        values = {role: column[~empty] for role, column in values.items()}
        cells = {place: column.filter(pa.array(~empty)) for place, column in cells.items()}
    if "volume" in values and len(values["volume"]) and np.isnan(values["volume"]).all():
        del values["volume"]
        remarks.append("the column of volume is empty, so there is none")
    times = _times(cells, table, placed, stated, source)
    if not table.names:
        placed, values = _agreeing(candidates, values, times, source)
    symbols = None if columns.symbol is None else cells[columns.symbol]
    own = {} if times.written is None else {"written": times.written}
    return _Read(placed, {"stamps": times.stamps, **own, **values}, times, symbols, marks, tuple(remarks))


def _with_adjusted(columns: Columns, table: Table, stated: Stated, source: str) -> Columns:
    """Return the columns, with the adjusted close among the values where it is asked for."""
    if not stated.adjusted:
        return columns
    if columns.adjusted is None:
        found = ", ".join(table.names) or "columns without names"
        raise InvalidInput(f"{source}: has no adjusted close; found {found}")
    return replace(columns, values={**columns.values, _ADJUSTED: columns.adjusted})


def _times(cells: dict[int, Column], table: Table, placed: Placed, stated: Stated, source: str) -> Times:
    places = placed.columns.times
    utc = any(is_utc(table.name_of(place)) for place in places)
    zone = stated.time_zone or placed.layout.zone or None
    return utc_times([cells[place] for place in places], source, zone=zone, utc=utc)


def _agreeing(
    candidates: Sequence[Placed], values: dict[str, Floats], times: Times, source: str
) -> tuple[Placed, dict[str, Floats]]:
    """Return the way to read columns without names with which the values agree, and them by it.

    Raises
    ------
    InvalidBars
        If there is none; the message names a row.
    """
    by_place = {place: values[role] for role, place in candidates[0].columns.values.items() if role in values}
    newest_first = len(times.stamps) > 1 and bool(times.stamps[0] > times.stamps[-1])
    for candidate in candidates:
        named = {role: by_place[place] for role, place in candidate.columns.values.items() if place in by_place}
        if not broken_rows(named).any() and not are_exchanged(named, newest_first=newest_first):
            return candidate, named
    broken = broken_rows(values)
    row = int(broken.argmax())
    order = ", ".join(role for role in candidates[0].columns.values if role in PRICE_COLUMNS)
    found = ", ".join(f"{values[role][row]:.10g}" for role in candidates[0].columns.values if role in PRICE_COLUMNS)
    why = "the open or close lies outside high and low" if broken.any() else "each open leads on to the next close"
    raise InvalidBars(
        f"{source}: has no header, and taken for {order} the values contradict themselves: row {row} ({found}): {why}; "
        "say which column is which: --columns time=1,open=2,high=3,low=4,close=5"
    )


def _bars(read: _Read, table: Table, stated: Stated, symbol: str, timeframe: Timeframe, source: str) -> Bars:
    rows, remarks = in_order(read.rows, source)
    layout = read.placed.layout
    if layout.ends and timeframe.intraday:
        rows = {**rows, **{name: rows[name] - timeframe.ns for name in ("stamps", "written") if name in rows}}
    rows = scaled(rows) if stated.adjusted else rows
    understood = noted_reading(table.metadata) or _reading(read, table, stated, remarks)
    columns = {name: np.ascontiguousarray(rows[name]) for name in ("stamps", *BAR_COLUMNS) if name in rows}
    volume = columns.get("volume", np.zeros(len(rows["stamps"])))
    stamps, open_, high, low, close = (columns[name] for name in ("stamps", *PRICE_COLUMNS))
    written = rows.get("written")
    name = Symbol(symbol).text
    return Bars(
        name, timeframe, stamps, open_, high, low, close, volume, source=source, written=written, reading=understood
    )


def _reading(read: _Read, table: Table, stated: Stated, remarks: Sequence[str]) -> Reading:
    columns, times = read.placed.columns, read.times
    named = {"time": " and ".join(table.name_of(place) for place in columns.times)}
    named |= {role: table.name_of(place) for role, place in columns.values.items()}
    said = [*read.remarks, *remarks, *filter(None, [read.placed.layout.remark])]
    if columns.adjusted is not None and not stated.adjusted:
        adjusted, close = table.name_of(columns.adjusted), table.name_of(columns.values["close"])
        said.append(f"an adjusted close ({adjusted}) stands beside {close} and is not used; --adjusted chooses it")
    if stated.adjusted and columns.adjusted is not None:
        named["close"] = table.name_of(columns.adjusted)
    return Reading(
        layout=read.placed.layout.name,
        kind=table.kind,
        delimiter=table.delimiter,
        decimal_mark=read.marks.decimal or ("." if table.pointed and table.delimiter else ""),
        thousands_mark=read.marks.thousands,
        times=times.spelling,
        time_zone=times.time_zone,
        zone_from=times.zone_from,
        adjustment="splits and dividends" if stated.adjusted else "",
        columns=named,
        remarks=tuple(said),
    )
