"""Models that somebody changed and sealed anew: what contradicts itself is found, and what does not, by its record."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.data.simulated import SimulatedRepository
from ktrdr.adapters.storage.folder import read_artifact
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.plan import Mode
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK", "NEW_STOCK"]
GOLDEN = Path(__file__).parents[1] / "golden/schema_3"
VALUE = {"source": "forward_return", "horizon": 5}
LSTM = {"type": "lstm", "architecture": {"sequence_length": 6, "hidden_size": 4}}
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "one symbol": ({}, {}),
    "windows": ({"model": LSTM}, {}),
    "regression": ({"training.labels": VALUE, "decisions.output_format": "regression"}, {}),
    "learned sets": ({"fuzzy_sets.rsi.learnable": True}, {}),
    "two seeds": ({}, {"seeds": 2}),
    "by accuracy": ({"training.fitness_metrics.primary": "accuracy"}, {}),
    "universal": ({}, {"mode": Mode.UNIVERSAL, "hold_out": ("NEW_STOCK",)}),
    "begun with it": ({"training.initialise": "from universal"}, {"mode": Mode.MULTI}),
}


def document(changes: dict[str, Any]) -> dict[str, Any]:
    several = "training.initialise" in changes
    written = changed("training_data", {"symbols": "ONE_STOCK", "timeframes": "5m", "history_required": 50})
    for path, value in changes.items():
        written = changed(path, value, written)
    return written | ({"name": "pool"} if several else {})


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Container:
    built = make_container(models_dir=tmp_path_factory.mktemp("forged") / "models", device="cpu")
    built.data_repository.override(providers.Object(SimulatedRepository(SYMBOLS, Timeframe("5m"), bars=700)))
    return built


@pytest.fixture(scope="module")
def models(container: Container) -> dict[str, Artifact]:
    """One small model of each kind, by kind."""
    found = {}
    for kind, (changes, request) in KINDS.items():
        written = document(changes)
        if request.get("mode") is not None:
            written["name"] = "pool"
            written["training_data"]["symbols"] = SYMBOLS[:2] + (["NEW_STOCK"] if "hold_out" in request else [])
        request = {"importance": kind in {"one symbol", "windows"}, **request}
        result = container.training_orchestrator().execute(TrainingRequest(parse(written), **request))
        assert not result.failures, result.failures
        found[kind] = container.model_storage().load(result.models[0].stored.reference)
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_what_a_training_publishes_does_not_contradict_itself(kind: str, models: dict[str, Artifact]) -> None:
    assert list(consistency_problems(models[kind])) == []


def test_an_older_model_does_not_contradict_itself() -> None:
    assert list(consistency_problems(read_artifact(GOLDEN))) == []
