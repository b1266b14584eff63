"""The rows of a table as times and numbers, once it is told which column is which."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from ktrdr.adapters.data.arrow import Column, is_missing
from ktrdr.adapters.data.columns import Columns, is_utc
from ktrdr.adapters.data.layouts.agreeing import contradiction
from ktrdr.adapters.data.layouts.layout import VWAP
from ktrdr.adapters.data.layouts.placing import Placed, placings
from ktrdr.adapters.data.number_texts import Marks
from ktrdr.adapters.data.numbers import floats
from ktrdr.adapters.data.rows import Rows, left_out, without_values
from ktrdr.adapters.data.tables import Table
from ktrdr.adapters.data.times import Times, utc_times
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidBars, InvalidInput, shown
from ktrdr.domain.market.characteristics import CATALOGUE_NAME
from ktrdr.domain.market.reading import Stated

ADJUSTED = "adjusted close"


@dataclass(frozen=True, slots=True)
class TableRows:
    """What was read of a table, before it is cut into series.

    Attributes
    ----------
    placed : Placed
        Its layout.
    rows : Rows
        In the order of the file.
    times : Times
        How they are written.
    symbols : array of pyarrow or None
        Symbol of each row, where the table says it.
    marks : Marks
        How its numbers are written.
    remarks : tuple of str
        What was left out.
    """

    placed: Placed
    rows: Rows
    times: Times
    symbols: Column | None
    marks: Marks
    remarks: tuple[str, ...]


def rows_of(table: Table, stated: Stated, source: str) -> TableRows:
    """Return the rows of a table; those without any value are left out.

    Raises
    ------
    InvalidInput
        If what is stated of layout or columns names none.
    InvalidBars
        If no layout fits, or a value cannot be read, or can be in two ways.
    """
    candidates = placings(table, stated, source)
    placed = candidates[0]
    columns = _with_adjusted(placed.columns, table, stated, source)
    texts = (*columns.times, *(() if columns.symbol is None else (columns.symbol,)), *placed.empty)
    numbers = tuple(columns.values.values())
    loaded = table.load((*texts, *numbers), ()) if stated.decimal_mark else table.load(texts, numbers)
    point = loaded.pointed or (placed.layout.point and (table.delimiter in ",\t" or not table.names))
    cells = {place: loaded.columns[place] for place in texts}
    written = {role: loaded.columns[place] for role, place in columns.values.items()}
    loaded.columns.clear()
    for place in placed.empty:
        _require_empty(cells.pop(place), table.name_of(place), source)
    values, marks = floats(written, source, point=point, decimal=stated.decimal_mark)
    pa.default_memory_pool().release_unused()
    cells, values, file_rows, remarks = _with_values(cells, values)
    symbols = None if columns.symbol is None else cells.pop(columns.symbol)
    times = times_of(cells, table, placed, stated, source, file_rows)
    if not table.names:
        placed, values = _agreeing(candidates, values, times, file_rows, source)
    own = {} if times.written is None else {"written": times.written}
    rows = {"stamps": times.stamps, "file_rows": file_rows, **own, **values}
    marks = marks._replace(decimal=marks.decimal or loaded.mark)
    return TableRows(placed, rows, times, symbols, marks, (*table.remarks, *loaded.remarks, *remarks))


def times_of(
    cells: dict[int, Column],
    table: Table,
    placed: Placed,
    stated: Stated,
    source: str,
    file_rows: Int64s | None = None,
) -> Times:
    """Return the times of some columns, by what they, their names, the layout and somebody say of their zone.

    Where the layout stamps intraday bars at their end, the times are those of their beginning.
    The columns are not kept, so that they are not held twice.
    """
    places = placed.columns.times
    utc = any(is_utc(table.name_of(place)) for place in places)
    zone = stated.time_zone or placed.layout.zone or None
    times = utc_times([cells.pop(place) for place in places], source, zone=zone, utc=utc, rows=file_rows)
    if placed.layout.asks_zone and times.zone_from == "assumed" and stated.timeframe and stated.timeframe.intraday:
        raise InvalidBars(
            f"{source}: {placed.layout.says} writes its broker's clock without its time zone; say it: --time-zone at "
            f"import, or stamp_zone in {CATALOGUE_NAME} (Europe/Athens for many brokers; UTC where it is that)"
        )
    if not (placed.layout.ends and stated.timeframe and stated.timeframe.intraday):
        return times
    written = times.written if times.written is None else times.written - stated.timeframe.ns
    return times._replace(stamps=times.stamps - stated.timeframe.ns, written=written)


def _require_empty(column: Column, name: str, source: str) -> None:
    """Refuse a value in a column that was passed over because the first rows have none there."""
    filled = ~is_missing(column)
    if filled.any():
        row = int(filled.argmax())
        raise InvalidBars(
            f"{source}: row {row}: has {shown(str(column[row].as_py()))} in column {name}, which is empty in the first "
            "rows; without a header all rows must be alike"
        )


def _with_adjusted(columns: Columns, table: Table, stated: Stated, source: str) -> Columns:
    """Return the columns, with the adjusted close among the values where it is asked for."""
    if not stated.adjusted:
        return columns
    if columns.adjusted is None:
        found = ", ".join(table.names) or "columns without names"
        raise InvalidInput(f"{source}: has no adjusted close; found {found}")
    return replace(columns, values={**columns.values, ADJUSTED: columns.adjusted})


def _with_values(
    cells: dict[int, Column], values: dict[str, Floats]
) -> tuple[dict[int, Column], dict[str, Floats], Int64s, tuple[str, ...]]:
    """Return cells and values without the rows that have none, and without a volume that has none, and their rows."""
    remarks = []
    file_rows = np.arange(len(values["close"]))
    empty = without_values(values)
    if empty is not None:
        remarks.append(left_out(file_rows[empty], "has no values" if empty.sum() == 1 else "have no values"))
        file_rows = file_rows[~empty]
        values = {role: column[~empty] for role, column in values.items()}
        cells = {place: column.filter(pa.array(~empty)) for place, column in cells.items()}
    if "volume" in values and len(values["volume"]) and np.isnan(values["volume"]).all():
        values = {role: column for role, column in values.items() if role != "volume"}
        remarks.append("the column of volume is empty, so there is none")
    return cells, values, file_rows, tuple(remarks)


def _agreeing(
    candidates: Sequence[Placed], values: dict[str, Floats], times: Times, file_rows: Int64s, source: str
) -> tuple[Placed, dict[str, Floats]]:
    """Return the way to read columns without names with which the values agree, and them by it.

    Raises
    ------
    InvalidBars
        If there is none; the message names a row.
    """
    by_place = {place: values[role] for role, place in candidates[0].columns.values.items() if role in values}
    newest_first = len(times.stamps) > 1 and bool(times.stamps[0] > times.stamps[-1])
    found = {}
    for candidate in candidates:
        named = {role: by_place[place] for role, place in candidate.columns.values.items() if place in by_place}
        found[contradiction(named, file_rows, newest_first=newest_first)] = candidate, named
    if None in found:
        placed, values = found[None]
        return placed, {role: column for role, column in values.items() if role != VWAP}
    why = next(iter(found))
    order = ", ".join(candidates[0].columns.values)
    raise InvalidBars(
        f"{source}: has no header, and taken for {order} the values contradict themselves: {why}; say which column is "
        "which: --columns time=1,open=2,high=3,low=4,close=5"
    )
