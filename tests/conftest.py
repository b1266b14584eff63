"""Puts this folder on the import path of the tests, for what several of them share."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import pandas as pd
import pytest
from effort import register_profiles
from hypothesis import settings

register_profiles()
settings.load_profile("ci")

pd.set_option("compute.use_bottleneck", False)  # it comes with empyrical, and users do not have it
_IN_MEMORY = Path("/dev/shm")
_ELSEWHERE = TemporaryDirectory(prefix="ktrdr-tests-")


def pytest_collection_finish() -> None:
    """Run in an empty folder: what a test forgets to place elsewhere is never written into the checkout."""
    os.chdir(_ELSEWHERE.name)


@pytest.fixture
def fast_path(tmp_path: Path) -> Iterator[Path]:
    """Return an empty folder in memory where there is one: tests that sync thousands of files need no disk for it."""
    if not os.access(_IN_MEMORY, os.W_OK):
        yield tmp_path
        return
    with TemporaryDirectory(dir=_IN_MEMORY) as folder:
        yield Path(folder)


if find_spec("torch") is None:
    Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)

    def _skipped_for_torch(report: Report) -> Report:
        if report.failed and "No module named 'torch'" in str(report.longrepr):
            report.outcome, report.longrepr = "skipped", (report.nodeid.partition("::")[0], 0, "Skipped: needs PyTorch")
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Skip the files that import PyTorch where there is none."""
        return _skipped_for_torch((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Skip the tests that turn out to need PyTorch where there is none."""
        return _skipped_for_torch((yield))
