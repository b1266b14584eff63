"""Parquet files."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.tables.levels import levels_of
from ktrdr.adapters.data.tables.packed import require_possible
from ktrdr.adapters.data.tables.table import Content, Loaded, Table

_SEVERAL_THREADS = 100_000
"""Rows from which on more than one thread is worth its start."""
_BYTES = 8
"""What a number or a time takes."""


def open_parquet(content: Content, source: str, _words: Sequence[str]) -> Table:
    """Return the table of a parquet file; an index of pandas is a column as others."""
    file = pq.ParquetFile(pa.BufferReader(content) if isinstance(content, bytes) else content)
    size = len(content) if isinstance(content, bytes) else content.stat().st_size
    schema = file.schema_arrow
    names, tickers = levels_of(schema.names)

    def load(texts: Sequence[int], numbers: Sequence[int]) -> Loaded:
        places = sorted({*texts, *numbers})
        require_possible(file.metadata.num_rows * len(places) * _BYTES, size, source)
        wanted = [schema.names[place] for place in places]
        table = file.read(columns=wanted, use_threads=file.metadata.num_rows >= _SEVERAL_THREADS)
        return Loaded({place: table.column(schema.names[place]) for place in places})

    metadata = file.metadata.metadata or {}
    return Table("parquet", names, len(names), load, tickers, types=schema.types, metadata=metadata)
