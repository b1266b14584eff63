"""Context series in the folder of the bars: ``context/{provider}/{name}.parquet`` or ``.csv``."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.times import utc_times
from ktrdr.domain.errors import InvalidBars, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS
from ktrdr.domain.market.context_series import (
    CONTEXT_FOLDER,
    KNOWN_AT,
    OBSERVATION,
    VALUE,
    ContextSeries,
    missing_context,
)
from ktrdr.domain.market.file_names import to_file_name
from ktrdr.domain.market.timeframe import NS_PER_DAY

_DATE = r"\d{4}-\d{1,2}-\d{1,2}|\d{8}|\d{1,2}[./-]\d{1,2}[./-]\d{4}"
_WITH_OFFSET = r"(?i).+[T\s].*(?:Z|UTC|GMT|[+-]\d{1,2}:?(?:\d\d)?)|(?!(?:19|20)\d{10}(?:\d\d)?$)\d+(?:\.\d+)?"
_LONGEST_TIME = 64  # characters, so that no hostile text keeps the pattern busy
_SUFFIXES = (".parquet", ".csv")


def read_context(folder: Path, provider: str, name: str) -> ContextSeries:
    """Return a series from its file; of two, the parquet file counts.

    Names of columns are read in any case. A publication that is a date without a time of day counts from the end of
    that day (00:00 UTC of the next).

    Raises
    ------
    DataNotFound
        If there is no such file; the message names where it would lie.
    InvalidBars
        If the file breaks a rule of `ContextSeries`.
    Unavailable
        If it cannot be read.
    """
    stem = folder / CONTEXT_FOLDER / to_file_name(provider) / to_file_name(name)
    paths = [stem.with_name(stem.name + suffix) for suffix in _SUFFIXES]
    path = next((path for path in paths if path.is_file()), None)
    if path is None:
        raise missing_context(provider, name, f"{paths[0]} or .csv")
    where = str(path.relative_to(folder))
    table = _read(path, where)
    wanted = {KNOWN_AT, OBSERVATION, VALUE, *BAR_COLUMNS}
    plain = [str(column).strip().casefold() for column in table.columns]
    repeated = sorted({column for column in plain if plain.count(column) > 1 and column in wanted})
    if repeated:
        raise InvalidBars(f"{where}: column {repeated[0]!r} is there twice")
    table.columns = pd.Index(plain)
    frame = table[[column for column in plain if column in wanted]].copy()
    dated = KNOWN_AT in plain and _are_dates(frame[KNOWN_AT])
    times = [frame[column] for column in (KNOWN_AT, OBSERVATION) if column in plain]
    zoneless = any(_lack_offset(values) for values in times if not _are_dates(values))
    for column in (KNOWN_AT, OBSERVATION):
        if column in plain:
            frame[column] = _times(frame[column], column, where)
    if dated:
        frame[KNOWN_AT] += pd.Timedelta(NS_PER_DAY, "ns")
    for column in plain:
        if column in (VALUE, *BAR_COLUMNS):
            frame[column] = _numbers(frame[column], column, where)
    return ContextSeries.from_frame(frame, provider, name, source=where, dated=dated, zoneless=zoneless)


def _read(path: Path, where: str) -> pd.DataFrame:
    try:
        if path.suffix == ".csv":
            return pd.read_csv(path, dtype="str", keep_default_na=False, encoding="utf-8-sig")
        frame: pd.DataFrame = pq.read_table(path).to_pandas(ignore_metadata=True)
        return frame
    except (PermissionError, FileNotFoundError) as error:
        raise Unavailable(f"{where}: cannot be read ({error.strerror or error})") from error
    except (pa.ArrowException, OSError, ValueError) as error:
        reason = (str(error).splitlines() or ["nothing in it"])[0]
        raise InvalidBars(f"{where}: not a whole {path.suffix.removeprefix('.')} file ({reason})") from error


def _are_dates(values: pd.Series) -> bool:
    """Return whether the values are days: dates of parquet, or texts and numbers that no time of day follows."""
    if isinstance(values.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(values.dtype):
        return False
    return bool(len(values)) and bool(values.astype("str").str.strip().str.fullmatch(_DATE).all())


def _lack_offset(values: pd.Series) -> bool:
    """Return whether a time of day is written without an offset; numbers of seconds since 1970 need none."""
    if isinstance(values.dtype, pd.DatetimeTZDtype) or pd.api.types.is_datetime64_dtype(values.dtype):
        return not isinstance(values.dtype, pd.DatetimeTZDtype)
    there = values.dropna()
    whole = there.map("{:.0f}".format) if pd.api.types.is_numeric_dtype(there.dtype) else there.astype("str")
    return bool((~whole.str.strip().str[:_LONGEST_TIME].str.fullmatch(_WITH_OFFSET)).any())


def _times(values: pd.Series, column: str, where: str) -> pd.Series:
    missing = values.isna() | (values.astype("str").str.strip() == "")
    if missing.any():
        raise InvalidBars(f"{where}: row {int(missing.to_numpy().argmax())}: {column} is missing")
    if not len(values):
        return pd.to_datetime(values, utc=True)
    return utc_times(values, f"{where}: {column}")


def _numbers(values: pd.Series, column: str, where: str) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce")
    broken = (numbers.isna() & values.notna()).to_numpy()
    if broken.any():
        row = int(broken.argmax())
        raise InvalidBars(f"{where}: row {row}: {column} {values.iloc[row]!r} is not a number")
    return numbers.astype("float64")
