"""Spans of Parquet files by what their footers note, since thousands of them are listed at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.arrow import require_numbers
from ktrdr.adapters.data.kept_reading import noted_reading
from ktrdr.adapters.data.layouts.placing import placings
from ktrdr.adapters.data.tables.table import Loaded, Table
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.reading import Stated

_ARROW = b"ARROW:schema"
_NS_PER_UNIT = {"milliseconds": 10**6, "microseconds": 10**3, "nanoseconds": 1}


class _Shape(NamedTuple):
    """The schema of a footer, and the column of its times with the nanoseconds of their unit; None if not plain."""

    schema: Any
    arrow: bytes | None
    times: tuple[int, int] | None


class Footers:
    """Reads spans off footers; that most files have the schema of the one before makes it quick."""

    def __init__(self) -> None:
        self._shape = _Shape(None, None, None)

    def span(self, path: Path) -> tuple[int, int, int, str] | None:
        """Return rows, least and greatest time of a file, and its adjustment; None where its footer does not tell."""
        with pa.OSFile(str(path)) as opened, pq.ParquetFile(opened) as file:
            metadata, notes = file.metadata, file.metadata.metadata or {}
            shape, schema, arrow = self._shape, metadata.schema, notes.get(_ARROW)
            if shape.schema is None or arrow != shape.arrow or not schema.equals(shape.schema):
                shape = self._shape = _Shape(schema, arrow, _column_of_times(file.schema_arrow, schema))
            ends = None if shape.times is None else _ends(metadata, *shape.times)
        reading = noted_reading(notes)
        return ends and (metadata.num_rows, *ends, reading.adjustment if reading else "")


def _ends(metadata: pq.FileMetaData, column: int, factor: int) -> tuple[int, int] | None:
    """Return least and greatest time (UTC nanoseconds), 0 where there are no rows; None where that is not noted."""
    if not metadata.num_rows:
        return 0, 0
    found = [metadata.row_group(group).column(column).statistics for group in range(metadata.num_row_groups)]
    if not all(one and one.has_min_max and not one.null_count for one in found):
        return None
    first, last = min(one.min_raw for one in found) * factor, max(one.max_raw for one in found) * factor
    return (first, last) if max(abs(first), abs(last)) < 2**63 else None


def _column_of_times(arrow: pa.Schema, schema: pq.ParquetSchema) -> tuple[int, int] | None:
    """Return the one column of moments of a plain table of one symbol's bars, and the nanoseconds of its unit."""
    names = arrow.names
    if any(name.startswith("(") for name in names) or len(names) != len(schema):
        return None
    try:
        placed = placings(Table("parquet", tuple(names), len(names), lambda *_: Loaded({})), Stated(), "")[0].columns
        for place in placed.values.values():
            require_numbers(arrow.field(place).type, "", "")
    except InvalidBars:
        return None
    (place, *more) = placed.times
    if more or placed.symbol is not None or not pa.types.is_timestamp(arrow.field(place).type):
        return None
    factor = _NS_PER_UNIT.get(json.loads(schema.column(place).logical_type.to_json()).get("timeUnit", ""))
    return None if factor is None else (place, factor)


noted_span = Footers().span
