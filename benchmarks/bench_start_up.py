"""Whole commands as a user runs them: how soon they answer, and how much memory the demo takes at its peak."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DEMO = ROOT / "strategies" / "neuro_mean_reversion.yaml"
KTRDR = str(Path(sys.executable).with_name("ktrdr"))
IMPORT_PANDAS = [sys.executable, "-c", "import pandas"]


def seconds(command: list[str], folder: Path) -> float:
    begin = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begin


@pytest.mark.parametrize(
    ("name", "arguments", "target"),
    [("--help", ["--help"], 0.5), ("--dry-run", ["train", str(DEMO), "--dry-run"], 1.5)],
)
def test_answers(name: str, arguments: list[str], target: float, tmp_path: Path, benchmark) -> None:
    """Print the median of interleaved runs, and its ratio to a bare `import pandas` in the same run."""
    command = [KTRDR, *arguments]
    seconds(command, tmp_path)
    pairs = [(seconds(command, tmp_path), seconds(IMPORT_PANDAS, tmp_path)) for _ in range(7)]
    own, other = (statistics.median(values) for values in zip(*pairs, strict=True))
    print(f"\nktrdr {name}: {own:.2f} s (target {target} s), {own / other:.1f}x a bare import of pandas")
    benchmark.pedantic(seconds, args=(command, tmp_path), rounds=3)


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""
"""Run by a small process of its own: a child's peak is never below that of the process it was forked from."""


def test_demo(tmp_path: Path, benchmark) -> None:
    """Print the wall time and the peak memory of the demo."""
    command = [KTRDR, "train", str(DEMO)]
    benchmark.pedantic(seconds, args=(command, tmp_path), rounds=3, warmup_rounds=1)
    measured = subprocess.run([sys.executable, "-c", PEAK, *command], cwd=tmp_path, check=True, capture_output=True)
    print(f"\ndemo: peak memory {int(measured.stdout)} MiB (target 700 MB)")
