"""An ensemble from its document to decisions: trained, judged, stored, shown, served, backtested and verified."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.domain.training.plan import plan_training
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.cli.model_text import show_text
from ktrdr.entrypoints.container import Container, make_container

MEMBERS: list[dict[str, Any]] = [
    {
        "type": "mlp",
        "architecture": {"hidden_layers": [4]},
        "inputs": ["rsi"],
        "training": {"class_weights": "balanced"},
    },
    {"type": "gru", "architecture": {"sequence_length": 6, "hidden_size": 4, "num_layers": 1}},
]
METHODS: dict[str, dict[str, Any]] = {
    "voting": {"method": "voting"},
    "blending": {"method": "blending"},
    "stacking": {"method": "stacking", "folds": 2},
}


def walk(rows: int = 1500) -> Bars:
    rng = np.random.default_rng(3)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.002, rows)))
    stamps = from_iso("2024-01-01T00:00:00Z") + np.arange(rows, dtype=np.int64) * 300 * 10**9
    return Bars(
        "SIM_STOCK", Timeframe("5m"), stamps, close, close * 1.001, close * 0.999, close, rng.uniform(1, 9, rows)
    )


def document(combine: dict[str, Any]) -> dict[str, Any]:
    return changed("model", {"type": "ensemble", "members": MEMBERS, "combine": combine})


@pytest.fixture
def container(tmp_path: Path) -> Container:
    built = make_container(models_dir=tmp_path / "models")
    built.data_repository.override(providers.Object(MemoryRepository([walk()])))
    return built


@pytest.mark.parametrize("method", METHODS)
def test_it_trains_is_judged_stored_and_served(container: Container, method: str) -> None:
    request = TrainingRequest(parse(document(METHODS[method])))
    (model,) = container.training_orchestrator().execute(request).models
    artifact = container.model_storage().load(model.stored.reference)
    scores = model.report["members"]
    assert [item["name"] for item in scores][:2] == ["mlp", "gru"]
    verdict = model.report["verdict"]
    for item in scores:
        assert item["difference"] == pytest.approx(item["loss"] - verdict["baseline_loss"])
    assert {"mlp.model.safetensors", "gru.model.safetensors", "mlp.history.json"} <= artifact.blobs.keys()
    assert not list(consistency_problems(artifact))
    assert container.verify_models().execute([model.stored.reference]).valid
    forecast = container.predict().execute(PredictRequest(model.stored.reference, last=5))
    np.testing.assert_allclose(forecast.outputs.sum(axis=1), 1)
    page = artifact.blobs["report.html"].decode()
    assert "Member by member" in page
    assert "The members were trained one by one" in page
    assert "not trained in epochs" not in page
    assert f'<td class="n">{scores[0]["epochs"]}, best {scores[0]["best_epoch"]}</td>' in page
    assert len(json.loads(artifact.blobs["feature_importance.json"])["features"]) == len(
        artifact.manifest.resolved_features
    )


def test_volatility_is_forecast_by_members_that_read_returns_or_inputs_beside_an_ewma(container: Container) -> None:
    network = {"type": "mlp", "architecture": {"hidden_layers": [4]}}
    garch = {"type": "garch", "architecture": {"memory": 50}}
    given = changed("model", {"type": "ensemble", "members": [network, garch], "combine": {"method": "blending"}})
    given = changed("training.labels", {"source": "volatility", "horizon": 5}, given)
    given["decisions"] = {"output_format": "regression"}
    strategy = parse(given)
    assert [member.name for member in strategy.model.members] == ["mlp", "garch", "ewma"]
    assert parse(render(strategy)) == strategy
    (model,) = container.training_orchestrator().execute(TrainingRequest(strategy)).models
    artifact = container.model_storage().load(model.stored.reference)
    assert not list(consistency_problems(artifact))
    losses = {item["name"]: item["loss"] for item in model.report["members"]}
    assert losses.keys() == {"mlp", "garch", "ewma"}
    assert model.report["verdict"]["loss"] < 1.5 * min(losses.values())
    forecast = container.predict().execute(PredictRequest(model.stored.reference, last=5))
    assert (forecast.outputs > 0).all()


def test_it_is_backtested_and_its_importance_is_that_of_the_whole(container: Container) -> None:
    request = TrainingRequest(parse(document(METHODS["voting"])))
    (model,) = container.training_orchestrator().execute(request).models
    found = container.backtest().execute(BacktestRequest("small", "SIM_STOCK", model.stored.reference))
    assert found.as_dict()
    assert any(item["mean"] for item in model.importance["features"])
    shown = show_text(container.show_model().execute(model.stored.reference))
    assert "the ensemble" in shown
    assert "class_shares" in shown


def test_a_pool_of_symbols_has_a_member_of_one_of_them(container: Container) -> None:
    other = walk()
    other = replace(other, symbol="OTHER")
    container.data_repository.override(providers.Object(MemoryRepository([walk(), other])))
    own = {"type": "mlp", "name": "own", "architecture": {"hidden_layers": [4]}, "symbol": "OTHER"}
    given = changed("model", {"type": "ensemble", "members": [*MEMBERS, own]})
    given = changed("training_data.symbols", {"list": ["SIM_STOCK", "OTHER"]}, given)
    request = TrainingRequest(parse(given), mode=Mode.UNIVERSAL, importance=False)
    (model,) = container.training_orchestrator().execute(request).models
    assert [item["name"] for item in model.report["members"]] == ["mlp", "gru", "own", "class_shares"]
    assert not list(consistency_problems(container.model_storage().load(model.stored.reference)))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"hold_out": ("OTHER",)}, "member own is fitted to OTHER, which the model is not trained on: SIM_STOCK"),
        ({"symbol_folds": 2}, "symbol_folds: member own is fitted to OTHER, and one of the folds leaves it out"),
    ],
)
def test_a_member_of_a_symbol_that_is_left_out_is_refused_before_anything_is_trained(
    options: dict[str, Any], said: str
) -> None:
    own = {"type": "mlp", "name": "own", "architecture": {"hidden_layers": [4]}, "symbol": "OTHER"}
    given = changed("model", {"type": "ensemble", "members": [*MEMBERS, own]})
    given = changed("training_data.symbols", {"list": ["SIM_STOCK", "OTHER"]}, given)
    with pytest.raises(InvalidInput) as caught:
        plan_training(TrainingRequest(parse(given), mode=Mode.UNIVERSAL, **options))
    assert str(caught.value) == said
    assert plan_training(TrainingRequest(parse(given), mode=Mode.UNIVERSAL, hold_out=("SIM_STOCK",)))


def test_several_seeds_move_every_member(container: Container) -> None:
    request = TrainingRequest(parse(document(METHODS["voting"])), seeds=2, importance=False)
    (model,) = container.training_orchestrator().execute(request).models
    losses = [item["metrics"]["log_loss"] for item in model.report["seeds"]]
    assert len(set(losses)) == 2
