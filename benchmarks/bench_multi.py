"""Many symbols in one run, as ratios to the plain ways measured in the same run.

Two workers against one on jobs of 3 s and more, and one run over 20 symbols against 20 runs of ``ktrdr train``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from ktrdr.adapters.data.sources import repository_of
from ktrdr.domain.market.timeframe import Timeframe

SYMBOLS = tuple(f"SIM_{number:02}" for number in range(20))
LONG_EPOCHS, SHORT_EPOCHS = 150, 1
DOCUMENT = {
    "name": "bench",
    "version": "3.0",
    "training_data": {"symbols": list(SYMBOLS), "timeframes": "5m"},
    "indicators": {"rsi_14": {"type": "rsi", "period": 14}, "macd_a": {"type": "macd"}},
    "fuzzy_sets": {
        "rsi": {"indicator": "rsi_14", "low": [0, 20, 40], "middle": [30, 50, 70], "high": [60, 80, 100]},
        "macd": {"indicator": "macd_a.histogram", "down": [-1, -0.5, 0], "up": [0, 0.5, 1]},
    },
    "nn_inputs": [{"fuzzy_set": "rsi", "timeframes": "all"}, {"fuzzy_set": "macd", "timeframes": "all"}],
    "model": {"type": "mlp", "architecture": {"hidden_layers": [64, 32]}},
    "decisions": {"output_format": "classification"},
    "training": {"labels": {"source": "direction", "horizon": 5}, "batch_size": 32, "early_stopping": False},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("multi")
    simulated, store = repository_of("simulated"), repository_of("folder", place / "bars")
    sample = simulated.load("SIM_STOCK", Timeframe("5m"))
    for number, name in enumerate(SYMBOLS):
        first = 37 * number
        store.save(replace(sample.take(slice(first, first + 3000)), symbol=name))
    (place / "strategy.yaml").write_text(yaml.safe_dump(DOCUMENT))
    return place


def train(folder: Path, models: str, *options: object) -> float:
    """Return the seconds that one command takes, start-up included."""
    command = [sys.executable, "-c", "from ktrdr.entrypoints.cli.console import run; run()", "train", "strategy.yaml"]
    fixed = ["--no-importance", "--data-dir", "bars", "--models-dir", models, "--json"]
    start = time.perf_counter()
    subprocess.run([*command, *fixed, *map(str, options)], cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - start


def processor_seconds() -> float:
    """Return what all commands so far have used, their workers included."""
    times = os.times()
    return times.children_user + times.children_system


def weights(folder: Path, models: str) -> dict[str, bytes]:
    return {path.parent.name: path.read_bytes() for path in folder.glob(f"{models}/bench/*_v1/model.safetensors")}


def test_two_workers_against_one(folder: Path, benchmark) -> None:
    options = ("--mode", "multi", "--epochs", LONG_EPOCHS, "--workers")
    marks = [processor_seconds()]
    seconds = {}
    for workers in (1, 2):
        seconds[workers] = train(folder, f"long{workers}", *options, workers)
        marks.append(processor_seconds())
    assert len(weights(folder, "long1")) == len(SYMBOLS)
    assert weights(folder, "long1") == weights(folder, "long2")
    one, two = np.diff(marks)
    print(
        f"\n{len(SYMBOLS)} symbols, jobs of {one / len(SYMBOLS):.1f} processor seconds: one worker {seconds[1]:.1f} s, "
        f"two workers {seconds[2]:.1f} s: {seconds[1] / seconds[2]:.2f}x (at least 1.7 is asked where jobs take 3 s or "
        f"more); {one:.1f} and {two:.1f} processor seconds, so that {2 * one / two:.2f}x is what idle processors give"
    )
    benchmark.pedantic(lambda: None, rounds=1)


def test_one_run_against_twenty(folder: Path, benchmark) -> None:
    options = ("--mode", "multi", "--epochs", SHORT_EPOCHS, "--workers")
    together = {workers: train(folder, f"many{workers}", *options, workers) for workers in (1, 2)}
    apart = sum(train(folder, "apart", "--symbol", name, "--epochs", SHORT_EPOCHS) for name in SYMBOLS)
    for workers, seconds in together.items():
        assert weights(folder, f"many{workers}") == weights(folder, "apart")
        print(
            f"\n20 symbols with short jobs, {workers} worker(s): one run {seconds:.1f} s, 20 runs of ktrdr train "
            f"{apart:.1f} s: {apart / seconds:.1f}x (at least 3 is asked)"
        )
    benchmark.pedantic(lambda: None, rounds=1)


def test_resuming_a_finished_run(folder: Path, benchmark) -> None:
    options = ("--mode", "multi", "--epochs", SHORT_EPOCHS, "--workers", 1)
    first = train(folder, "resumed", *options)
    again = train(folder, "resumed", *options, "--resume")
    print(f"\n20 symbols with short jobs: {first:.1f} s; resumed with nothing to do {again:.1f} s")
    benchmark.pedantic(lambda: None, rounds=1)
