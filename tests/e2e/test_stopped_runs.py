"""A run over many symbols that is killed or stopped: nothing published is lost, and --resume finishes it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from patience import CEILING, alive, until
from samples.command_line import Command, start_command
from samples.documents import changed

SYMBOLS = ("SIM_A", "SIM_B", "SIM_C")


@pytest.fixture
def folder(ktrdr: Command, tmp_path: Path) -> Path:
    """Return a folder with bars and a strategy."""
    bars = ktrdr("data", "simulate", "--symbols", ",".join(SYMBOLS), "--bars", 900, "--out", "bars")
    assert bars.code == 0, bars.stderr
    document = changed("training_data", {"symbols": list(SYMBOLS), "timeframes": "5m"})
    document["training"] |= {"epochs": 5, "batch_size": 64, "early_stopping": False}
    (tmp_path / "many.yaml").write_text(yaml.safe_dump(document))
    return tmp_path


def half_done(folder: Path) -> subprocess.Popen[str]:
    """Start a run and return it once its first model is published; it never publishes another."""
    words = ["train", "many.yaml", "--mode", "multi", "--workers", 2, "--data-dir", "bars", "--no-importance"]
    process = start_command(*words, cwd=folder, models=1)
    until(lambda: published(folder) or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    return process


def published(folder: Path) -> dict[str, dict[str, bytes]]:
    """Return the files of every version that can be seen."""
    versions = [path for path in folder.glob("models/small/*_v[0-9]*") if not path.name.startswith(".")]
    return {path.name: {file.name: file.read_bytes() for file in sorted(path.iterdir())} for path in versions}


def workers_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started; none where the system does not say."""
    children = Path(f"/proc/{pid}/task").glob("*/children")
    found = [int(text) for file in children for text in file.read_text().split()]
    assert found or sys.platform != "linux"
    return found


def resumed(ktrdr: Command) -> Any:
    outcome = ktrdr(
        "train",
        "many.yaml",
        "--mode",
        "multi",
        "--data-dir",
        "bars",
        "--no-importance",
        "--resume",
        "--workers",
        1,
        "--json",
    )
    assert outcome.code == 0, outcome.stderr
    return outcome.json


def test_killed_at_any_moment_it_loses_nothing_and_resumes(folder: Path, ktrdr: Command) -> None:
    process = half_done(folder)
    workers = workers_of(process.pid)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    until(lambda: not any(map(alive, workers)))
    before = published(folder)
    assert len(before) == 1
    printed = resumed(ktrdr)
    assert [model["symbol"] for model in printed["models"]] == list(SYMBOLS)
    assert {Path(model["path"]).name for model in printed["models"] if model["kept"]} == set(before)
    after = published(folder)
    # one each; a number that was claimed by a killed worker is not given out again
    assert sorted(name.partition("_5m_v")[0] for name in after) == list(SYMBOLS)
    assert {name: after[name] for name in before} == before
    assert not list(folder.glob("models/small/.staging*"))


def test_ctrl_c_stops_the_workers_and_says_what_stays(folder: Path) -> None:
    process = half_done(folder)
    workers = workers_of(process.pid)
    os.kill(process.pid, signal.SIGINT)
    stdout, stderr = process.communicate(timeout=CEILING)
    assert process.returncode == 130, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    assert "stopped by the user" in stderr
    assert "--resume trains the rest" in stderr
    until(lambda: not any(map(alive, workers)))
    stayed = published(folder)
    trials = [json.loads(line) for line in (folder / "models/trials.jsonl").read_text().splitlines()]
    outcomes = [trial["outcome"] for trial in trials]
    assert outcomes.count("published") == len(stayed)
    assert "interrupted" in outcomes
