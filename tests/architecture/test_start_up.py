"""What is loaded when: a start-up is quick only as long as nothing heavy sneaks in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from samples.models import artifact

from ktrdr.adapters.storage.filesystem import FileSystemStorage

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
from ktrdr.entrypoints.cli.main import run
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
from ktrdr.entrypoints.cli.main import run
sys.argv = {0}
with contextlib.redirect_stdout(io.StringIO()) as said:
    try:
        run()
    except SystemExit as ended:
        assert not ended.code, said.getvalue()
"""
COMMANDS_WITHOUT_FRAMES = (
    ["data", "list"],
    ["data", "show", "AAPL", "1d"],
    ["train", str(Path(__file__).parents[2] / "strategies/mtf_adaptive_momentum.yaml"), "--dry-run"],
)


@pytest.mark.parametrize("arguments", COMMANDS_WITHOUT_FRAMES, ids=["data list", "data show", "train --dry-run"])
def test_bars_are_read_and_previewed_without_frames(arguments: list[str]) -> None:
    loaded_by(COMMAND.format(["ktrdr", *arguments]))  # builds the calendars that are not kept yet
    found = loaded_by(COMMAND.format(["ktrdr", *arguments]))
    assert found & (OUTSIDE | {"pandas", "polars"}) == set()


@pytest.mark.parametrize("arguments", [["ktrdr", "--help"], ["ktrdr", "train", "--help"]])
def test_help_loads_almost_nothing(arguments: list[str]) -> None:
    found = loaded_by(HELP.format(arguments))
    assert found & (HEAVY | OUTSIDE | NUMBERS | {"yaml", "dependency_injector"}) == set()


def test_a_list_of_models_is_read_without_frames_and_numbers(tmp_path: Path) -> None:
    FileSystemStorage(tmp_path).publish(artifact())
    listing = HELP.replace("Usage: ktrdr", "demo/AAPL_1d_v1")
    found = loaded_by(listing.format(["ktrdr", "models", "list", "--models-dir", str(tmp_path)]))
    assert found & (HEAVY | OUTSIDE | NUMBERS) == set()
