"""CSV files, however their vendors write them."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from io import StringIO
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ktrdr.adapters.data.arrow import floats_of
from ktrdr.adapters.data.columns import NEEDED, Columns, find_columns
from ktrdr.adapters.data.reading import reading, reason_of
from ktrdr.adapters.data.times import utc_times
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

_DELIMITERS = ",;\t|"
_HEADER_WITHIN = 10
_HEAD_BYTES = 2**20
_SEVERAL_THREADS = 2**21
"""Bytes from which on more than one thread is worth its start."""
_THOUSANDS_COMMA = re.compile(r",\d+\.")
_MISSING = ["", "nan", "NaN", "null", "NULL", "None", "N/A", "n/a", "-"]


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a file is written."""

    encoding: str
    delimiter: str
    decimal_comma: bool
    names: list[str]
    first_row: int
    empty: bool
    columns: Columns


def read_csv(path: Path, symbol: str, timeframe: Timeframe) -> Bars:
    """Return the bars of a file, from old to new.

    Raises
    ------
    InvalidBars
        If there is no header, a column is missing, a time or number cannot be read, or the bars break a rule of the
        gate.
    Unavailable
        If the file cannot be opened.
    """
    with reading(path, "CSV file"):
        layout = _layout(path)
        try:
            cells = _cells(path, layout, pa.float64())
        except pa.ArrowInvalid:  # thousands separators, blanks, or a mistake that texts let us name
            cells = _cells(path, layout, pa.string())
        times = _times(cells, layout, path)
        values = {role: _values(cells, layout, role, path) for role in layout.columns.values}
    if len(times) > 1 and (np.diff(times) < 0).all():
        times, values = times[::-1], {role: column[::-1] for role, column in values.items()}
    return Bars.of(symbol, timeframe, times, values, path.name)


def csv_span(path: Path) -> tuple[int, int, int]:
    """Return number of bars, least and greatest stamp of a file; see `read_csv`."""
    with reading(path, "CSV file"):
        layout = _layout(path)
        times = _times(_cells(path, layout), layout, path)
        return (len(times), int(times.min()), int(times.max())) if len(times) else (0, 0, 0)


def _layout(path: Path) -> _Layout:
    with path.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = StringIO(head.decode(encoding, errors="replace"), newline=None)
    lines = list(islice(text, _HEADER_WITHIN + 1))
    row, delimiter, names = _find_header(lines[:_HEADER_WITHIN], path.name)
    body = "".join(lines[row + 1 :])
    decimal_comma = delimiter == ";" and "," in body and not _THOUSANDS_COMMA.search(body)
    columns = find_columns(names, path.name)
    return _Layout(encoding.removesuffix("-sig"), delimiter, decimal_comma, names, row + 1, not body.strip(), columns)


def _find_header(head: list[str], source: str) -> tuple[int, str, list[str]]:
    """Return row, delimiter and names of the first line that names the prices."""
    for row, line in enumerate(head):
        delimiter = max(_DELIMITERS, key=line.count)
        names = next(csv.reader([line], delimiter=delimiter), [])
        if {"open", "o"} & {name.strip().strip("<>").casefold().split(" ")[0] for name in names}:
            return row, delimiter, names
    found = head[0].strip()[:80] if head else "nothing"
    raise InvalidBars(
        f"{source}: no header with the names of the columns in the first {_HEADER_WITHIN} lines; found {found!r}; "
        + NEEDED
    )


def _cells(path: Path, layout: _Layout, value_type: pa.DataType | None = None) -> pa.Table:
    """Return times as texts, and values if a type is given for them; columns are named by their position."""
    types = {str(place): pa.string() for place in layout.columns.times}
    if value_type is not None:
        types |= {str(place): value_type for place in layout.columns.values.values()}
    if layout.empty:
        return pa.schema(types.items()).empty_table()
    try:
        return arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(
                use_threads=path.stat().st_size > _SEVERAL_THREADS,
                encoding=layout.encoding,
                skip_rows=layout.first_row,
                column_names=[str(place) for place in range(len(layout.names))],
            ),
            arrow_csv.ParseOptions(delimiter=layout.delimiter),
            arrow_csv.ConvertOptions(
                include_columns=list(types),
                column_types=types,
                decimal_point="," if layout.decimal_comma else ".",
                null_values=_MISSING,
                strings_can_be_null=True,
            ),
        )
    except (pa.ArrowInvalid, UnicodeError) as error:
        if value_type == pa.float64():
            raise
        raise InvalidBars(f"{path.name}: not a table of {len(layout.names)} columns ({reason_of(error)})") from error


def _times(cells: pa.Table, layout: _Layout, path: Path) -> Int64s:
    return utc_times([cells.column(str(place)) for place in layout.columns.times], path.name)


def _values(cells: pa.Table, layout: _Layout, role: str, path: Path) -> Floats:
    column = written = cells.column(str(layout.columns.values[role]))
    if pa.types.is_string(column.type):
        column = pc.utf8_trim_whitespace(column)
        for mark, instead in ((".", ""), (",", ".")) if layout.decimal_comma else ((",", ""),):
            column = pc.replace_substring(column, mark, instead)
    return floats_of(column, path.name, role, written)
