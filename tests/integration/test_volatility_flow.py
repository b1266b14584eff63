"""Models of volatility from the strategy to the report: what is read, refused, warned about and stored."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from dependency_injector import providers
from samples.documents import DELETE, changed

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.serving.unseen import BacktestRequest
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.artifacts.consistency import consistency_problems
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.problems import InvalidStrategy
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.render import render
from ktrdr.entrypoints.container import Container, make_container

BARS = simulate("SIM_STOCK", Timeframe("5m"), 1500, 4)


def document(model: dict[str, Any], **labels: Any) -> dict[str, Any]:
    result = changed("model", model)
    for name in ("indicators", "fuzzy_sets", "nn_inputs"):
        result = changed(name, DELETE, result)
    result["decisions"] = {"output_format": "regression"}
    result["training"] = {
        "labels": {"source": "volatility", "window": 6} | labels,
        "data_split": {"train": 0.7, "validation": 0.15, "test": 0.15},
    }
    return result


def container_of(*bars: Any) -> Container:
    container = make_container()
    container.data_repository.override(providers.Object(MemoryRepository(list(bars or (BARS,)))))
    container.model_storage.override(providers.Object(MemoryStorage()))
    return container


@pytest.mark.parametrize("name", ["garch", "ewma", "har"])
def test_a_strategy_without_inputs_is_read_written_and_read_again(name: str) -> None:
    strategy = parse(document({"type": name}))
    assert [feature.id for feature in resolve(strategy)] == ["5m_log_return", "5m_symbol_code"]
    assert not strategy.warnings
    again = parse(render(strategy))
    assert again == strategy
    assert not again.warnings


def test_inputs_before_a_model_of_returns_alone_are_warned_about() -> None:
    given = changed("decisions", {"output_format": "regression"}, changed("model", {"type": "har"}))
    given["training"] = document({"type": "har"})["training"]
    strategy = parse(given)
    assert any("nn_inputs" in str(problem) and "har reads the returns" in str(problem) for problem in strategy.warnings)
    assert len(resolve(strategy)) == 2


@pytest.mark.parametrize("name", ["garch", "hybrid"])
def test_other_labels_are_refused_with_what_to_write(name: str) -> None:
    given = document({"type": name})
    given["training"]["labels"] = {"source": "forward_return"}
    with pytest.raises(InvalidStrategy, match=r"fits labels of volatility alone.*source: volatility"):
        parse(given)


def test_qlike_may_decide_on_volatilities_alone() -> None:
    given = document({"type": "har"})
    given["training"]["fitness_metrics"] = {"primary": "qlike"}
    assert parse(given).training["fitness_metrics.primary"] == "qlike"
    other = changed("training.fitness_metrics", {"primary": "qlike"})
    assert any("qlike" in str(problem) for problem in parse(other).warnings)


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("garhc", "model type"),
        ({"type": "garch", "pp": 1}, "'pp' is no key of garch"),
        ({"type": "garch", "p": 9}, "p 9 is out of bounds"),
        ({"type": "garch", "memory": 10, "p": 5, "distribution": "cauchy"}, "distribution"),
    ],
)
def test_a_wrong_member_of_a_hybrid_is_refused(base: Any, said: str) -> None:
    with pytest.raises(InvalidStrategy, match=said):
        parse(document({"type": "hybrid", "architecture": {"base": base}}))


def test_trained_it_says_its_parameters_is_judged_by_both_losses_and_predicts_but_does_not_trade() -> None:
    container = container_of()
    request = TrainingRequest(parse(document({"type": "garch", "architecture": {"memory": 60}})))
    (model,) = container.training_orchestrator().execute(request).models
    assert any("SIM_STOCK: garch" in note for note in model.notes)
    assert any("fewer than 60 rows stand before them" in note and "break" not in note for note in model.notes)
    assert {"ewma", "har", "known_part", "last_known_target"} <= model.report["baselines"].keys()
    assert model.report["beside"]["metric"] == "qlike"
    artifact = container.model_storage().load(model.stored.reference)
    assert list(consistency_problems(artifact)) == []
    forecast = container.predict().execute(PredictRequest(model.stored.reference, last=3))
    assert (forecast.outputs > 0).all()
    with pytest.raises(InvalidInput, match="asks for no trades"):
        container.backtest().execute(BacktestRequest("small", "SIM_STOCK", model=model.stored.reference))


def test_a_symbol_that_looks_another_number_of_bars_ahead_is_refused() -> None:
    bars = [BARS, replace(simulate("SIM_STOCK", Timeframe("5m"), 900, 5), symbol="OTHER")]
    given = document({"type": "ewma", "architecture": {"memory": 60}})
    given["training_data"]["symbols"] = ["SIM_STOCK", "OTHER"]
    given["scope"] = "universal"
    given["symbol_overrides"] = {"OTHER": {"labels": {"window": 9}}}
    with pytest.raises((InvalidInput, InvalidStrategy), match="would look 9 bars ahead"):
        container_of(*bars).training_orchestrator().execute(TrainingRequest(parse(given)))
