"""The command line, run in this process or as the installed program."""

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
from patience import CEILING

from ktrdr.entrypoints.cli.errors import run_guarded
from ktrdr.entrypoints.cli.main import app

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


def run_here(*arguments: object, capsys: pytest.CaptureFixture[str]) -> Outcome:
    """Run a command in this process, errors and exit code as the program has them."""
    words = [str(item) for item in arguments]
    code = run_guarded(lambda: app(words, standalone_mode=False), words)
    return Outcome(code, *capsys.readouterr())


def start_command(*arguments: object, cwd: Path, models: int, **streams: Any) -> subprocess.Popen[str]:
    """Start the installed program behind a gate that lets so many models be published, and stops it at the next."""
    command = [str(Path(sys.executable).with_name("ktrdr")), *map(str, arguments)]
    gate = {"PYTHONPATH": str(ROOT / "tests/e2e/gate"), "MODELS_LET_THROUGH": str(models)}
    return subprocess.Popen(
        command,
        cwd=cwd,
        text=True,
        env=_clean_environment() | gate,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **streams},
    )


def run_command(*arguments: object, cwd: Path, **environment: str) -> Outcome:
    """Run the installed program."""
    command = [str(Path(sys.executable).with_name("ktrdr")), *map(str, arguments)]
    done = subprocess.run(
        command,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=CEILING,
        env=_clean_environment() | environment,
        check=False,
    )
    return Outcome(done.returncode, done.stdout, done.stderr)


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("KTRDR_")}
