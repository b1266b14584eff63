"""Parquet files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.arrow import Column, floats_of, require_numbers
from ktrdr.adapters.data.columns import Columns, find_columns
from ktrdr.adapters.data.kept_reading import noted_reading
from ktrdr.adapters.data.reading import reading
from ktrdr.adapters.data.times import utc_times
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

_NS_PER_UNIT = {"milliseconds": 10**6, "microseconds": 10**3, "nanoseconds": 1}
_SEVERAL_THREADS = 100_000
"""Rows from which on more than one thread is worth its start."""


def parquet_span(path: Path) -> tuple[int, int, int, str]:
    """Return number of bars, least and greatest stamp of a file, and its adjustment if noted; see `read_parquet`."""
    with _opened(path) as file:
        schema, metadata = file.schema_arrow, file.metadata
        columns = _columns_of(schema.remove_metadata(), path.name)
        noted = noted_reading(metadata.metadata)
        adjustment = noted.adjustment if noted else ""
        if not metadata.num_rows:
            return 0, 0, 0, adjustment
        ends = _statistics(file, schema, columns.times)
        if ends is not None:
            return metadata.num_rows, *ends, adjustment
        times = utc_times(_columns(file, columns.times), path.name)
    return metadata.num_rows, int(times.min()), int(times.max()), adjustment


def read_parquet(path: Path, symbol: str, timeframe: Timeframe) -> Bars:
    """Return the bars of a file.

    Raises
    ------
    InvalidBars
        If it is no whole parquet file, a column is missing or holds no numbers, its times cannot be read, or the bars
        break a rule of the gate.
    Unavailable
        If the file cannot be opened.
    """
    with _opened(path) as file:
        columns = find_columns(file.schema_arrow.names, path.name)
        there = _columns(file, (*columns.times, *columns.values.values()))
        times, values = there[: len(columns.times)], there[len(columns.times) :]
        stamps = utc_times(times, path.name)
        raw = {name: floats_of(column, path.name, name) for name, column in zip(columns.values, values, strict=True)}
        noted = noted_reading(file.metadata.metadata)
    bars = Bars.of(symbol, timeframe, stamps, raw, path.name)
    return bars if noted is None else replace(bars, reading=noted)


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    with reading(path, "parquet file"), pq.ParquetFile(path) as file:
        yield file


def _columns(file: pq.ParquetFile, places: tuple[int, ...]) -> list[Column]:
    names = [file.schema_arrow.names[place] for place in places]
    table = file.read(columns=names, use_threads=file.metadata.num_rows >= _SEVERAL_THREADS)
    return [table.column(name) for name in names]


def _columns_of(schema: pa.Schema, source: str) -> Columns:
    """Return the columns of a schema, which thousands of files may share."""
    try:
        return _usual_columns(schema)
    except InvalidBars:
        return _required_columns(schema, source)


@lru_cache(maxsize=64)
def _usual_columns(schema: pa.Schema) -> Columns:
    return _required_columns(schema, "")


def _required_columns(schema: pa.Schema, source: str) -> Columns:
    columns = find_columns(schema.names, source)
    for name, place in columns.values.items():
        require_numbers(schema.field(place).type, source, name)
    return columns


def _statistics(file: pq.ParquetFile, schema: pa.Schema, places: tuple[int, ...]) -> tuple[int, int] | None:
    """Return least and greatest time by the file's own statistics, or None where it has none."""
    (place, *more) = places
    if more or not pa.types.is_timestamp(schema.field(place).type):
        return None
    written, metadata = file.schema, file.metadata
    index = next(i for i in range(len(written)) if written.column(i).path == schema.names[place])
    unit = json.loads(written.column(index).logical_type.to_json()).get("timeUnit", "")
    found = [metadata.row_group(group).column(index).statistics for group in range(metadata.num_row_groups)]
    if unit not in _NS_PER_UNIT or not all(one and one.has_min_max and not one.null_count for one in found):
        return None
    factor = _NS_PER_UNIT[unit]
    ends = min(one.min_raw for one in found) * factor, max(one.max_raw for one in found) * factor
    return ends if all(abs(end) < 2**63 for end in ends) else None
