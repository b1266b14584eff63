"""A model type is one row of facts and one trainer: planted there, every door of the program knows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from jsonschema import Draft202012Validator
from samples.documents import changed
from samples.stump import STUMP, TARGET

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.models import MODELS
from ktrdr.adapters.models.table import TableTrainer
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.catalogue.models import MODEL_TYPES, owners_of
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.strategy.writing.schema import strategy_schema
from ktrdr.domain.strategy.writing.template import Template, new_document
from ktrdr.domain.training.effective import model_spec, training_settings
from ktrdr.entrypoints.container import Container, make_container


@pytest.fixture(autouse=True)
def _planted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODEL_TYPES, "stump", STUMP)


def document(**training: Any) -> dict[str, Any]:
    given = changed("model", {"type": "Decision_Stump", "architecture": {"num_leaves": 4}})
    for name in ("epochs", "batch_size"):
        del given["training"][name]
    given["training"] |= training
    return given


def messages(given: dict[str, Any], **options: Any) -> str:
    with pytest.raises(InvalidStrategy) as caught:
        parse(given, **options)
    return str(caught.value)


def test_its_settings_are_effective_with_its_own_defaults() -> None:
    strategy = parse(document())
    assert strategy.model.architecture == {"leaves": 4, "missing": "drop"}
    settings = training_settings(strategy)
    assert settings.own == {"rounds": 6}
    assert (settings.learning_rate, settings.loss, settings.seed) == (0.05, "cross_entropy", 0)
    assert (settings.early_stopping.enabled, settings.early_stopping.patience) == (True, 15)
    spec = model_spec(strategy)
    assert (spec.window, spec.reads_windows) == (1, False)
    said = {item.path: item.value for item in strategy.settings}
    assert said["training.rounds"] == 6
    assert not {"training.epochs", "training.optimizer", "training.lr_scheduler.type", "training.initialise"} & set(
        said
    )
    assert parse(render(strategy)).training == strategy.training


def test_bounds_of_its_keys_hold() -> None:
    assert "training.rounds: 0 is out of bounds; allowed: 1 to 10000" in messages(document(rounds=0))
    assert "training.learning_rate: 2 is out of bounds" in messages(document(learning_rate=2))


def others(key: str, keys: str = "training") -> str:
    return f"it belongs to {', '.join(name for name in owners_of(key, keys) if name != 'stump')}"


def not_its(key: str, keys: str = "training") -> str:
    return f"is no key of model type stump; {others(key, keys)}"


def not_an_mlps(key: str, keys: str = "training") -> str:
    return f"is no key of model type mlp; {others(key, keys)}, stump"


FOREIGN: dict[str, tuple[dict[str, Any], str]] = {
    "training.optimizer": (document(optimizer="sgd"), not_its("optimizer")),
    "training.epochs": (document(epochs=3), not_its("epochs")),
    "training.lr_scheduler": (document(lr_scheduler=True), not_its("lr_scheduler")),
    "training.initialise": (document(initialise="from universal"), not_its("initialise")),
    "training.early_stopping.monitor": (
        document(early_stopping={"monitor": "val_loss"}),
        not_its("monitor", "early_stopping"),
    ),
    "model.training.batch_size": (changed("model.training", {"batch_size": 9}, document()), not_its("batch_size")),
    "model.architecture.attention": (
        changed("model.architecture.attention", True, document()),
        "is no key of model type stump; it belongs to lstm, gru",
    ),
    "training.rounds": (changed("training.rounds", 9), not_an_mlps("rounds")),
    "model.architecture.num_leaves": (
        changed("model.architecture.num_leaves", 9),
        not_an_mlps("num_leaves", "architecture"),
    ),
    "fuzzy_sets.rsi.learnable": (
        changed("fuzzy_sets.rsi.learnable", True, document()),
        "stump does not tune fuzzy sets; types that do: mlp, lstm, gru, transformer",
    ),
}


@pytest.mark.parametrize("path", FOREIGN)
def test_keys_of_another_type_are_errors_that_name_it(path: str) -> None:
    given, said = FOREIGN[path]
    assert f"{path}: {said}" in messages(given)


def test_an_option_of_the_command_line_that_it_has_not_is_refused() -> None:
    assert f"--epochs: {not_its('epochs')}" in messages(document(), command_line={"epochs": 3})


def test_labels_that_it_can_not_be_fitted_to_are_refused() -> None:
    given = document(labels={"source": "forward_return", "horizon": 5})
    given["decisions"] = {"output_format": "regression"}
    assert "model.type: stump does not fit regression labels (forward_return); types that do: mlp" in messages(given)


def test_a_key_that_changes_nothing_beside_another_is_warned_about() -> None:
    given = document()
    given["model"]["architecture"] = {"leaves": 2, "missing": "keep"}
    found = parse(given)
    assert [(item.path, item.message) for item in found.warnings] == [
        ("model.architecture.missing", "has no effect with two leaves")
    ]


def test_the_schema_knows_it() -> None:
    schema = strategy_schema()
    assert not list(Draft202012Validator(schema).iter_errors(document(rounds=3)))
    assert list(Draft202012Validator(schema).iter_errors(document(rounds="many")))
    assert "rounds" in schema["properties"]["training"]["properties"]


def test_a_new_strategy_says_what_it_has() -> None:
    made = new_document(Template("new", "SIM_STOCK", ["5m"], "stump", "zigzag", ["rsi"]))
    assert made["model"] == {"type": "stump", "architecture": {"leaves": 7}}
    assert "epochs" not in made["training"]
    assert not parse(made).warnings


def walk(rows: int = 1500) -> Bars:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(rows, dtype=np.int64) * 300 * 10**9
    volume = rng.uniform(1, 9, rows)
    return Bars("SIM_STOCK", Timeframe("5m"), stamps, close, close * 1.001, close * 0.999, close, volume)


@pytest.fixture
def container(tmp_path: Path) -> Container:
    built = make_container(models_dir=tmp_path / "models")
    built.data_repository.override(providers.Object(MemoryRepository([walk()])))
    built.model_trainer.override(providers.Singleton(TableTrainer, "cpu", dict(MODELS) | {"stump": TARGET}))
    return built


def test_it_trains_is_stored_reported_and_served(container: Container) -> None:
    request = TrainingRequest(parse(document(rounds=7)))
    (model,) = container.training_orchestrator().execute(request).models
    artifact = container.model_storage().load(model.stored.reference)
    assert artifact.manifest.model["type"] == "stump"
    history = json.loads(artifact.blobs["history.json"])
    assert len(history["epochs"]) == 7
    assert history["epochs"][0].keys() == {"number", "train_loss", "val_loss", "val_accuracy"}
    topics = {item["topic"]: item["suggestion"] for item in model.report["diagnosis"]}
    assert "gradients" not in topics
    forecast = container.predict().execute(PredictRequest(model.stored.reference, last=5))
    np.testing.assert_allclose(forecast.outputs.sum(axis=1), 1)
    assert container.model_trainer().restore(artifact).history.epochs[0].gradient_norm is None
    page = artifact.blobs["report.html"].decode()
    assert "7 epochs" in page
