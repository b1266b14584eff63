"""Folders of CSV files, however their vendors write them."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from ktrdr.adapters.data.columns import NEEDED, Columns, find_columns
from ktrdr.adapters.data.folder import FolderRepository
from ktrdr.adapters.data.times import join_date_and_clock, utc_times
from ktrdr.domain.errors import InvalidBars, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS

_DELIMITERS = ",;\t|"
_HEADER_WITHIN = 10
_THOUSANDS_COMMA = re.compile(r",\d+\.")
_MISSING = ["", "nan", "NaN", "null", "NULL", "None", "N/A", "n/a", "-"]


class CsvRepository(FolderRepository):
    """One file ``{SYMBOL}_{timeframe}.csv`` per series.

    Column names and date formats are recognised; times with an offset are converted, others taken as UTC; a file
    written from new to old is read from old to new.
    """

    suffix = ".csv"

    def _read_stamps(self, path: Path) -> pd.Series:
        layout = _layout(path)
        return _newest_last(pd.DataFrame({"timestamp": _times(_cells(path, layout), layout, path)}))["timestamp"]

    def _read(self, path: Path) -> pd.DataFrame:
        return read_csv(path)


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


def read_csv(path: Path) -> pd.DataFrame:
    """Return timestamp (UTC), open, high, low, close, volume of a file, from old to new.

    Raises
    ------
    InvalidBars
        If there is no header, a column is missing, or a time or number cannot be read.
    Unavailable
        If the file cannot be opened.
    """
    layout = _layout(path)
    try:
        cells = _cells(path, layout, pa.float64())
    except InvalidBars:  # thousands separators, blanks, or a mistake that texts let us name
        cells = _cells(path, layout, pa.string())
    frame = pd.DataFrame({"timestamp": _times(cells, layout, path)})
    for role in BAR_COLUMNS:
        place = layout.columns.values.get(role)
        frame[role] = 0.0 if place is None else _numbers(cells.column(str(place)), layout, role, path)
    return _newest_last(frame)


def _layout(path: Path) -> _Layout:
    try:
        with path.open("rb") as file:
            encoding = "utf-16" if file.read(2) in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        with path.open(encoding=encoding, errors="replace") as file:
            head = list(islice(file, _HEADER_WITHIN + 1))
    except OSError as error:
        raise Unavailable(f"{path.name}: cannot be read ({error.strerror or error})") from error
    row, delimiter, names = _find_header(head[:_HEADER_WITHIN], path.name)
    body = "".join(head[row + 1 :])
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
        return pa.table({name: pa.array([], kind) for name, kind in types.items()})
    try:
        return arrow_csv.read_csv(
            path,
            arrow_csv.ReadOptions(
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
    except OSError as error:
        raise Unavailable(f"{path.name}: cannot be read ({error.strerror or error})") from error
    except (pa.ArrowException, UnicodeError) as error:
        raise InvalidBars(f"{path.name}: not a table of {len(layout.names)} columns ({error})") from error


def _times(cells: pa.Table, layout: _Layout, path: Path) -> pd.Series:
    parts = [cells.column(str(place)).to_pandas().astype("str") for place in layout.columns.times]
    return utc_times(parts[0] if len(parts) == 1 else join_date_and_clock(*parts), path.name)


def _numbers(cells: pa.ChunkedArray, layout: _Layout, role: str, path: Path) -> pd.Series:
    if pa.types.is_floating(cells.type):
        return pd.Series(cells.to_numpy())
    text = pc.utf8_trim_whitespace(cells)
    for mark, instead in ((".", ""), (",", ".")) if layout.decimal_comma else ((",", ""),):
        text = pc.replace_substring(text, mark, instead)
    try:
        return pd.Series(pc.cast(text, pa.float64()).to_numpy())
    except pa.ArrowInvalid as error:
        unreadable = pd.to_numeric(text.to_pandas(), errors="coerce").isna() & cells.is_valid().to_pandas()
        row = int(unreadable.to_numpy().argmax())
        raise InvalidBars(f"{path.name}: row {row}: {role} {cells[row].as_py()!r} is not a number") from error


def _newest_last(frame: pd.DataFrame) -> pd.DataFrame:
    stamps = frame["timestamp"]
    descending = len(stamps) > 1 and stamps.is_monotonic_decreasing and stamps.is_unique
    return frame.iloc[::-1].reset_index(drop=True) if descending else frame
