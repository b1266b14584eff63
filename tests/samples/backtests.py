"""Random walks, models trained on them, and backtests of these through the real container."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from dependency_injector import providers

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.use_cases.backtest import BacktestReport, BacktestRequest
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode, TrainingRequest
from ktrdr.entrypoints.container import Container, make_container
from samples.documents import changed
from samples.universals import instrument

M5 = Timeframe("5m")
DOCUMENT = changed(
    "training.labels",
    {"source": "direction", "horizon": 5, "neutral_band": 0.0},
    changed("training.learning_rate", 0.03, changed("decisions.confidence_threshold", 0.0)),
)
FREE = changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], DOCUMENT)
"""Of one rsi, whose values mean the same for every symbol."""


def walk(symbol: str, seed: int, spread: float, rows: int = 1500) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, spread, rows)))
    open_ = np.concatenate(([100.0], close[:-1]))
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(rows) * M5.ns
    return Bars(symbol, M5, stamps, open_, high, low, close, np.ones(rows))


def container_of(bars: Sequence[Bars], storage: ModelStorage) -> Container:
    container = make_container()
    facts = [replace(instrument(one.symbol, "crypto"), calendar="24/7") for one in bars]
    container.data_repository.override(providers.Object(MemoryRepository(bars, facts)))
    container.model_storage.override(providers.Object(storage))
    return container


def train(storage: ModelStorage, *bars: Bars, document: dict[str, Any] = FREE) -> Manifest:
    """Train and publish a model, of several symbols a universal one."""
    symbols = [one.symbol for one in bars]
    written = parse(changed("training_data.symbols", symbols if len(bars) > 1 else symbols[0], document))
    request = TrainingRequest(written, mode=Mode.UNIVERSAL if len(bars) > 1 else Mode.SINGLE, importance=False)
    (model,) = container_of(bars, storage).training_orchestrator().execute(request).models
    return storage.load(model.stored.reference).manifest


def run(storage: ModelStorage, bars: Bars, **request: Any) -> BacktestReport:
    wanted = BacktestRequest(**{"strategy": "small", "symbol": bars.symbol, **request})
    return container_of([bars], storage).backtest().execute(wanted)
