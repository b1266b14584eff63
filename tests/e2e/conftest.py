"""The installed command, run as a user runs it."""

from __future__ import annotations

from pathlib import Path

import pytest
from samples.command_line import STRATEGIES, Command, Outcome, run_command


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
