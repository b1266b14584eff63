"""A backtest of a million bars with a trained network: time, and how much of it is spent on features, in one run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application import serving
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import TrainingRequest
from ktrdr.entrypoints.container import Container, make_container

ROWS, TRAINED, ROUNDS = 1_000_000, 20_000, 5
TARGET = 3.0  # seconds, of which features take at most half


def document() -> dict[str, Any]:
    """Return a strategy with 32 features on two timeframes that trades often."""
    periods = (7, 14, 21, 28)
    triangles = {"low": [0, 20, 40], "middle": [30, 50, 70], "high": [60, 80, 100]}
    ratios = {"below": [-5, -2, 0], "near": [-1, 0, 1], "above": [0, 2, 5]}
    sets = {f"rsi_{period}": {"indicator": f"rsi_{period}", **triangles} for period in periods}
    sets |= {f"ma_{period}": {"indicator": f"ma_{period}", **ratios} for period in periods}
    return {
        "name": "bench",
        "version": "3.0",
        "training_data": {
            "symbols": "SIM_CRYPTO",
            "timeframes": {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "5m"},
        },
        "indicators": {f"rsi_{period}": {"type": "rsi", "period": period} for period in periods}
        | {f"ma_{period}": {"type": "distancefromma", "period": period} for period in periods},
        "fuzzy_sets": sets,
        "nn_inputs": [{"fuzzy_set": name, "timeframes": ["5m"]} for name in sets]
        + [{"fuzzy_set": name, "timeframes": ["1h"]} for name in ("rsi_7", "rsi_14")]
        + [{"raw_indicator": name, "timeframes": ["1h"], "normalization": "zscore"} for name in ("ma_7", "ma_14")],
        "model": {"type": "mlp", "architecture": {"hidden_layers": [64, 32]}},
        "decisions": {"output_format": "classification", "confidence_threshold": 0.0},
        "training": {
            "labels": {"source": "direction", "horizon": 5, "neutral_band": 0.0},
            "epochs": 3,
            "learning_rate": 0.01,
            "batch_size": 512,
        },
    }


def container_of(bars: Bars, storage: MemoryStorage, folder: Path) -> Container:
    container = make_container(models_dir=folder)
    container.data_repository.override(providers.Object(MemoryRepository([bars])))
    container.model_storage.override(providers.Object(storage))
    return container


@pytest.fixture(scope="module")
def timeline() -> Bars:
    return simulate("SIM_CRYPTO", Timeframe("5m"), ROWS, 3)


def test_backtest(benchmark, timeline: Bars, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = MemoryStorage()
    trained = container_of(timeline.take(slice(0, TRAINED)), storage, tmp_path)
    trained.training_orchestrator().execute(TrainingRequest(parse(document()), importance=False))
    use_case, spent = container_of(timeline, storage, tmp_path).backtest(), [0.0]
    compute = serving.compute_features

    def timed(*arguments: Any) -> Any:
        began = time.perf_counter()
        matrix = compute(*arguments)
        spent[0] += time.perf_counter() - began
        return matrix

    monkeypatch.setattr(serving, "compute_features", timed)
    request = BacktestRequest("bench", "SIM_CRYPTO", in_sample=True)
    rounds = []
    for _ in range(ROUNDS):
        spent[0], began = 0.0, time.perf_counter()
        done = use_case.execute(request)
        rounds.append((time.perf_counter() - began, spent[0]))
    whole, features = min(rounds)
    shares = [part / all_of_it for all_of_it, part in rounds]
    print(
        f"\nbacktest of {len(done.result.bars):,} bars, {len(done.model.manifest.resolved_features)} features, "
        f"{len(done.result.strategy.trades):,} trades: {whole:.2f} s (at most {TARGET:g} is asked), features "
        f"{features:.2f} s, {np.median(shares):.0%} of it (at most 50 % is asked)"
    )
    benchmark.pedantic(use_case.execute, (request,), rounds=1)
