"""Puts this folder on the import path of the tests, for what several of them share."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pytest
from hypothesis import settings

settings.register_profile("untimed", parent=settings.default, deadline=None)
settings.load_profile("untimed")

pd.set_option("compute.use_bottleneck", False)  # it comes with empyrical, and users do not have it
_IN_MEMORY = Path("/dev/shm")
_MODELS = TemporaryDirectory(prefix="ktrdr-tests-")
os.environ["KTRDR_MODELS_DIR"] = _MODELS.name  # where a test says nothing else: no test writes into the checkout


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """Return an empty folder in memory where there is one: tests that sync thousands of files need no disk for it."""
    if not os.access(_IN_MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=_IN_MEMORY) as folder:
        yield Path(folder)
