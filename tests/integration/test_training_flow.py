"""The whole flow through the orchestrator and the real container, with adapters swapped by name."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import talib
from dependency_injector import providers
from samples.documents import changed, small
from samples.watches import Onlooker

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.journal import MemoryJournal
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingOrchestrator, TrainingRequest
from ktrdr.domain.errors import InvalidInput, TrainingFailed, TrainingInterrupted
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.entrypoints.container import Container, make_container


def walk(rows: int = 1500, seed: int = 3) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    open_ = np.roll(close, 1)
    open_[0] = 100.0
    high = np.maximum(open_, close) * 1.001
    low = np.minimum(open_, close) * 0.999
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(rows, dtype=np.int64) * 300 * 10**9
    return Bars("WALK", Timeframe("5m"), stamps, open_, high, low, close, rng.uniform(1, 9, rows))


def document(**training: Any) -> dict[str, Any]:
    base = changed("training_data.symbols", "WALK")
    base["training"] |= training
    return base


@pytest.fixture
def container(tmp_path: Path) -> Container:
    built = make_container(models_dir=tmp_path / "models")
    built.data_repository.override(providers.Object(MemoryRepository([walk()])))
    built.model_storage.override(providers.Singleton(FileSystemStorage, tmp_path / "models"))  # reports take a second
    return built


def train(container: Container, written: dict[str, Any], **options: Any) -> Any:
    request = TrainingRequest(parse(written), **options)
    (model,) = container.training_orchestrator().execute(request).models
    return model, container.model_storage().load(model.stored.reference)


def test_every_port_can_be_swapped_for_its_fake() -> None:
    container = make_container()
    container.data_repository.override(providers.Object(MemoryRepository([walk()])))
    container.model_trainer.override(providers.Object(PriorTrainer()))
    container.model_storage.override(providers.Object(MemoryStorage()))
    model, artifact = train(container, document())
    assert isinstance(container.training_orchestrator(), TrainingOrchestrator)
    assert artifact.manifest.training_symbols == ["WALK"]
    assert model.report["verdict"]["outcome"] in {"not_distinguishable", "too_little_data", "better", "worse"}


def test_the_model_that_is_loaded_predicts_what_training_measured(container: Container) -> None:
    _, artifact = train(container, document(), importance=False)
    forecast = container.predict().execute(PredictRequest(artifact.manifest.key.reference(1), last=10_000))
    rows = json.loads(artifact.blobs["metrics.json"])["rows"]
    prepared_test = artifact.manifest.split["parts"]["test"]
    known = forecast.matrix.known_at
    chosen = (known >= from_iso(prepared_test["first"])) & (known <= from_iso(prepared_test["last"]))
    assert chosen.sum() == rows
    labels = _labels(container, forecast.matrix.base_rows[chosen])
    probabilities = forecast.outputs[chosen][np.arange(rows), labels]
    loss = -np.log(probabilities).mean()
    assert loss == pytest.approx(artifact.manifest.training_metrics["log_loss"], abs=1e-12)


def _labels(container: Container, rows: Any) -> Any:
    """Label by a plain loop over the closes, as GRAMMAR defines zigzag over 10 bars with a threshold of 1 ATR."""
    talib = pytest.importorskip("talib")
    bars = container.data_repository().load("WALK", Timeframe("5m"))
    atr = talib.ATR(bars.high, bars.low, bars.close, 14)
    found = []
    for row in rows:
        ahead = bars.close[row + 1 : row + 11] / bars.close[row] - 1
        threshold = atr[row] * np.sqrt(10) / bars.close[row]
        gain, loss = ahead.max(), -ahead.min()
        found.append(0 if gain >= threshold and gain > loss else 2 if loss >= threshold and loss > gain else 1)
    return np.array(found)


def test_bars_after_the_test_part_change_nothing(container: Container) -> None:
    whole = walk()
    _, before = train(container, document(), importance=False)
    moment = from_iso(before.manifest.fitted_until)
    row = int(np.searchsorted(whole.known_at, moment)) + 1
    spoiled = {name: getattr(whole, name).copy() for name in ("open", "high", "low", "close", "volume")}
    for values in spoiled.values():
        values[row:] = values[row:] * 1.5 + 1
    container.data_repository.override(providers.Object(MemoryRepository([replace(whole, **spoiled)])))
    fixed = document(epochs=2, early_stopping=False)
    _, after = train(container, fixed, importance=False)
    container.data_repository.override(providers.Object(MemoryRepository([whole])))
    _, again = train(container, fixed, importance=False)
    assert after.blobs["model.safetensors"] == again.blobs["model.safetensors"]
    assert after.manifest.inference == again.manifest.inference


def test_equal_requests_give_equal_bytes_and_the_order_of_keys_is_no_part_of_a_request(container: Container) -> None:
    _, first = train(container, document(), importance=False)
    turned = {key: document()[key] for key in reversed(document())}
    turned["indicators"] = dict(reversed(turned["indicators"].items()))
    turned["fuzzy_sets"] = dict(reversed(turned["fuzzy_sets"].items()))
    _, second = train(container, turned, importance=False)
    assert first.blobs["model.safetensors"] == second.blobs["model.safetensors"]
    assert first.manifest.contract_hash == second.manifest.contract_hash
    assert (first.manifest.version, second.manifest.version) == (1, 2)


def test_the_manifest_names_the_package_that_computes_and_the_library_within_it(container: Container) -> None:
    _, artifact = train(container, document(epochs=1), importance=False)
    libraries = artifact.manifest.libraries
    assert libraries["TA-Lib"] == talib.__version__
    assert libraries["kernel rsi"].startswith(f"talib {talib.__ta_version__.decode().split()[0]} ")


def test_raw_inputs_are_scaled_on_train_rows_alone(container: Container) -> None:
    written = document()
    written["nn_inputs"].append({"raw_indicator": "rsi_14", "normalization": "zscore"})
    _, artifact = train(container, written, importance=False)
    exported = container.export_features().execute(TrainingRequest(parse(written))).frame
    column = exported.loc[exported["part"] == "train", "5m_rsi_14_raw"].to_numpy(dtype=np.float64)
    scaler = artifact.manifest.inference["scaler"]
    assert scaler["centre"][-1] == pytest.approx(column.mean(), rel=1e-9)
    assert scaler["scale"][-1] == pytest.approx(column.std(), rel=1e-9)
    assert set(scaler["centre"][:-1]) == {0.0}


def test_balanced_class_weights_are_taken_out_of_the_probabilities_again(container: Container) -> None:
    _, artifact = train(container, document(class_weights="balanced", epochs=1), importance=False)
    log_weights = artifact.manifest.inference["log_class_weights"]
    assert len(log_weights) == 3
    reference = artifact.manifest.key.reference(None)
    forecast = container.predict().execute(PredictRequest(reference, last=5))
    model = container.model_trainer().restore(artifact)
    logits = model.predict(forecast.matrix.values) - np.array(log_weights)
    expected = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(forecast.outputs, expected, rtol=1e-12)


def test_regression_predicts_in_the_unit_of_the_target(container: Container) -> None:
    written = document(labels={"source": "forward_return", "horizon": 5}, loss="huber")
    written["decisions"] = {"output_format": "regression", "cost_model": {"round_trip_cost": 0.5}}
    model, artifact = train(container, written)
    assert set(model.report["baselines"]) == {"zero", "train_mean", "last_known_target"}
    reference = artifact.manifest.key.reference(None)
    forecast = container.predict().execute(PredictRequest(reference, last=50))
    assert np.abs(forecast.outputs).max() < 0.1
    assert set(forecast.signals.actions) == {"hold"}


def test_a_model_refuses_features_that_would_be_computed_otherwise(container: Container, monkeypatch: Any) -> None:
    _, artifact = train(container, document(), importance=False)
    engineer = container.feature_engineer()
    kernels = engineer.kernels
    monkeypatch.setattr(type(engineer), "kernels", lambda _, features: dict.fromkeys(kernels(features), "other 9.9"))
    with pytest.raises(InvalidInput, match=r"5m_rsi_oversold.*kernel"):
        container.predict().execute(PredictRequest(artifact.manifest.key.reference(1)))


class StoppedTrainer(PriorTrainer):
    def __init__(self, error: BaseException) -> None:
        self.error = error

    def fit(self, task: Any, watch: Watch = UNWATCHED) -> Any:
        raise self.error


@pytest.mark.parametrize("error", [TrainingFailed("epoch 3"), TrainingInterrupted("epoch 3"), KeyboardInterrupt()])
def test_a_training_that_ends_early_publishes_nothing(error: BaseException, container: Container) -> None:
    container.model_trainer.override(providers.Object(StoppedTrainer(error)))
    with pytest.raises(type(error)):
        train(container, document())
    assert container.model_storage().versions() == ()


def test_epochs_are_reported_while_they_happen(container: Container) -> None:
    seen = Onlooker()
    container.journal.override(providers.Object(MemoryJournal(seen)))
    train(container, document(epochs=3), importance=False)
    assert [(epoch.number, planned) for epoch, planned in seen.seen] == [(1, 3), (2, 3), (3, 3)]


def test_jobs_run_where_run_jobs_says(container: Container) -> None:
    calls = []

    def run_jobs(function: Any, jobs: Any) -> Any:
        jobs = list(jobs)
        calls.append(len(jobs))
        return [function(job) for job in jobs]

    container.run_jobs.override(providers.Object(run_jobs))
    train(container, document(epochs=1), importance=False)
    assert calls == [1]


def test_too_many_seeds_are_refused() -> None:
    with pytest.raises(InvalidInput, match="seeds"):
        TrainingRequest(parse(small()), seeds=0)


RECURSIVE: dict[str, Any] = {}
RECURSIVE["itself"] = RECURSIVE


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("backtesting", {"x": [float("nan")]}, r"strategy\.backtesting\.x\.0: nan"),
        ("description", "\ud800", r"strategy\.description: .*surrogate"),
        ("risk_management", RECURSIVE, "cannot be stored as JSON"),
    ],
)
def test_what_could_not_be_stored_is_refused_before_the_training(
    path: str, value: Any, words: str, container: Container
) -> None:
    container.model_trainer.override(providers.Object(None))
    request = TrainingRequest(parse(document() | {path: value}))
    for use_case in (container.training_orchestrator(), container.dry_run()):
        with pytest.raises(InvalidInput, match=words):
            use_case.execute(request)


def test_features_that_never_have_a_value_are_named(container: Container) -> None:
    silent = replace(walk(), volume=np.zeros(1500))
    container.data_repository.override(providers.Object(MemoryRepository([silent])))
    with pytest.raises(InvalidInput, match=r"5m_volume_ratio_20, 5m_volume_zscore_20 never has a value"):
        train(container, changed("model.features", {"include_volume_context": True}, document()))
