"""Twenty daily stocks in one run: every symbol learns from its own bars and its own labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.request import Mode
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.container import make_container

FOLDER = Path(__file__).parents[3] / "shared" / "data"
STOCKS = (
    "AAPL", "BAC", "COP", "CVX", "GOOGL", "GS", "HD", "JNJ", "JPM", "MCD", "META", "MSFT", "NKE", "NVDA", "PFE", "SPY",
    "UNH", "V", "WMT", "XOM",
)  # fmt: skip
BAND = 0.002

pytestmark = pytest.mark.skipif(
    not all((FOLDER / f"{name}_1d.parquet").is_file() for name in STOCKS),
    reason="the developers' real market data is not here (../shared/data)",
)


class SeenTrainer(PriorTrainer):
    """Remembers what it was given to fit."""

    def __init__(self) -> None:
        self.tasks: list[FitTask] = []

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> Any:
        self.tasks.append(task)
        return super().fit(task, watch)


def own_labels(symbol: str) -> np.ndarray:
    """Return 0 up, 1 neutral, 2 down over the next bar, straight from the symbol's file."""
    change = pd.read_parquet(FOLDER / f"{symbol}_1d.parquet")["close"].pct_change().shift(-1).to_numpy()
    return np.select([change > BAND, change < -BAND], [0, 2], 1)


def test_twenty_stocks_are_trained_on_their_own_labels() -> None:
    document = changed("training_data", {"symbols": list(reversed(STOCKS)), "timeframes": "1d"})
    document["nn_inputs"] = [{"fuzzy_set": "rsi", "timeframes": "all"}]
    document["training"]["labels"] = {"source": "direction", "horizon": 1, "neutral_band": BAND}
    trainer, container = SeenTrainer(), make_container(data_dir=FOLDER)
    container.model_trainer.override(providers.Object(trainer))
    container.model_storage.override(providers.Object(MemoryStorage()))
    request = TrainingRequest(parse(document), importance=False, mode=Mode.MULTI)
    result = container.training_orchestrator().execute(request)
    assert [model.stored.key.symbol for model in result.models] == list(STOCKS)
    assert result.failures == ()
    for symbol, task, model in zip(STOCKS, trainer.tasks, result.models, strict=True):
        targets = task.train.targets
        assert len(targets) == model.rows["train"] > 500
        np.testing.assert_array_equal(targets, own_labels(symbol)[14 : 14 + len(targets)])  # RSI(14) begins at bar 14
        manifest = container.model_storage().load(model.stored.reference).manifest
        assert [item["symbol"] for item in manifest.data] == [symbol]
    assert len({task.train.targets.tobytes() for task in trainer.tasks}) == len(STOCKS)
