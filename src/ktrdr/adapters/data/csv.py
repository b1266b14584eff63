"""Folders of CSV files, however their vendors write them."""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd

from ktrdr.adapters.data.columns import NEEDED, find_columns
from ktrdr.adapters.data.folder import FolderRepository
from ktrdr.adapters.data.times import join_date_and_clock, utc_times
from ktrdr.domain.errors import InvalidBars, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS

_DELIMITERS = ",;\t|"
_HEADER_WITHIN = 10
_THOUSANDS_COMMA = re.compile(r",\d+\.")


class CsvRepository(FolderRepository):
    """One file ``{SYMBOL}_{timeframe}.csv`` per series.

    Column names and date formats are recognised; times with an offset are converted, others taken as UTC; a file
    written from new to old is read from old to new.
    """

    suffix = ".csv"

    def _read_stamps(self, path: Path) -> pd.Series:
        return _newest_last(_Table(path).read(stamps_only=True))["timestamp"]

    def _read(self, path: Path) -> pd.DataFrame:
        return read_csv(path)


def read_csv(path: Path) -> pd.DataFrame:
    """Return timestamp (UTC), open, high, low, close, volume of a file, from old to new.

    Raises
    ------
    InvalidBars
        If there is no header, a column is missing, or a time or number cannot be read.
    Unavailable
        If the file cannot be opened.
    """
    return _newest_last(_Table(path).read())


class _Table:
    """A CSV file whose header has been found."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as file:
                wide = file.read(2) in (b"\xff\xfe", b"\xfe\xff")
            self._encoding = "utf-16" if wide else "utf-8-sig"
            with path.open(encoding=self._encoding, errors="replace") as file:
                head = [line for _, line in zip(range(_HEADER_WITHIN), file, strict=False)]
        except OSError as error:
            raise Unavailable(f"{path.name}: cannot be read ({error.strerror or error})") from error
        self._header_row, self._delimiter, names = _find_header(head, path.name)
        cells = "".join(head[self._header_row + 1 :])
        self._decimal_comma = self._delimiter == ";" and "," in cells and not _THOUSANDS_COMMA.search(cells)
        self._columns = find_columns(names, path.name)

    def read(self, *, stamps_only: bool = False) -> pd.DataFrame:
        """Return timestamp (UTC), and open, high, low, close, volume unless only stamps are asked for."""
        times, values = self._columns.times, {} if stamps_only else self._columns.values
        raw = self._read_cells(sorted({*times, *values.values()}))
        pair = [raw[position] for position in times]
        stamps = pair[0] if len(pair) == 1 else join_date_and_clock(*pair)
        columns = {"timestamp": utc_times(stamps, self._path.name)}
        for role in () if stamps_only else BAR_COLUMNS:
            columns[role] = self._numbers(raw[values[role]], role) if role in values else pd.Series(0.0, raw.index)
        return pd.DataFrame(columns)

    def _read_cells(self, positions: list[int]) -> pd.DataFrame:
        try:
            raw = pd.read_csv(
                self._path,
                sep=self._delimiter,
                header=None,
                skiprows=self._header_row + 1,
                usecols=positions,
                index_col=False,
                dtype=dict.fromkeys(self._columns.times, "str"),
                encoding=self._encoding,
                encoding_errors="replace",
                skipinitialspace=True,
                decimal="," if self._decimal_comma else ".",
                thousands="." if self._decimal_comma else ",",
                low_memory=False,
            )
        except pd.errors.EmptyDataError:
            return pd.DataFrame({position: pd.Series(dtype="str") for position in positions})
        except OSError as error:
            raise Unavailable(f"{self._path.name}: cannot be read ({error.strerror or error})") from error
        except ValueError as error:
            raise InvalidBars(
                f"{self._path.name}: not a table of {len(positions)} or more columns ({error})"
            ) from error
        return raw

    def _numbers(self, cells: pd.Series, role: str) -> pd.Series:
        numbers = pd.to_numeric(cells, errors="coerce").astype("float64")
        bad = (numbers.isna() & cells.notna()).to_numpy().nonzero()[0]
        if len(bad):
            raise InvalidBars(f"{self._path.name}: row {bad[0]}: {role} {cells.iloc[int(bad[0])]!r} is not a number")
        return numbers


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


def _newest_last(frame: pd.DataFrame) -> pd.DataFrame:
    stamps = frame["timestamp"]
    descending = len(stamps) > 1 and stamps.is_monotonic_decreasing and stamps.is_unique
    return frame.iloc[::-1].reset_index(drop=True) if descending else frame
