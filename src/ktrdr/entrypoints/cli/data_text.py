"""What the ``ktrdr data`` commands share: where they write, and their tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ktrdr.domain.errors import InvalidInput
from ktrdr.entrypoints.cli.render import table
from ktrdr.entrypoints.cli.session import open_container

if TYPE_CHECKING:
    from ktrdr.domain.market.series import SeriesInfo


def open_store(folder: Path | None) -> Any:
    """Return a container that has a folder to write to.

    Raises
    ------
    InvalidInput
        If it has none.
    """
    container = open_container(data_dir=folder)
    if container.settings().data_dir is None:
        raise InvalidInput("there is no folder to write to; say --out DIR, or --data-dir DIR")
    return container


def series_table(found: Iterable[SeriesInfo]) -> str:
    """Return one line a series."""
    header = ["symbol", "timeframe", "rows", "first", "last", "source"]
    lines = [[f"{cell:,}" if isinstance(cell, int) else cell for cell in info.as_dict().values()] for info in found]
    return table(header, lines) if lines else "no bars"


def values_table(rows: Sequence[dict[str, Any]]) -> str:
    """Return one line a bar."""
    cells = [[f"{cell:.10g}" if isinstance(cell, float) else cell for cell in row.values()] for row in rows]
    return table(list(rows[0]), cells)
