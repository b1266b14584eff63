"""One live bar: the time of `Predictor.update` with 32 features, after short and long histories.

Wall and CPU time are both given: on a busy machine the slowest wall times say how long others held the processor.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.serving.predictor import Predictor
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.container import make_container

UPDATES = 3000
THREE = {
    "rsi_14": ({"type": "rsi"}, ([0, 20, 40], [30, 50, 70], [60, 80, 100])),
    "rsi_28": ({"type": "rsi", "period": 28}, ([0, 20, 40], [30, 50, 70], [60, 80, 100])),
    "stoch": ({"type": "stochastic"}, ([0, 15, 35], [20, 50, 80], [65, 85, 100])),
    "mfi": ({"type": "mfi"}, ([0, 20, 40], [30, 50, 70], [60, 80, 100])),
    "adx": ({"type": "adx"}, ([0, 10, 20], [15, 25, 40], [30, 60, 100])),
    "cci": ({"type": "cci"}, ([-300, -150, -50], [-100, 0, 100], [50, 150, 300])),
    "willr": ({"type": "williamsr"}, ([-100, -90, -70], [-80, -50, -20], [-30, -10, 0])),
    "roc": ({"type": "roc"}, ([-5, -2, 0], [-1, 0, 1], [0, 2, 5])),
    "distance": ({"type": "distancefromma"}, ([-5, -2, 0], [-1, 0, 1], [0, 2, 5])),
    "zscore": ({"type": "zscore"}, ([-4, -2, 0], [-1, 0, 1], [0, 2, 4])),
}
RAW = ("macd.histogram", "atr")


def strategy(timeframes: Any, model: dict[str, Any]) -> Any:
    indicators = {name: given for name, (given, _) in THREE.items()} | {
        "macd": {"type": "macd"},
        "atr": {"type": "atr"},
    }
    sets = {name: dict(zip(("low", "middle", "high"), feet, strict=True)) for name, (_, feet) in THREE.items()}
    references = {"stoch": "stoch.k", "adx": "adx.adx"}
    return parse(
        {
            "name": "bench_predictor",
            "version": "3.0",
            "training_data": {"symbols": "SIM_STOCK", "timeframes": timeframes},
            "indicators": indicators,
            "fuzzy_sets": {f"{n}_set": {"indicator": references.get(n, n), **s} for n, s in sets.items()},
            "nn_inputs": [
                *({"fuzzy_set": f"{name}_set", "timeframes": ["5m"]} for name in THREE),
                *({"raw_indicator": name, "timeframes": ["5m"], "normalization": "zscore"} for name in RAW),
            ],
            "model": model,
            "decisions": {"output_format": "classification"},
            "training": {
                "labels": {"source": "zigzag", "zigzag_threshold": {"atr": 1.0}, "label_lookahead": 10},
                "data_split": {"train": 0.7, "validation": 0.15, "test": 0.15},
                "epochs": 1,
                "batch_size": 1024,
            },
        }
    )


def opened(history: int, model: dict[str, Any]) -> tuple[Predictor, Bars]:
    bars = simulate("SIM_STOCK", Timeframe("5m"), history + UPDATES, 3)
    container = make_container()
    container.data_repository.override(providers.Object(MemoryRepository([bars])))
    container.model_storage.override(providers.Object(MemoryStorage()))
    request = TrainingRequest(strategy("5m", model), importance=False)
    (trained,) = container.training_orchestrator().execute(request).models
    predictor = container.open_predictor().execute(PredictorRequest(trained.stored.reference, "SIM_STOCK"))
    predictor.observe_all({"5m": bars.take(slice(0, history))})
    return predictor, bars


@pytest.mark.parametrize("history", [1_000, 100_000])
@pytest.mark.parametrize("kind", ["mlp", "lstm"])
def test_update(benchmark: Any, kind: str, history: int) -> None:
    model = {"type": "mlp", "architecture": {"hidden_layers": [64, 32]}}
    if kind == "lstm":
        model = {"type": "lstm", "architecture": {"sequence_length": 30, "hidden_size": 32, "num_layers": 1}}
    predictor, bars = opened(history, model)
    coming = iter([Bar.of(bars, row) for row in range(history, history + UPDATES)])
    wall, cpu = [], []

    def update() -> None:
        began, spent = time.perf_counter(), time.thread_time()
        decision = predictor.update("5m", next(coming))
        wall.append(time.perf_counter() - began)
        cpu.append(time.thread_time() - spent)
        assert decision.features is not None

    benchmark.pedantic(update, rounds=UPDATES if kind == "mlp" else UPDATES // 5, warmup_rounds=0)
    if benchmark.stats is not None:
        for name, times in (("wall", wall), ("CPU", cpu)):
            low, high = (1e6 * np.quantile(times, share) for share in (0.5, 0.99))
            print(f"\n{kind}, {history:,} bars before, {name}: median {low:.0f}, p99 {high:.0f} microseconds", end="")
