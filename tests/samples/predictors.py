"""Trained models, their batches and their predictors, for the tests of live prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from dependency_injector import providers

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.serving.choosing import find_model, open_model
from ktrdr.application.serving.opened import Decided, Served, decided_on, serve
from ktrdr.application.serving.predictor import Predictor
from ktrdr.application.serving.wanted import LoadRequest
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.catalogue.models import find_model_type
from ktrdr.domain.decisions.trading_decision import TradingDecision
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.windows import are_whole, look_back
from ktrdr.entrypoints.container import Container, make_container


@dataclass(frozen=True, eq=False)
class Trained:
    """A container with one published model."""

    container: Container
    reference: str
    symbol: str

    def predictor(self, known_until: str | None = None) -> Predictor:
        request = PredictorRequest(self.reference, self.symbol, known_until=known_until)
        return self.container.open_predictor().execute(request)

    def batch(self) -> tuple[Served, np.ndarray, Decided]:
        """The served matrix, its rows with a whole window, and what is decided on them."""
        data, engineer = self.container.data_repository(), self.container.feature_engineer()
        trainer, storage = self.container.model_trainer(), self.container.model_storage()
        found = find_model(data, storage, LoadRequest(self.reference, self.symbol))
        opened = open_model(trainer, found, self.symbol)
        served = serve(data, engineer, opened, self.symbol)
        rows = np.arange(len(served.matrix))
        if opened.spec.reads_windows:
            reached = look_back(served.matrix, served.market.base_bars, opened.spec.break_at_session)
            rows = np.flatnonzero(are_whole(reached, opened.spec))
        return served, rows, decided_on(served, rows)


def train(
    document: Mapping[str, Any],
    *bars: Bars,
    engineer: FeatureEngineer | None = None,
    serve_symbol: str | None = None,
) -> Trained:
    """Train a strategy for two epochs, in memory; on these bars, or on those that the package brings.

    `serve_symbol` is the one of a pool that is served.
    """
    container = _container(bars)
    if engineer is not None:
        container.feature_engineer.override(providers.Object(engineer))
    training, model = {**document["training"], "epochs": 2}, find_model_type(document["model"]["type"])
    own = {item.name for item in model.all_settings} if model is not None else set()
    kept = {name: value for name, value in training.items() if name in own or name not in {"epochs", "batch_size"}}
    return _trained(container, parse({**document, "training": kept}), serve_symbol)


def train_file(path: Path, *bars: Bars) -> Trained:
    """Train a strategy file; on the symbol of these bars, or as it stands."""
    container = _container(bars)
    symbol = bars[0].symbol if bars else None
    strategy = container.read_strategy().execute(str(path), symbol=symbol)
    if "epochs" in strategy.training:
        strategy = container.read_strategy().execute(str(path), symbol=symbol, epochs=2)
    return _trained(container, strategy)


def _container(bars: Sequence[Bars]) -> Container:
    container = make_container()
    container.model_storage.override(providers.Object(MemoryStorage()))
    if bars:
        container.data_repository.override(providers.Object(MemoryRepository(list(bars))))
    return container


def _trained(container: Container, strategy: Strategy, symbol: str | None = None) -> Trained:
    request = TrainingRequest(strategy, importance=False)
    (model,) = container.training_orchestrator().execute(request).models
    return Trained(container, model.stored.reference, symbol or model.stored.key.symbol or "")


def bars_of(trained: Trained, predictor: Predictor) -> dict[str, Bars]:
    """The bars of the timeframes that a predictor is fed."""
    data = trained.container.data_repository()
    return {name: data.load(trained.symbol, Timeframe(name)) for name in predictor.timeframes}


def feed_of(bars: Mapping[str, Bars], base: str) -> list[tuple[str, Bar]]:
    """All bars in the order in which they become known; of the same moment the base's last."""
    found = [(name, Bar.of(item, row)) for name, item in bars.items() for row in range(len(item))]
    return sorted(found, key=lambda pair: (pair[1].known_at, pair[0] == base))


def replayed(predictor: Predictor, feed: list[tuple[str, Bar]]) -> list[TradingDecision]:
    """Feed all bars; return the decisions of the rows."""
    said = [predictor.update(name, bar) for name, bar in feed]
    return [item for item in said if item.is_decided]
