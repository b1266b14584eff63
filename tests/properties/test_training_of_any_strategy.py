"""Any valid strategy goes through the dry run and one epoch on simulated bars.

Two refusals are right: too few rows for long label spans, and labels that are all of one class.
"""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from dependency_injector import providers
from effort import examples
from hypothesis import HealthCheck, event, given, settings
from samples.strategy_documents import documents

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import TrainingRequest
from ktrdr.entrypoints.container import Container, make_container

BARS = 6000
TOO_FEW = "labelled rows are too few"
ONE_CLASS = "a model can learn nothing from that"


def market() -> MemoryRepository:
    simulated = repository_of("simulated")
    bars = simulated.load("SIM_STOCK", Timeframe("5m"))
    return MemoryRepository([bars.between(None, int(bars.stamps[BARS]))], [simulated.characteristics("SIM_STOCK")])


MARKET = market()


def container() -> Container:
    made = make_container()
    for name, adapter in (
        ("data_repository", MARKET),
        ("model_storage", MemoryStorage()),
        ("model_trainer", TorchTrainer("cpu")),
    ):
        getattr(made, name).override(providers.Object(adapter))
    return made


def on_few_bars(document: dict[str, Any]) -> dict[str, Any]:
    """Ask for timeframes and spans that three months of five-minute bars can serve."""
    small = copy.deepcopy(document)
    several = len(small["training_data"]["timeframes"]) > 1
    small["training_data"] |= {"timeframes": ["5m", "15m"] if several else ["5m"], "history_required": 50}
    for entry in small["nn_inputs"]:
        entry["timeframes"] = "all"
    small["training"] |= {"epochs": 1, "data_split": {"train": 0.6, "validation": 0.2, "test": 0.2}}
    return small


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(documents())
def test_it_is_previewed_and_trained_or_refused_with_a_reason(document: dict[str, Any]) -> None:
    strategy = parse(on_few_bars(document))
    request = TrainingRequest(strategy, importance=False)
    made = container()
    try:
        (preview,) = made.dry_run().execute(request)
    except InvalidInput as error:
        if TOO_FEW not in str(error):
            raise
        event("too few rows")
        return
    assert list(preview.features) == [feature.id for feature in resolve(strategy)]
    try:
        (model,) = made.training_orchestrator().execute(request).models
    except InvalidInput as error:
        if ONE_CLASS not in str(error):
            raise
        event("one class")
        return
    event("trained")
    manifest = made.model_storage().load(model.stored.reference).manifest
    assert list(manifest.resolved_features) == list(preview.features)
    assert parse(manifest.strategy) == strategy
    assert all(np.isfinite(value) for value in manifest.training_metrics.values())
