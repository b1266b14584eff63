"""What is loaded when: a start-up is quick only as long as nothing heavy sneaks in."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest
from samples.command_line import STRATEGIES
from samples.models import artifact

from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.entrypoints.cli.main import COMMANDS

HEAVY = {"torch", "sklearn", "lightgbm", "xgboost", "mlflow", "optuna", "ray", "arch", "talib", "scipy", "statsmodels"}
OUTSIDE = {"exchange_calendars", "matplotlib"}
NUMBERS = {"numpy", "pandas", "pyarrow"}

EVERY_MODULE = """
import importlib, pkgutil, ktrdr.{0}
for module in pkgutil.walk_packages(ktrdr.{0}.__path__, "ktrdr.{0}."):
    importlib.import_module(module.name)
"""
HELP = """
import contextlib, io
from ktrdr.entrypoints.cli.console import run
sys.argv = {0}
with contextlib.redirect_stdout(io.StringIO()) as said, contextlib.suppress(SystemExit):
    run()
assert "Usage: ktrdr" in said.getvalue(), said.getvalue()
"""


def loaded_by(code: str) -> set[str]:
    """Return the top-level packages that a fresh interpreter has loaded after running `code`."""
    ending = "import json; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
    program = f"import sys\n{code}\n{ending}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_inner_layers_load_no_technology() -> None:
    found = loaded_by(EVERY_MODULE.format("domain") + EVERY_MODULE.format("application"))
    assert "pandas" in found
    assert found & (HEAVY | OUTSIDE | {"yaml", "typer", "pydantic", "dependency_injector", "rich"}) == set()


def test_the_container_and_every_command_load_nothing_heavy() -> None:
    found = loaded_by("import ktrdr.entrypoints.container" + EVERY_MODULE.format("entrypoints"))
    assert {"typer", "dependency_injector"} <= found
    assert found & (HEAVY | OUTSIDE) == set()


COMMAND = """
import contextlib, io, sys
from ktrdr.entrypoints.cli.console import run
sys.argv = {0}
with contextlib.redirect_stdout(io.StringIO()) as said:
    try:
        run()
    except SystemExit as ended:
        assert not ended.code, said.getvalue()
"""
DEMO = str(STRATEGIES / "mtf_adaptive_momentum.yaml")
FRAMES = {"pandas", "polars", "pydantic_settings"}
SELDOM = HEAVY | OUTSIDE | FRAMES | {"rich", "jinja2", "exchange_calendars"}
LEFT_OUT = {
    ("strategy", "validate", DEMO): SELDOM | {"pyarrow"},
    ("models", "list"): SELDOM | {"pyarrow"},
    ("data", "list"): SELDOM,
    ("data", "show", "AAPL", "1d"): SELDOM,
    ("train", DEMO, "--dry-run"): SELDOM - {"talib"},
}
"""Commands that answer at once, and what they do not import for it. Typer itself imports pydantic, to read options."""


@pytest.mark.parametrize("arguments", LEFT_OUT, ids=lambda words: " ".join(words[:2]))
def test_short_commands_import_little(arguments: tuple[str, ...]) -> None:
    program = COMMAND.format(["ktrdr", *arguments])
    loaded_by(program)  # builds the calendars that are not kept yet
    assert loaded_by(program) & LEFT_OUT[arguments] == set()


@pytest.mark.parametrize("name", ["strategy", "models", "data"])
def test_only_the_command_that_is_run_is_imported(name: str) -> None:
    ending = "print(sorted(name for name in sys.modules if name.startswith('ktrdr.')))"
    program = f"import sys\n{HELP.format(['ktrdr', name, '--help'])}\n{ending}"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    commands = {module.rpartition(".")[2] for module in ast.literal_eval(done.stdout.splitlines()[-1])} & {*COMMANDS}
    assert commands == {name}


def test_what_the_container_hides_while_it_is_imported_is_there_afterwards() -> None:
    pytest.importorskip("pydantic_settings")
    found = loaded_by(
        "from ktrdr.entrypoints.cli.session import open_container; open_container(); import pydantic_settings"
    )
    assert "pydantic_settings" in found


@pytest.mark.parametrize("arguments", [["ktrdr", "--help"], ["ktrdr", "train", "--help"]])
def test_help_loads_almost_nothing(arguments: list[str]) -> None:
    found = loaded_by(HELP.format(arguments))
    assert found & (HEAVY | OUTSIDE | NUMBERS | {"yaml", "dependency_injector"}) == set()


def test_a_list_of_models_is_read_without_frames_and_numbers(tmp_path: Path) -> None:
    FileSystemStorage(tmp_path).publish(artifact())
    listing = HELP.replace("Usage: ktrdr", "demo/AAPL_1d_v1")
    found = loaded_by(listing.format(["ktrdr", "models", "list", "--models-dir", str(tmp_path)]))
    assert found & (HEAVY | OUTSIDE | NUMBERS) == set()
