"""The installed command, run as a user runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
STRATEGIES = ROOT / "strategies"


@dataclass(frozen=True)
class Outcome:
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.stdout)


Command = Callable[..., Outcome]


def run_command(*arguments: object, cwd: Path, timeout: float = 120, **environment: str) -> Outcome:
    command = [str(Path(sys.executable).with_name("ktrdr")), *map(str, arguments)]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KTRDR_")}
    done = subprocess.run(
        command, cwd=cwd, capture_output=True, text=True, timeout=timeout, env={**clean, **environment}, check=False
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def ktrdr(tmp_path: Path) -> Command:
    """Run ``ktrdr`` in an empty folder."""
    return lambda *arguments, **options: run_command(*arguments, cwd=tmp_path, **options)


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """Train the demo strategy once; return its working folder and the outcome."""
    folder = tmp_path_factory.mktemp("trained")
    strategy = STRATEGIES / "neuro_mean_reversion.yaml"
    outcome = run_command("train", strategy, "--epochs", 3, "--json", "--output", "out", cwd=folder)
    assert outcome.code == 0, outcome.stderr
    return folder, outcome
