"""Learnable sets through the whole flow: fitted, stored, restored, predicted, exported and explained."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from dependency_injector import providers
from samples.documents import changed
from samples.prepared import prepare_one

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.adapters.models.torch.fuzzify import Fuzzify
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.use_cases.export_features import ExportFeatures
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import learned_sets, read_inference, read_model_facts
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import fuzzified, input_columns, resolved_matrix
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.container import Container, make_container


def walk(rows: int = 1200, seed: int = 3) -> Bars:
    rng = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    open_ = np.concatenate([[100.0], close[:-1]])
    high, low = np.maximum(open_, close) * 1.001, np.minimum(open_, close) * 0.999
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(rows, dtype=np.int64) * 300 * 10**9
    return Bars("WALK", Timeframe("5m"), stamps, open_, high, low, close, rng.uniform(1, 9, rows))


def document(**training: Any) -> dict[str, Any]:
    written = changed("training_data.symbols", "WALK")
    written["nn_inputs"] = [{"fuzzy_set": "macd"}, {"fuzzy_set": "rsi"}]
    written["fuzzy_sets"]["rsi"] |= {"learnable": True, "high": {"type": "gaussian", "parameters": [70, 10]}}
    written["model"]["features"] = {"lookback_periods": 2}
    written["training"] |= {"epochs": 3, "learning_rate": 0.01} | training
    return written


@pytest.fixture
def container(tmp_path: Path) -> Container:
    built = make_container(models_dir=tmp_path)
    built.data_repository.override(providers.Object(MemoryRepository([walk()])))
    built.model_trainer.override(providers.Factory(TorchTrainer, "cpu"))
    built.model_storage.override(providers.Object(MemoryStorage()))
    return built


def train(container: Container, written: dict[str, Any]) -> tuple[str, Artifact]:
    (model,) = container.training_orchestrator().execute(TrainingRequest(parse(written))).models
    return model.stored.reference, container.model_storage().load(model.stored.reference)


def columns_of(container: Container, written: dict[str, Any]) -> Any:
    return prepare_one(container.data_repository(), container.feature_engineer(), parse(written), "WALK")


def test_the_tuned_sets_are_in_the_metadata_and_the_written_ones_in_the_strategy(container: Container) -> None:
    written = document()
    _, artifact = train(container, written)
    manifest = artifact.manifest
    assert manifest.input_columns == [
        *("5m_macd_down", "5m_macd_up", "5m_rsi_input"),
        *("5m_macd_down_lag_1", "5m_macd_up_lag_1", "5m_rsi_input_lag_1"),
    ]
    assert manifest.resolved_features[:6] == [
        *("5m_macd_down", "5m_macd_up", "5m_rsi_oversold", "5m_rsi_neutral", "5m_rsi_overbought", "5m_rsi_high"),
    ]
    assert len(manifest.resolved_features) == 12
    assert [item["id"] for item in artifact.document("feature_importance.json")["features"]] == manifest.input_columns
    found = {item["membership"]: item for item in learned_sets(manifest)}
    assert list(found) == ["oversold", "neutral", "overbought", "high"]
    for name, item in found.items():
        tuned = manifest.fuzzy_sets["rsi"][name]
        assert tuned == {"type": item["type"], "parameters": item["tuned"]}
        assert manifest.strategy["fuzzy_sets"]["rsi"][name]["parameters"] == item["written"]
        assert MEMBERSHIPS[item["type"]].check(item["tuned"]) is None
        assert item["tuned"] != item["written"]
        np.testing.assert_allclose(item["tuned"], item["written"], atol=30)
    assert manifest.fuzzy_sets["macd"] == manifest.strategy["fuzzy_sets"]["macd"]


def test_without_a_step_the_sets_stay_as_they_are_written(container: Container) -> None:
    _, artifact = train(container, document(learning_rate=1e-30, epochs=1))
    assert all(item["tuned"] == pytest.approx(item["written"], abs=1e-12) for item in learned_sets(artifact.manifest))


@pytest.mark.parametrize("kind", ["mlp", "lstm", "regression"])
def test_a_restored_model_predicts_the_same_bytes(container: Container, kind: str) -> None:
    written = document()
    if kind == "lstm":
        written["model"] = {"type": "lstm", "architecture": {"sequence_length": 5, "hidden_size": 8, "num_layers": 1}}
    if kind == "regression":
        written["decisions"] = {"output_format": "regression"}
        written["training"] = {"method": "supervised", "labels": {"source": "forward_return"}, "epochs": 1}
    prepared = columns_of(container, written)
    reference, artifact = train(container, written)
    inputs = read_inference(artifact.manifest, artifact.manifest.input_columns or []).scaler.transform(
        prepared.only.matrix.values
    )
    first, second = (TorchTrainer("cpu").restore(artifact) for _ in range(2))
    assert first.predict(inputs).tobytes() == second.predict(inputs).tobytes()
    assert read_model_facts(artifact).fuzzify == fuzzified(prepared.features)
    assert first.state() == {"model.safetensors": artifact.blobs["model.safetensors"]}
    assert {
        (item["set"], item["membership"]): Membership(item["type"], tuple(item["tuned"]))
        for item in learned_sets(artifact.manifest)
    } == dict(first.tuned)
    forecast = container.predict().execute(PredictRequest(reference, last=3))
    assert list(forecast.matrix.ids) == artifact.manifest.resolved_features
    row = prepared.only.matrix.ids.index("5m_rsi_input")
    rsi = prepared.only.matrix.values[-3:, row] + np.float64(prepared.columns[row].offset)
    oversold = membership_degrees(first.tuned["rsi", "oversold"], rsi)
    np.testing.assert_allclose(
        forecast.matrix.values[:, forecast.matrix.ids.index("5m_rsi_oversold")], oversold, atol=1e-6
    )


def test_a_network_behind_learned_sets_starts_as_one_behind_written_ones(container: Container) -> None:
    """With nothing learned yet, the layer gives the network the very memberships that the matrix would carry."""
    written = document(learning_rate=1e-30, epochs=1)
    _, learned = train(container, written)
    written["fuzzy_sets"]["rsi"]["learnable"] = False
    _, fixed = train(container, written)
    assert fixed.manifest.input_columns == fixed.manifest.resolved_features == learned.manifest.resolved_features
    assert fixed.manifest.contract_hash != learned.manifest.contract_hash
    for name in ("log_loss", "accuracy"):
        figures = (artifact.manifest.training_metrics[name] for artifact in (learned, fixed))
        assert next(figures) == pytest.approx(next(figures), rel=1e-5)


LARGE = {
    "price": ("sma", 1e5, [99_990, 100_000, 100_010], [99_995, 100_000, 100_005, 100_015], [0, 0, 99_980, 99_990]),
    "volume": ("obv", 1e9, [1e9 - 10, 1e9, 1e9 + 10], [1e9, 1e9 + 5, 1e9 + 10, 1e9 + 20], [1e9, 1e9 + 40, 2e9, 2e9]),
}


@pytest.mark.parametrize(("indicator", "level", "peak", "plateau", "open_end"), LARGE.values(), ids=LARGE)
def test_large_values_keep_their_digits_where_the_set_is_narrow(indicator, level, peak, plateau, open_end) -> None:
    """Written and learnable memberships of values that float32 holds to 0.008 at 1e5, and to 64 at 1e9."""
    rng = np.random.default_rng(1)
    close = level + rng.normal(0, 15, 800) if indicator == "sma" else 100 + rng.normal(0, 1, 800)
    volume = np.concatenate([[level], np.abs(rng.normal(0, 8, 799))])
    bars = Bars("WALK", Timeframe("5m"), walk(800).stamps, close, close + 1, close - 1, close, volume)
    written = document()
    written["indicators"]["x"] = {"type": indicator} | ({"period": 1} if indicator == "sma" else {})
    sets = {"peak": peak, "plateau": plateau, "open": open_end}
    centred = {"gaussian": [level, 10], "sigmoid": [0.2, level], "bell": [10, 2, level]}
    sets |= {kind: {"type": kind, "parameters": parameters} for kind, parameters in centred.items()}
    written["fuzzy_sets"]["x"] = {"indicator": "x", "learnable": True, **sets}
    written["nn_inputs"] = [{"fuzzy_set": "x"}]
    features = resolve(parse(written))
    engineer, given = TalibFeatureEngineer(), ({"5m": bars}, "5m")
    columns = engineer.engineer(input_columns(features), *given)
    plain = engineer.engineer([replace(feature, learnable=()) for feature in features], *given).values
    assert (plain.max(axis=0) > 0.5).all()
    np.testing.assert_allclose(resolved_matrix(columns, features).values, plain, rtol=0, atol=1e-6)
    layer = Fuzzify(fuzzified(features))
    with torch.no_grad():
        np.testing.assert_allclose(layer(torch.from_numpy(columns.values)), plain, rtol=0, atol=1e-6)
    assert {name: item.parameters for (_, name), item in layer.tuned().items()} == {
        feature.learnable[1]: feature.membership.parameters for feature in features if feature.membership
    }


def test_weight_decay_draws_sets_to_where_they_were_written(container: Container) -> None:
    def distance(weight_decay: float) -> float:
        settings = {"optimizer": "adamw", "epochs": 6, "early_stopping": {"enabled": False}}
        _, artifact = train(container, document(weight_decay=weight_decay, **settings))
        return sum(
            abs(new - old)
            for item in learned_sets(artifact.manifest)
            for new, old in zip(item["tuned"], item["written"], strict=True)
        )

    assert distance(10.0) < 0.5 * distance(0.0)


def test_verify_notices_sets_that_the_model_has_not_learned(container: Container) -> None:
    reference, artifact = train(container, document(epochs=1))
    (check,) = container.verify_models().execute([reference])
    assert check.problems == ()
    storage = MemoryStorage()
    container.model_storage.override(providers.Object(storage))
    manifest = artifact.manifest
    forged = replace(manifest, fuzzy_sets=manifest.strategy["fuzzy_sets"])
    storage.publish(Artifact(replace(forged, version=0, created_at="", checksums={}), artifact.blobs))
    (check,) = container.verify_models().execute([reference])
    assert check.problems == ("fuzzy_sets does not hold the memberships that the restored model has learned",)


@pytest.mark.parametrize(
    "entry",
    [
        {"membership": ["rsi"], "column": "5m_rsi_input"},
        {"membership": ["rsi", "oversold"], "column": "5m_rsi_input", "offset": "50"},
        {"membership": ["rsi", "oversold"], "column": "no_such"},
        {"membership": [["rsi"], 1], "column": "5m_rsi_input"},
        ["rsi"],
    ],
)
def test_a_forged_contract_is_refused(container: Container, entry: Any) -> None:
    _, artifact = train(container, document(epochs=1))
    contract = [dict(item) for item in artifact.manifest.feature_contract]
    contract[2]["learnable"] = entry
    with pytest.raises(CorruptArtifact, match="feature_contract"):
        TorchTrainer("cpu").restore(Artifact(replace(artifact.manifest, feature_contract=contract), artifact.blobs))


def test_the_export_has_written_memberships_and_tuned_ones_where_a_model_is_given(container: Container) -> None:
    written = document()
    _, artifact = train(container, written)
    use_case = ExportFeatures(container.data_repository(), container.feature_engineer())
    request = TrainingRequest(parse(written))
    plain, tuned = use_case.execute(request), use_case.execute(request, artifact.manifest)
    prepared = columns_of(container, written)
    place = prepared.only.matrix.ids.index("5m_rsi_input")
    learnable = prepared.pool.spans.learnable
    column = prepared.only.matrix.values[learnable, place] + np.float64(prepared.columns[place].offset)
    for table, parameters in (
        (plain, (0, 20, 40)),
        (tuned, artifact.manifest.fuzzy_sets["rsi"]["oversold"]["parameters"]),
    ):
        names = [name for name in table.frame.columns if name.startswith("5m_")]
        assert names == artifact.manifest.resolved_features
        expected = membership_degrees(Membership("triangular", tuple(parameters)), column)
        np.testing.assert_allclose(table.frame["5m_rsi_oversold"], expected, atol=1e-6)
    written["fuzzy_sets"]["rsi"]["learnable"] = False
    with pytest.raises(InvalidInput, match="has learned other fuzzy sets"):
        use_case.execute(TrainingRequest(parse(written)), artifact.manifest)


def test_a_trainer_that_learns_nothing_keeps_the_written_sets(container: Container) -> None:
    container.model_trainer.override(providers.Factory(PriorTrainer))
    _, artifact = train(container, document())
    assert artifact.manifest.fuzzy_sets == artifact.manifest.strategy["fuzzy_sets"]
