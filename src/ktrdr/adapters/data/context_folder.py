"""Context series in the folder of the bars: ``context/{provider}/{name}.parquet`` or ``.csv``."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import csv as arrow_csv

from ktrdr.adapters.data.arrow import Column, floats_of
from ktrdr.adapters.data.reading import reading
from ktrdr.adapters.data.times import utc_times
from ktrdr.domain.errors import InvalidBars
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

_SUFFIXES = (".parquet", ".csv")
_WANTED = (KNOWN_AT, OBSERVATION, VALUE, *BAR_COLUMNS)


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
    path = next((path for path in paths if os.path.lexists(path)), None)
    if path is None:
        raise missing_context(provider, name, f"{paths[0]} or .csv")
    where = str(path.relative_to(folder))
    with reading(path, f"{path.suffix.removeprefix('.')} file", where):
        columns = _columns(path, where)
        if KNOWN_AT not in columns:
            found = ", ".join(columns) or "nothing that is wanted"
            raise InvalidBars(f"{where}: column {KNOWN_AT!r} is missing; found {found}")
        times = {key: utc_times([columns[key]], f"{where}: {key}", key) for key in _WANTED[:2] if key in columns}
        values = {key: floats_of(columns[key], where, key) for key in _WANTED[2:] if key in columns}
    published = times[KNOWN_AT]
    dates = published.dates
    known = published.stamps if dates is None else published.stamps + dates * NS_PER_DAY
    zoneless = any(column.zone_from == "assumed" for column in times.values())
    observed = times[OBSERVATION].stamps if OBSERVATION in times else None
    return ContextSeries.published(
        provider, name, known, values, observed=observed, source=where, dated=dates is not None, zoneless=zoneless
    )


def _columns(path: Path, where: str) -> dict[str, Column]:
    """Return the columns that are wanted, by their plain names."""
    table = _texts(path) if path.suffix == ".csv" else pq.read_table(path)
    plain = [str(name).strip().casefold() for name in table.column_names]
    repeated = sorted({name for name in plain if plain.count(name) > 1 and name in _WANTED})
    if repeated:
        raise InvalidBars(f"{where}: column {repeated[0]!r} is there twice")
    return {name: table.column(place) for place, name in enumerate(plain) if name in _WANTED}


def _texts(path: Path) -> pa.Table:
    """Return a CSV file with its cells as texts; empty ones are missing."""
    with path.open(encoding="utf-8-sig") as file:
        names = next(csv.reader(file), [])
    options = arrow_csv.ConvertOptions(
        column_types={name: pa.string() for name in names}, null_values=[""], strings_can_be_null=True
    )
    return arrow_csv.read_csv(path, convert_options=options)
