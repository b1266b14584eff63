"""Whole commands as a user runs them: how soon they answer, and how much memory the demo takes at its peak."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from ktrdr.adapters.storage.filesystem import FileSystemStorage

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "strategies" / "neuro_mean_reversion.yaml"
KTRDR = [sys.executable, "-c", "from ktrdr.entrypoints.cli.console import run; run()"]
IMPORT_PANDAS = [sys.executable, "-c", "import pandas"]
OTHER_TREE = os.environ.get("KTRDR_OTHER_TREE")
"""Sources of another version, to be measured in the same run."""
ROUNDS = 7


@dataclass(frozen=True)
class Cost:
    """What a command took: of the clock, and of processors (user and system together); seconds."""

    wall: float
    processors: float


def cost(command: list[str], folder: Path, tree: str | None = None) -> Cost:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("KTRDR_")}
    if tree is not None:
        environment["PYTHONPATH"] = tree
    begin = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, command
    return Cost(time.perf_counter() - begin, used.ru_utime + used.ru_stime)


def median(costs: list[Cost]) -> str:
    wall, processors = (statistics.median(getattr(item, name) for item in costs) for name in ("wall", "processors"))
    return f"{wall:.2f} s ({processors:.2f} s of processors)"


@pytest.mark.parametrize(
    ("arguments", "target"),
    [
        (["--help"], 0.25),
        (["strategy", "validate", str(DEMO)], 1.0),
        (["models", "list"], 1.0),
        (["data", "list"], 1.0),
        (["train", str(DEMO), "--dry-run"], 1.0),
    ],
    ids=lambda item: " ".join(map(str, item[:2])) if isinstance(item, list) else "",
)
def test_answers(arguments: list[str], target: float, tmp_path: Path, benchmark) -> None:
    """Print medians of interleaved runs: of this version, of the other tree, and of a bare `import pandas`."""
    command = [*KTRDR, *arguments]
    took: dict[str, list[Cost]] = {}
    tries = {"this version": (command, None), "import pandas": (IMPORT_PANDAS, None)}
    if OTHER_TREE is not None:
        tries["other tree"] = (command, OTHER_TREE)
    for words, tree in tries.values():
        cost(words, tmp_path, tree)  # what is kept on disk is kept from here on
    for _ in range(ROUNDS):
        for name, (words, tree) in tries.items():
            took.setdefault(name, []).append(cost(words, tmp_path, tree))
    shown = "; ".join(f"{name} {median(costs)}" for name, costs in took.items())
    print(f"\nktrdr {' '.join(arguments[:2])} (target {target} s): {shown}")
    benchmark.pedantic(cost, args=(command, tmp_path), rounds=1)


def test_list_of_a_thousand_models(tmp_path: Path, benchmark) -> None:
    """Print how long it takes to list 1,000 versions; only their manifests and reports are read."""
    storage, few, many = FileSystemStorage(tmp_path / "models"), [], []
    cost([*KTRDR, "train", str(DEMO), "--epochs", "1", "--no-importance"], tmp_path)
    (version,) = storage.versions()
    model = storage.load(version.reference)
    for _ in range(999):
        storage.publish(model)
    for _ in range(ROUNDS):
        few.append(cost([*KTRDR, "models", "list", "--models-dir", "none"], tmp_path))
        many.append(cost([*KTRDR, "models", "list"], tmp_path))
    print(f"\nktrdr models list: of 1,000 {median(many)} (target 1.5 s), of none {median(few)}")
    benchmark.pedantic(cost, args=([*KTRDR, "models", "list"], tmp_path), rounds=1)


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""
"""Run by a small process of its own: a child's peak is never below that of the process it was forked from."""


def test_demo(tmp_path: Path, benchmark) -> None:
    """Print the wall time and the peak memory of the demo."""
    command = [*KTRDR, "train", str(DEMO)]
    benchmark.pedantic(cost, args=(command, tmp_path), rounds=3, warmup_rounds=1)
    measured = subprocess.run([sys.executable, "-c", PEAK, *command], cwd=tmp_path, check=True, capture_output=True)
    print(f"\ndemo: peak memory {int(measured.stdout)} MiB (target 700 MB)")
