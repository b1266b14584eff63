"""Spans of Parquet files by what their footers note, since thousands of them are listed at once."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.arrow import require_numbers
from ktrdr.adapters.data.kept_reading import noted_reading
from ktrdr.adapters.data.layouts.placing import placings
from ktrdr.adapters.data.tables.parquet import statistics
from ktrdr.adapters.data.tables.table import Loaded, Table
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.reading import Stated


def noted_span(path: Path) -> tuple[int, int, int, str] | None:
    """Return rows, least and greatest time of a file, and its adjustment; None where its footer alone does not tell."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow
        place = _place_of_time(tuple(schema.names), tuple(schema.types))
        noted = None if place is None else statistics(file, schema, place)
        kept = noted_reading(schema.metadata)
    return noted and (*noted, kept.adjustment if kept else "")


@lru_cache(maxsize=64)
def _place_of_time(names: tuple[str, ...], types: tuple[pa.DataType, ...]) -> int | None:
    """Return where the one column of times stands in a table of one symbol's bars; None where that is not plain."""
    if any(name.startswith("(") for name in names):
        return None
    try:
        placed = placings(Table("parquet", names, len(names), lambda *_: Loaded({})), Stated(), "")[0].columns
        for place in placed.values.values():
            require_numbers(types[place], "", "")
    except InvalidBars:
        return None
    return placed.times[0] if len(placed.times) == 1 and placed.symbol is None else None
