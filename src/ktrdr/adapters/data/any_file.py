"""Bars out of a file of any kind and layout: the one way in, for import and for folders."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ktrdr.adapters.data.arrow import require_numbers
from ktrdr.adapters.data.kept_reading import noted_reading
from ktrdr.adapters.data.layouts.placing import placings
from ktrdr.adapters.data.parts import Part, parts_of
from ktrdr.adapters.data.reading import reading
from ktrdr.adapters.data.rows import in_order, scaled, taken
from ktrdr.adapters.data.table_rows import TableRows, rows_of, times_of
from ktrdr.adapters.data.tables import Table, kind_of, open_table
from ktrdr.adapters.data.understood import reading_of
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.symbol import Symbol


class Span(NamedTuple):
    """Number of bars of a file, least and greatest stamp, 0 where it is empty, and the adjustment that it notes."""

    rows: int
    first: int
    last: int
    adjustment: str = ""


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
        raise _unnamed(path)
    with reading(path, kind_of(path)):
        table = open_table(path, tuple(stated.columns.values()))
        read = rows_of(table, stated, path.name)
        parts = parts_of(table, read.symbols, stated.symbol, path.name)
        if not parts:
            raise _unnamed(path)
        return tuple(_bars(read, table, stated, part, path.name) for part in parts)


def _unnamed(path: Path) -> InvalidInput:
    return InvalidInput(
        f"{path}: its name is not SYMBOL_TIMEFRAME (such as AAPL_5m{path.suffix}); say symbol and timeframe"
    )


def span(path: Path, stated: Stated) -> Span:
    """Return number of rows, least and greatest time of a file, as cheaply as it can be told.

    Raises
    ------
    InvalidInput, InvalidBars, Unavailable
        As `read_bars` does, but for what only values show.
    """
    with reading(path, kind_of(path)):
        table = open_table(path, tuple(stated.columns.values()))
        placed = placings(table, stated, path.name)[0]
        (place, *more), symbol = placed.columns.times, placed.columns.symbol
        for role, kind in table.kinds(placed.columns.values).items():
            require_numbers(kind, path.name, role)
        noted = table.span(place) if not more and symbol is None and stated.time_zone is None else None
        kept = noted_reading(table.metadata)
        adjustment = kept.adjustment if kept else ""
        if noted is not None:
            return Span(*noted, adjustment)
        cells = table.load((place, *more, *(() if symbol is None else (symbol,))), ()).columns
        stamps = times_of(cells, table, placed, stated, path.name).stamps
        if symbol is not None and stated.symbol is not None:
            stamps = stamps[parts_of(table, cells[symbol], stated.symbol, path.name)[0].rows]
        ends = (int(stamps.min()), int(stamps.max())) if len(stamps) else (0, 0)
        return Span(len(stamps), *ends, adjustment)


def _bars(read: TableRows, table: Table, stated: Stated, part: Part, source: str) -> Bars:
    assert stated.timeframe is not None
    rows, remarks = in_order(taken(read.rows, part.rows), source)
    if read.placed.layout.ends and stated.timeframe.intraday:
        moved = [name for name in ("stamps", "written") if name in rows]
        rows = {**rows, **{name: rows[name] - stated.timeframe.ns for name in moved}}
    rows = scaled(rows) if stated.adjusted else rows
    said = (*remarks, *filter(None, [part.remark]))
    understood = noted_reading(table.metadata) or reading_of(read, table, stated, said)
    stamps, open_, high, low, close = (np.ascontiguousarray(rows[name]) for name in ("stamps", *PRICE_COLUMNS))
    volume = np.ascontiguousarray(rows["volume"]) if "volume" in rows else np.zeros(len(stamps))
    name, written = Symbol(part.symbol).text, rows.get("written")
    return Bars(
        name, stated.timeframe, stamps, open_, high, low, close, volume, source, written=written, reading=understood
    )
