"""Parquet files."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.tables.levels import levels_of
from ktrdr.adapters.data.tables.table import Content, Loaded, Table

_NS_PER_UNIT = {"milliseconds": 10**6, "microseconds": 10**3, "nanoseconds": 1}
_SEVERAL_THREADS = 100_000
"""Rows from which on more than one thread is worth its start."""


def open_parquet(content: Content, _source: str, _words: Sequence[str]) -> Table:
    """Return the table of a parquet file; an index of pandas is a column as others."""
    file = pq.ParquetFile(pa.BufferReader(content) if isinstance(content, bytes) else content)
    schema = file.schema_arrow
    names, tickers = levels_of(schema.names)

    def load(texts: Sequence[int], numbers: Sequence[int]) -> Loaded:
        places = sorted({*texts, *numbers})
        wanted = [schema.names[place] for place in places]
        table = file.read(columns=wanted, use_threads=file.metadata.num_rows >= _SEVERAL_THREADS)
        return Loaded({place: table.column(schema.names[place]) for place in places})

    metadata = file.metadata.metadata or {}
    return Table("parquet", names, len(names), load, tickers, types=schema.types, metadata=metadata)


def statistics(file: pq.ParquetFile, schema: pa.Schema, place: int) -> tuple[int, int, int] | None:
    """Return rows, least and greatest time by the file's own statistics, or None where it has none."""
    written, metadata = file.schema, file.metadata
    if not pa.types.is_timestamp(schema.field(place).type):
        return None
    if not metadata.num_rows:
        return 0, 0, 0
    index = next(i for i in range(len(written)) if written.column(i).path == schema.names[place])
    unit = json.loads(written.column(index).logical_type.to_json()).get("timeUnit", "")
    found = [metadata.row_group(group).column(index).statistics for group in range(metadata.num_row_groups)]
    if unit not in _NS_PER_UNIT or not all(one and one.has_min_max and not one.null_count for one in found):
        return None
    factor = _NS_PER_UNIT[unit]
    first, last = min(one.min_raw for one in found) * factor, max(one.max_raw for one in found) * factor
    return (metadata.num_rows, first, last) if max(abs(first), abs(last)) < 2**63 else None
