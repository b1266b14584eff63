"""SIGTERM and SIGHUP stop the program as Ctrl-C does, whatever it is doing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from patience import CEILING, alive, until
from samples.command_line import STRATEGIES, Command
from samples.documents import changed

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")

SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")
DEMO = STRATEGIES / "neuro_mean_reversion.yaml"
IMPORT = """
import importlib.abc, os, signal, sys

class Stopper(importlib.abc.MetaPathFinder):
    def find_spec(self, name, *_):
        if name == {module!r}:
            sys.meta_path.remove(self)
            for number in {signals}:
                os.kill(os.getpid(), number)

sys.meta_path.insert(0, Stopper())
from ktrdr.entrypoints.cli.console import run
run()
"""

FORGETTING = """
import os, time
from ktrdr.entrypoints.cli import console

class Forgotten:
    def __del__(self):
        for number in {signals}:
            os.kill(os.getpid(), number)

def forget():
    Forgotten()
    time.sleep(60)

console._run = forget
console.run()
"""
FIT = """
import os
from ktrdr.adapters.models.torch import loop

def stop(*arguments, **options):
    for number in {signals}:
        os.kill(os.getpid(), number)

loop.Loop.run_epoch = stop
from ktrdr.entrypoints.cli.console import run
run()
"""

HELD_FITS = """
import os, sys, time
from pathlib import Path

def hold(event, arguments):
    if event == "import" and arguments[0] == "ktrdr.adapters.models.torch.loop":
        Path(f"held-{os.getpid()}").touch()
        while True:
            time.sleep(0.02)

sys.addaudithook(hold)
"""
"""Python runs this at its start where its folder is on PYTHONPATH: fits begin, and go no further."""


def stopped(
    program: str, *words: object, cwd: Path, signals: tuple[str, ...], **names: str
) -> subprocess.CompletedProcess[str]:
    """Run a command in a process that sends itself signals at a certain point."""
    text = program.format(signals=[int(signal.Signals[name]) for name in signals], **names)
    command = [sys.executable, "-c", text, *map(str, words)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=CEILING, check=False)


@pytest.mark.parametrize("name", SIGNALS)
def test_where_python_cannot_raise(name: str, tmp_path: Path) -> None:
    done = stopped(FORGETTING, "data", "list", cwd=tmp_path, signals=(name,))
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: stopped by the user\n")


@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("module", ["typer", "ktrdr.entrypoints.cli.data", "dependency_injector", "numpy"])
def test_while_it_is_imported(name: str, module: str, tmp_path: Path) -> None:
    done = stopped(IMPORT, "data", "list", cwd=tmp_path, signals=(name,), module=module)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: stopped by the user\n")


@pytest.mark.parametrize("module", ["typer", "numpy"])
def test_json_says_so_in_one_object(module: str, tmp_path: Path) -> None:
    done = stopped(IMPORT, "data", "list", "--json", cwd=tmp_path, signals=("SIGTERM",), module=module)
    assert (done.returncode, done.stderr) == (130, "")
    assert json.loads(done.stdout) == {"error": {"family": "interrupted", "message": "stopped by the user"}}


@pytest.mark.parametrize("signals", [("SIGINT",), ("SIGTERM",), ("SIGHUP",), ("SIGHUP", "SIGTERM")], ids=" ".join)
def test_a_fit_that_is_stopped_is_recorded(signals: tuple[str, ...], tmp_path: Path) -> None:
    done = stopped(FIT, "train", DEMO, "--models-dir", "models", cwd=tmp_path, signals=signals)
    assert done.returncode == 6, done.stderr
    assert done.stderr.splitlines()[-1].startswith("error: training was stopped after epoch 0")
    (line,) = (tmp_path / "models/trials.jsonl").read_text().splitlines()
    assert json.loads(line)["outcome"] == "interrupted"
    assert [path.name for path in (tmp_path / "models").rglob("*_v*")] == []


def test_what_is_to_be_ignored_stays_ignored(tmp_path: Path) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    done = stopped(ignoring + IMPORT, "data", "list", cwd=tmp_path, signals=("SIGHUP",), module="numpy")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SIGNALS)
def test_workers_record_what_they_were_fitting(name: str, ktrdr: Command, tmp_path: Path) -> None:
    assert ktrdr("data", "simulate", "--symbols", "SIM_A,SIM_B", "--bars", 900, "--out", "bars").code == 0
    (tmp_path / "many.yaml").write_text(yaml.safe_dump(changed("training_data", {"timeframes": "5m"})))
    (tmp_path / "sitecustomize.py").write_text(HELD_FITS)
    words = ["train", "many.yaml", "--symbols", "SIM_A,SIM_B", "--mode", "multi", "--workers", "2"]
    command = [str(Path(sys.executable).with_name("ktrdr")), *words, "--data-dir", "bars", "--models-dir", "models"]
    environment = dict(os.environ, PYTHONPATH=str(tmp_path))
    process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, text=True)
    until(lambda: len(list(tmp_path.glob("held-*"))) == 2 or process.poll() is not None)
    held = list(tmp_path.glob("held-*"))
    process.send_signal(signal.Signals[name])
    _, stderr = process.communicate(timeout=CEILING)
    assert process.returncode == 130, stderr
    assert "Traceback" not in stderr
    assert "--resume trains the rest" in stderr
    until(lambda: not any(alive(int(path.name.removeprefix("held-"))) for path in held))
    lines = [json.loads(line) for line in (tmp_path / "models/trials.jsonl").read_text().splitlines()]
    assert [(line["outcome"], line["symbols"]) for line in sorted(lines, key=lambda line: line["symbols"])] == [
        ("interrupted", ["SIM_A"]),
        ("interrupted", ["SIM_B"]),
    ]
