"""Bars out of a file of any kind and layout: the one way in, for import and for folders."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from ktrdr.adapters.data.arrow import Column, is_missing, require_numbers
from ktrdr.adapters.data.kept_reading import noted_reading
from ktrdr.adapters.data.layouts.placing import placings
from ktrdr.adapters.data.parts import Part, parts_of
from ktrdr.adapters.data.reading import reading
from ktrdr.adapters.data.rows import in_order, scaled, taken
from ktrdr.adapters.data.table_rows import TableRows, rows_of, times_of
from ktrdr.adapters.data.tables import Table, kind_of, open_table
from ktrdr.adapters.data.understood import reading_of
from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe


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
        found = bars_of_table(open_table(path, tuple(stated.columns.values())), stated, path.name)
    pa.default_memory_pool().release_unused()
    return found


def bars_of_table(table: Table, stated: Stated, source: str) -> tuple[Bars, ...]:
    """Return the series of a table, as `read_bars` does those of a file; `source` is what messages call it."""
    read = rows_of(table, stated, source)
    parts = parts_of(table, read.symbols, stated.symbol, source)
    if not parts or stated.timeframe is None:
        raise _unnamed(source)
    return tuple(_bars(read, table, stated, part, stated.timeframe, source) for part in parts)


def _unnamed(source: str) -> InvalidInput:
    such = f"AAPL_5m{Path(source).suffix}"
    return InvalidInput(f"{source}: its name is not SYMBOL_TIMEFRAME (such as {such}); say --symbol and --timeframe")


def span_by_times(path: Path, stated: Stated) -> tuple[int, int, int, str]:
    """Return what a `Span` holds of a file, of which hardly more than the times are read.

    Rows without any price do not count, as when the bars are read; those that repeat the one before them, or are NaN
    by their type, do all the same.

    Raises
    ------
    InvalidInput, InvalidBars, Unavailable
        As `read_bars` does, but for what only values show.
    """
    with reading(path, kind_of(path)):
        table = open_table(path, tuple(stated.columns.values()))
        placed = placings(table, stated, path.name)[0]
        symbol = placed.columns.symbol
        for role, kind in table.kinds(placed.columns.values).items():
            require_numbers(kind, path.name, role)
        kept = noted_reading(table.metadata)
        adjustment = kept.adjustment if kept else ""
        first, *others = (placed.columns.values[name] for name in PRICE_COLUMNS)
        cells = table.load((*placed.columns.times, first, *(() if symbol is None else (symbol,))), ()).columns
        some = ~_without_prices(cells.pop(first), others, table)
        if not some.all():
            cells = {place: column.filter(pa.array(some)) for place, column in cells.items()}
        symbols = None if symbol is None else cells.pop(symbol)
        stamps = times_of(cells, table, placed, stated, path.name).stamps
        if symbols is not None and stated.symbol is not None:
            stamps = stamps[parts_of(table, symbols, stated.symbol, path.name)[0].rows]
        ends = (int(stamps.min()), int(stamps.max())) if len(stamps) else (0, 0)
        return len(stamps), *ends, adjustment


def _without_prices(first: Column, others: Sequence[int], table: Table) -> Bools:
    """Return which rows have no price; the other prices are looked at only where the first lacks."""
    missing = is_missing(first)
    if missing.any():
        missing = np.logical_and.reduce([missing, *map(is_missing, table.load(others, ()).columns.values())])
    return missing


def _bars(read: TableRows, table: Table, stated: Stated, part: Part, timeframe: Timeframe, source: str) -> Bars:
    rows, remarks = in_order(taken(read.rows, part.rows), source)
    rows = scaled(rows) if stated.adjusted else rows
    said = (*remarks, *filter(None, [part.remark]))
    understood = noted_reading(table.metadata) or reading_of(read, table, stated, said)
    stamps, open_, high, low, close = (np.ascontiguousarray(rows[name]) for name in ("stamps", *PRICE_COLUMNS))
    volume = np.ascontiguousarray(rows["volume"]) if "volume" in rows else np.zeros(len(stamps))
    name, own, file_rows = Symbol(part.symbol).text, rows.get("written"), _unless_in_order(rows["file_rows"])
    return Bars(
        *(name, timeframe, stamps, open_, high, low, close, volume, source),
        written=own,
        reading=understood,
        file_rows=file_rows,
    )


def _unless_in_order(rows: Int64s) -> Int64s | None:
    """Return rows of a file, None where they are all from the first one on."""
    return None if (rows == np.arange(len(rows))).all() else rows
