"""The command line in an empty folder, run in the process of the tests."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from samples.command_line import Command, run_here


@pytest.fixture
def ktrdr(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("KTRDR_")]:
        monkeypatch.delenv(name)
    return partial(run_here, capsys=capsys)
