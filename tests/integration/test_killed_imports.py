"""An import that is killed at any step leaves the folder whole, and the next one leaves nothing of it lying there."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
from ktrdr.domain.market.timeframe import Timeframe

DAY = Timeframe("1d")
KILLED = """
import os, sys, time
sys.path[:0] = sys.argv[3:]
from pathlib import Path
from samples.filesystem_steps import STEPS
from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
import_bars, left = ImportBars(FileReader(), ParquetStore(Path(sys.argv[1])), time.time_ns), int(sys.argv[2])

def counted(original):
    def step(*arguments, **options):
        global left
        left -= 1
        if left < 0:
            os._exit(9)
        return original(*arguments, **options)
    return step

import pyarrow.parquet
for name in STEPS:
    setattr(os, name, counted(getattr(os, name)))
import_bars.execute(ImportRequest(Path("new"), replace=True))
"""


def csv(folder: Path, level: int) -> None:
    folder.mkdir(exist_ok=True)
    for symbol in ("AAA", "BBB"):
        rows = "".join(f"2024-01-{day:02},{level},{level},{level},{level},1\n" for day in range(2, 6))
        (folder / f"{symbol}_1d.csv").write_text(f"time,open,high,low,close,volume\n{rows}")


@pytest.mark.parametrize("steps", range(0, 24, 3))
def test_after_any_step(steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    csv(tmp_path / "old", 1)
    csv(tmp_path / "new", 2)
    kept = tmp_path / "kept"
    store = ImportBars(FileReader(), ParquetStore(kept), time.time_ns)
    store.execute(ImportRequest(tmp_path / "old"))
    tests = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", KILLED, kept, str(steps), tests], check=False, capture_output=True)
    assert done.returncode in (0, 9), done.stderr.decode()
    repository = repository_of("folder", kept)
    for symbol in ("AAA", "BBB"):
        close = repository.load(symbol, DAY).close
        assert np.all(close == 1) or np.all(close == 2)
    store.execute(ImportRequest(tmp_path / "new", replace=True))
    assert {path.name for path in kept.iterdir()} == {"AAA_1d.parquet", "BBB_1d.parquet"}
    assert np.all(repository_of("folder", kept).load("BBB", DAY).close == 2)


@pytest.mark.parametrize("option", ["append", "replace"])
def test_killed_at_random_moments(option: str, tmp_path: Path) -> None:
    """What was kept before stays or is all that comes after, and the next run goes on."""
    command = [sys.executable, str(Path(__file__).with_name("killed_by_chance.py")), tmp_path, "12", "7", option]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout) >= 12
