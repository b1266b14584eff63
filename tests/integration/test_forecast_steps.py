"""One network that forecasts several numbers of bars ahead: read, purged, judged, stored and served."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.prepared import prepare_one

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.adapters.report.html import ReportingStorage
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.preparing.preview import preview
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import METRICS, Artifact
from ktrdr.domain.artifacts.model_facts import read_inference
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse, problems
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.training.plan import plan_training
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.cli.preview import preview_text
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK"]
MARKET = repository_of("simulated", SYMBOLS, Timeframe("5m"), bars=700)
STEPS = ["1", "5", "20"]
LSTM = {"type": "lstm", "architecture": {"sequence_length": 6, "hidden_size": 4, "num_layers": 1}}


def document(source: str = "direction", symbols: Any = "ONE_STOCK", **training: Any) -> dict[str, Any]:
    written = changed("training_data", {"symbols": symbols, "timeframes": "5m", "history_required": 50})
    labels = {"source": source, "horizon": 5}
    written["training"] |= {"epochs": 2, "batch_size": 64, "learning_rate": 0.01, "labels": labels}
    written["training"] |= {"forecast_steps": [20, 1, 5], **training}
    if source == "forward_return":
        written["decisions"] = {"output_format": "regression"}
    return written


def new_container() -> Container:
    container = make_container()
    container.data_repository.override(providers.Object(MARKET))
    container.model_trainer.override(providers.Factory(TorchTrainer, "cpu"))
    container.model_storage.override(providers.Object(ReportingStorage(MemoryStorage())))
    return container


def train(written: dict[str, Any], container: Container | None = None, **options: Any) -> Artifact:
    container = container or new_container()
    result = container.training_orchestrator().execute(TrainingRequest(parse(written), importance=False, **options))
    assert not result.failures, result.failures
    return container.model_storage().load(result.models[0].stored.reference)


WRITTEN: dict[str, Callable[[], dict[str, Any]]] = {
    "classes": lambda: document(class_weights="balanced"),
    "values": lambda: document("forward_return"),
    "every": lambda: document(loss_at="every", batch_size=512, chunk=20) | {"model": LSTM},
}
BY_KIND = pytest.mark.parametrize("kind", WRITTEN)


@cache
def trained(kind: str) -> Artifact:
    return train(WRITTEN[kind]())


@cache
def prepared() -> Prepared:
    return prepare_one(MARKET, TalibFeatureEngineer(), parse(document()), "ONE_STOCK")


# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "said"),
    [
        (document(forecast_steps=[1, 20]), r"must hold training.labels.horizon, 5, .*write \[1, 5, 20\]"),
        (document(forecast_steps=[5, 5]), "lists a number of bars twice"),
        (document(forecast_steps=[0, 5]), "forecast_steps"),
        (document(forecast_steps=list(range(1, 102))), "at most 100"),
        (
            document(forecast_steps=[1, 2], labels={"source": "triple_barrier"}),
            "labels of triple_barrier do not look a number of bars ahead; those that do: context, direction",
        ),
        (
            document("volatility", forecast_steps=[1, 5], labels={"source": "volatility", "window": 5}),
            "1 is no window of labels of volatility",
        ),
    ],
)
def test_steps_that_are_none_are_refused(written: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidStrategy, match=said):
        parse(written)


def test_types_that_forecast_one_step_refuse_the_key_and_say_who_can() -> None:
    written = document() | {"model": {"type": "lightgbm"}}
    found = [item.message for item in problems(written) if item.path == "training.forecast_steps"]
    assert found
    assert "it belongs to mlp, lstm, gru, transformer" in found[0]


def test_members_forecast_one_step() -> None:
    written = document() | {"model": {"type": "ensemble", "members": [{"type": "mlp"}, {"type": "lightgbm"}]}}
    own = document()
    own["training"].pop("forecast_steps")
    own["model"] = {"type": "ensemble", "members": [{"type": "mlp", "training": {"forecast_steps": [5]}}]}
    for given, path, said in (
        (written, "training", "a model of members forecasts one step"),
        (own, "model.members[0].training", "is no setting of a member"),
    ):
        found = {item.path: item.message for item in problems(given) if item.severity == "error"}
        assert said in found[f"{path}.forecast_steps"]


def test_document_comes_back_and_is_silent_without_steps() -> None:
    strategy = parse(document())
    again = parse(render(strategy))
    assert render(again) == render(strategy)
    assert render(strategy)["training"]["forecast_steps"] == [20, 1, 5]
    without = parse(document(forecast_steps=[]))
    assert "forecast_steps" not in render(without)["training"]
    assert "training.forecast_steps" not in {item.path for item in parse(changed("name", "x")).settings}


def test_symbols_may_not_look_further_ahead_than_the_steps_say() -> None:
    written = document(symbols=SYMBOLS)
    written["symbol_overrides"] = {"symbols": {"ONE_STOCK": {"labels": {"horizon": 20}}}}
    with pytest.raises(InvalidStrategy, match="would look 20 bars ahead; a model with forecast_steps looks 5"):
        parse(written)


# --- rows -------------------------------------------------------------------------------------------------------------


def test_each_step_has_its_own_labels_and_is_purged_by_their_spans() -> None:
    found = prepared()
    assert list(found.steps) == [1, 5, 20]
    bars = found.market.base_bars
    for step, own in found.steps.items():
        labels = label(bars, "direction", {**parse(document()).labels.parameters, "horizon": step})
        rows = found.pool.base_rows
        has = labels.defined[rows]
        assert np.array_equal(own.pool.label_end != NO_LABEL, has)
        assert np.array_equal(own.pool.labels[has], labels.values[rows][has])
        assert own.split.cuts == found.split.cuts
        validation, test = found.split.cuts
        known, end = own.pool.known_at, bars.known_at[np.minimum(rows + step, len(bars) - 1)]
        expected = {
            "train": (known < validation) & (end < validation),
            "validation": (known >= validation) & (known < test) & (end < test),
            "test": known >= test,
        }
        for name, inside in expected.items():
            assert np.array_equal(own.split.parts[name].rows, np.flatnonzero(inside & has)), (step, name)
        assert own.split.parts["train"].purged == step
    assert found.steps[5].split.report() == found.split.report()


# --- the model --------------------------------------------------------------------------------------------------------


@BY_KIND
def test_own_step_is_the_model_and_every_step_is_judged_on_its_rows(kind: str) -> None:
    artifact = trained(kind)
    metrics = artifact.document(METRICS)
    assert list(metrics["by_step"]) == STEPS
    own = metrics["by_step"]["5"]
    assert {name: own[name] for name in ("metrics", "baselines", "verdict")} == {
        name: metrics[name] for name in ("metrics", "baselines", "verdict")
    }
    purged = [found["purged"]["train"] for found in metrics["by_step"].values()]
    assert purged == [1, 5, 20]
    losses = {found["verdict"]["loss"] for found in metrics["by_step"].values()}
    assert len(losses) == 3
    assert artifact.manifest.model["forecast_steps"] == [1, 5, 20]
    assert artifact.manifest.model["forecast_step"] == 5
    assert artifact.manifest.split["steps"]["20"]["purged"]["train"] == 20


@BY_KIND
def test_stored_model_predicts_each_step_to_the_bit(kind: str) -> None:
    artifact = trained(kind)
    model = TorchTrainer("cpu").restore(artifact)
    inputs = np.random.default_rng(0).normal(size=(40, len(model.feature_ids))).astype(np.float32)
    assert model.steps == (1, 5, 20)
    assert np.array_equal(model.at_step(5).predict(inputs), model.predict(inputs))
    outputs = [model.at_step(step).predict(inputs) for step in model.steps]
    assert not np.array_equal(outputs[0], outputs[2])
    inference = read_inference(artifact.manifest, model.feature_ids)
    assert list(inference.steps) == [1, 5, 20]
    if kind == "values":
        stds = [one.target_scaler.std for one in inference.steps.values() if one.target_scaler is not None]
        assert stds == sorted(stds)


def test_pooled_models_forecast_steps_of_all_symbols() -> None:
    artifact = train(document(symbols=SYMBOLS), mode=Mode.UNIVERSAL, hold_out=("TWO_STOCK",))
    metrics = artifact.document(METRICS)
    assert list(metrics["by_step"]) == STEPS
    assert metrics["by_step"]["5"]["metrics"] == metrics["metrics"]
    assert metrics["by_symbol"]["symbols"]


def test_symbol_begins_with_a_universal_model_of_the_same_steps_only() -> None:
    container = new_container()
    train(document(symbols=SYMBOLS), container, mode=Mode.UNIVERSAL)
    begun = train(document(initialise="from universal"), container)
    assert begun.manifest.model["initialised_from"] == "small/universal_v1"
    assert list(begun.document(METRICS)["by_step"]) == STEPS
    with pytest.raises(InvalidInput, match="its forecast_steps are others"):
        train(document(initialise="from universal", forecast_steps=[5]), container)


@pytest.mark.parametrize("combination", ["interleaved", "downsample", "balanced"])
def test_pools_are_fitted_many_to_many(combination: Any) -> None:
    written = document(symbols=SYMBOLS, loss_at="every", batch_size=512) | {"model": LSTM}
    assert train(written, mode=Mode.UNIVERSAL, combination=combination).document(METRICS)["by_step"]


def test_dry_run_says_what_the_purge_of_each_step_takes() -> None:
    job = plan_training(TrainingRequest(parse(document())))[0]
    found = preview(job, PoolSources(MARKET, TalibFeatureEngineer()))
    assert [item["purged"]["train"] for item in found.split["steps"].values()] == [1, 5, 20]
    assert "rows of the steps, by bars ahead" in preview_text(found)


def test_report_has_a_line_for_each_step_and_says_that_they_are_several_tests() -> None:
    page = trained("classes").blobs["report.html"].decode()
    assert "Step by step" in page
    assert "3 steps are 3 tests" in page
    for found in trained("classes").document(METRICS)["by_step"].values():
        assert found["verdict"]["sentence"].split(" ", 1)[0] in page


SPOILED: dict[str, Callable[[dict[str, Any], dict[str, Any]], object]] = {
    "own step missing": lambda model, _: model.pop("forecast_step"),
    "steps missing": lambda model, _: model.pop("forecast_steps"),
    "own step is none of them": lambda model, _: model.update(forecast_step=2),
    "own step is true": lambda model, _: model.update(forecast_step=True),
    "fewer steps": lambda model, _: model.update(forecast_steps=[1, 5]),
    "steps are no numbers": lambda model, _: model.update(forecast_steps=["1", 5, 20]),
    "steps twice": lambda model, _: model.update(forecast_steps=[1, 5, 5]),
    "steps descend": lambda model, _: model.update(forecast_steps=[20, 5, 1]),
    "too many steps": lambda model, _: model.update(forecast_steps=list(range(1, 10_000))),
    "no inference of steps": lambda _, inference: inference.pop("steps"),
    "inference of other steps": lambda _, inference: inference.update(steps={"2": {}}),
    "inference is a list": lambda _, inference: inference.update(steps=[1]),
    "weights of other length": lambda _, inference: inference["steps"]["1"].update(log_class_weights=[0.0]),
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_manifest_that_does_not_fit_its_steps_is_refused(
    spoil: Callable[[dict[str, Any], dict[str, Any]], object],
) -> None:
    artifact = trained("classes")
    model, inference = copy.deepcopy((dict(artifact.manifest.model), dict(artifact.manifest.inference)))
    spoil(model, inference)
    spoiled = replace(artifact, manifest=replace(artifact.manifest, model=model, inference=inference))
    with pytest.raises(CorruptArtifact):
        restored(spoiled)


def restored(artifact: Artifact) -> object:
    model = TorchTrainer("cpu").restore(artifact)
    return model, read_inference(artifact.manifest, model.feature_ids)


def test_equal_runs_give_equal_bytes() -> None:
    again = train(WRITTEN["every"]())
    assert again.blobs["model.safetensors"] == trained("every").blobs["model.safetensors"]
    assert json.loads(again.blobs[METRICS]) == trained("every").document(METRICS)
