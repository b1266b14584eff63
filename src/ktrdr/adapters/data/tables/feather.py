"""Feather and arrow files."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from ktrdr.adapters.data.tables.levels import levels_of
from ktrdr.adapters.data.tables.table import Content, Loaded, Table


def open_feather(content: Content, _source: str, _words: Sequence[str]) -> Table:
    """Return the table of a feather file (of its second version), or of a file or stream of arrow."""
    buffer = pa.py_buffer(content) if isinstance(content, bytes) else pa.OSFile(str(content)).read_buffer()
    try:
        table = pa.ipc.open_file(buffer).read_all()
    except pa.ArrowInvalid as error:
        try:
            table = pa.ipc.open_stream(buffer).read_all()
        except pa.ArrowInvalid:
            raise error from None
    names, tickers = levels_of(table.column_names)

    def load(texts: Sequence[int], numbers: Sequence[int]) -> Loaded:
        return Loaded({place: table.column(place) for place in (*texts, *numbers)})

    return Table("feather", names, len(names), load, tickers, types=table.schema.types)
