"""What a file spans, as cheaply as it can be told."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from ktrdr.adapters.data.reading import reading
from ktrdr.domain.market.reading import Stated


class Span(NamedTuple):
    """Number of bars of a file, least and greatest stamp, 0 where it is empty, and the adjustment that it notes."""

    rows: int
    first: int
    last: int
    adjustment: str = ""


def span(path: Path, stated: Stated) -> Span:
    """Return number of rows, least and greatest time of a file: by its footer, or else by its times.

    Raises
    ------
    InvalidInput, InvalidBars, Unavailable
        As `any_file.read_bars` does, but for what only values show.
    """
    if path.suffix.lower() == ".parquet" and not (stated.time_zone or stated.columns or stated.layout):
        from ktrdr.adapters.data.noted_span import noted_span

        with reading(path, "parquet file"):
            told = noted_span(path)
        if told is not None:
            return Span(*told)
    from ktrdr.adapters.data.any_file import span_by_times

    return Span(*span_by_times(path, stated))
