"""The smaller promises of the commands: migration, schema, steps, interruption."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from patience import CEILING
from samples.command_line import STRATEGIES, Command, start_command
from samples.documents import changed

from ktrdr.domain.strategy.writing.schema import strategy_schema

EXAMPLE = STRATEGIES / "v3_test_example.yaml"
OLD = """\
name: old
version: "2.0"
training_data: {symbols: SIM_STOCK, timeframes: 5m}
indicators:
  - {name: rsi, feature_id: rsi_14, period: 14}
fuzzy_sets:
  rsi_14: {low: [0, 20, 40], high: [60, 80, 100]}
model: {type: mlp}
decisions: {output_format: classification}
training: {labels: {source: zigzag}}
"""


def test_migrate_prints_by_default_and_keeps_a_backup_when_it_writes(ktrdr: Command, tmp_path: Path) -> None:
    path = tmp_path / "old.yaml"
    path.write_text(OLD)
    refused = ktrdr("train", path)
    assert refused.code == 2
    assert "strategy migrate" in refused.stderr
    printed = ktrdr("strategy", "migrate", path)
    assert printed.code == 0
    assert path.read_text() == OLD
    assert ktrdr("strategy", "migrate", path, "--write").code == 0
    assert yaml.safe_load(path.read_text()) == yaml.safe_load(printed.stdout)
    assert (tmp_path / "old.yaml.v2.bak").read_text() == OLD
    assert ktrdr("strategy", "validate", path, "--strict").code == 0
    assert ktrdr("strategy", "migrate", path).code == 2


def test_schema_is_what_the_library_generates(ktrdr: Command) -> None:
    assert json.loads(ktrdr("strategy", "schema").stdout) == json.loads(json.dumps(strategy_schema()))


def test_steps_are_one_structured_line_each(ktrdr: Command, tmp_path: Path) -> None:
    arguments = ("train", EXAMPLE, "--epochs", 1, "--no-importance", "--verbose", "--log-file", "steps.log")
    outcome = ktrdr(*arguments)
    assert outcome.code == 0
    lines = [json.loads(line) for line in (tmp_path / "steps.log").read_text().splitlines()]
    assert [line["step"] for line in lines] == [
        "bars", "features", "labels", "split", "fitted", "evaluated", "published",
    ]  # fmt: skip
    assert all({"time", "level"} <= set(line) for line in lines)
    assert [json.loads(line) for line in outcome.stderr.splitlines() if line.startswith("{")] == lines


def read_terminal(terminal: int, until: str | None = None) -> str:
    """Return what a process writes to a terminal, up to a text, or until it closes it."""
    said = ""
    with suppress(OSError):  # this is how Linux says that the other end is closed
        while (until is None or until not in said) and (piece := os.read(terminal, 4096)):
            said += piece.decode(errors="replace")
    return said


def test_interruption_stops_cleanly_and_publishes_nothing(tmp_path: Path) -> None:
    document = yaml.safe_load(EXAMPLE.read_text())
    document = changed("training.epochs", 10_000, changed("training.early_stopping", False, document))
    (tmp_path / "long.yaml").write_text(yaml.safe_dump(document))
    terminal, screen = pty.openpty()
    process = start_command("train", "long.yaml", cwd=tmp_path, models=0, stderr=screen)
    os.close(screen)
    begun = read_terminal(terminal, until="validation 0.")  # the losses of an epoch
    assert "validation 0." in begun, begun
    os.kill(process.pid, signal.SIGINT)
    ended = read_terminal(terminal)
    stdout, _ = process.communicate(timeout=CEILING)
    assert process.returncode == 6, ended
    assert stdout == ""
    assert "Traceback" not in ended
    assert re.search(r"training was stopped .* epoch", ended)
    assert not list(tmp_path.glob("models/[!.]*/*"))
    (line,) = (tmp_path / "models" / "trials.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"] == "interrupted"


def test_interruption_outside_the_epochs_says_so_and_is_counted(tmp_path: Path) -> None:
    process = start_command("train", EXAMPLE, "--epochs", 1, "--verbose", "--json", cwd=tmp_path, models=0)
    assert process.stderr is not None
    assert any('"step": "evaluated"' in line for line in process.stderr)
    os.kill(process.pid, signal.SIGINT)
    stdout, _ = process.communicate(timeout=CEILING)
    assert process.returncode == 130
    assert json.loads(stdout)["error"]["family"] == "interrupted"
    (line,) = (tmp_path / "models" / "trials.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"] == "interrupted"
    assert not list(tmp_path.glob("models/[!.]*/[!.]*"))


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_behind_stdout_is_one_clear_line(tmp_path: Path, options: list[str]) -> None:
    command = [str(Path(sys.executable).with_name("ktrdr")), "strategy", "features", str(EXAMPLE), *options]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 5
    assert done.stderr.count("error:") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("options", ["", "--json"])
def test_closed_stdout_is_no_traceback(tmp_path: Path, options: str) -> None:
    command = f"{Path(sys.executable).with_name('ktrdr')} strategy features {EXAMPLE} {options} >&-"
    done = subprocess.run(command, cwd=tmp_path, shell=True, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr


def test_settings_that_cannot_be_read_are_one_clear_line(ktrdr: Command, tmp_path: Path) -> None:
    (tmp_path / "ktrdr.toml").write_text("models_dir = \n")
    outcome = ktrdr("models", "list")
    assert outcome.code == 2
    assert "ktrdr.toml" in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_a_log_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("ktrdr")), "train", str(EXAMPLE), "--no-importance"]
    options = ["--epochs", "1", "--log-file", "/dev/full", "--models-dir", str(tmp_path / "models")]
    done = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert done.stderr.count("--log-file /dev/full: cannot be written") == 1
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("both", [False, True])
def test_output_that_nobody_reads_is_no_fault(both: bool, tmp_path: Path) -> None:
    """As behind `| head`, which has seen enough."""
    reader, writer = os.pipe()
    os.close(reader)
    run = [sys.executable, "-c", "from ktrdr.entrypoints.cli.console import run; run()", "data", "list", "--json"]
    ended = subprocess.run(run, stdout=writer, stderr=writer if both else subprocess.PIPE, cwd=tmp_path, check=False)
    os.close(writer)
    assert (ended.returncode, ended.stderr or b"") == (0, b"")
