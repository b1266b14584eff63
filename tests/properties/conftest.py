"""What several laws need."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from samples.door import empty_folders


@pytest.fixture(scope="module")
def folders() -> Iterator[Callable[[], Path]]:
    """Return a maker of empty folders."""
    with empty_folders() as folder:
        yield folder
