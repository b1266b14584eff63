"""The average of the models that a strategy has of many symbols."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed

from ktrdr.adapters.data.simulated import SimulatedRepository
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.errors import InvalidInput, ModelNotFound
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.plan import Mode
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK"]
MARKET = SimulatedRepository([*SYMBOLS, "NEW_STOCK"], Timeframe("5m"), bars=700)
REGRESSION: dict[str, Any] = {
    "decisions": {"output_format": "regression"},
    "labels": {"source": "forward_return", "horizon": 5},
}


def document(mode: str = "universal", **more: Any) -> dict[str, Any]:
    written = changed("training_data", {"symbols": SYMBOLS, "timeframes": "5m", "history_required": 50})
    written["indicators"] = {**written["indicators"], "roc_a": {"type": "roc"}}
    written["nn_inputs"] = [*written["nn_inputs"], {"raw_indicator": "roc_a", "normalization": "zscore"}]
    written["training"] |= {"epochs": 2, "batch_size": 64} | {k: v for k, v in more.items() if k != "decisions"}
    written["decisions"] = more.get("decisions", written["decisions"])
    written["deployment"] = {"target_symbols": {"mode": mode}}
    return written


@pytest.fixture
def container() -> Container:
    built = make_container()
    built.data_repository.override(providers.Object(MARKET))
    built.model_storage.override(providers.Object(MemoryStorage()))
    return built


def train(container: Container, written: dict[str, Any]) -> list[str]:
    request = TrainingRequest(parse(written), importance=False, mode=Mode.MULTI)
    result = container.training_orchestrator().execute(request)
    assert not result.failures, result.failures
    return [model.stored.reference for model in result.models]


def asked(symbol: str = "NEW_STOCK", **more: Any) -> PredictRequest:
    return PredictRequest("small", symbol, last=40, timeframe="5m", ensemble=True, **more)


@pytest.mark.parametrize("more", [{}, {"class_weights": "balanced"}, REGRESSION], ids=["classes", "weighted", "value"])
def test_an_ensemble_says_the_average_of_its_members(container: Container, more: dict[str, Any]) -> None:
    references = train(container, document(**more))
    alone = [container.predict().execute(PredictRequest(one, "NEW_STOCK", last=40)) for one in references]
    together = container.predict().execute(asked())
    expected = np.mean([one.outputs for one in alone], axis=0)
    np.testing.assert_allclose(together.outputs, expected, rtol=1e-9, atol=1e-15)
    assert not np.allclose(alone[0].outputs, alone[1].outputs)
    assert together.reason == "the average of 2 models: small/ONE_STOCK_5m_v1, small/TWO_STOCK_5m_v1"
    assert together.manifest.training_symbols == SYMBOLS
    assert together.manifest.selected_until == max(one.manifest.selected_until for one in alone)


def test_the_newest_version_of_each_symbol_counts(container: Container) -> None:
    train(container, document())
    train(container, document(seed=5))
    reason = container.predict().execute(asked()).reason
    assert reason == "the average of 2 models: small/ONE_STOCK_5m_v2, small/TWO_STOCK_5m_v2"


@pytest.mark.parametrize("older", SYMBOLS)
def test_members_of_before_and_after_bars_were_counted_from_a_publication_are_averaged(
    older: str, container: Container
) -> None:
    """An older manifest counts bars alone; the most that any member asks for holds for all."""
    known_at = MARKET.load("ONE_STOCK", Timeframe("5m")).known_at[::7]
    series = ContextSeries("fred", "X", known_at, {"close": np.sin(np.arange(len(known_at)))})
    bars = [MARKET.load(symbol, Timeframe("5m")) for symbol in (*SYMBOLS, "NEW_STOCK")]
    container.data_repository.override(providers.Object(MemoryRepository(bars, context=[series])))
    written = document()
    written["context_data"] = [{"provider": "fred", "series": "X"}]
    written["indicators"]["roc_a"] = {"type": "ema", "period": 3, "data_source": "X"}
    train(container, written)
    storage = container.model_storage()
    found = storage.load(f"small/{older}_5m_latest")
    bars_alone = {key: bars for key, bars in found.manifest.settled_history.items() if "published" not in key}
    assert bars_alone.keys() < found.manifest.settled_history.keys()
    before = container.predict().execute(asked())
    storage.publish(replace(found, manifest=replace(found.manifest, settled_history=bars_alone)))
    after = container.predict().execute(asked())
    np.testing.assert_array_equal(after.outputs, before.outputs)


def test_as_of_leaves_out_what_was_chosen_later(container: Container) -> None:
    train(container, document())
    with pytest.raises(ModelNotFound, match="at least two symbols, found 0; none was chosen before 2000-01-01"):
        container.predict().execute(asked(as_of="2000-01-01"))


def test_deployment_counts_for_ensembles_too(container: Container) -> None:
    train(container, document("training_only"))
    assert len(container.predict().execute(asked("TWO_STOCK")).outputs) == 40
    with pytest.raises(InvalidInput, match="may not serve NEW_STOCK"):
        container.predict().execute(asked())


def test_models_that_differ_can_not_be_averaged(container: Container) -> None:
    one = document()
    one["training_data"]["symbols"] = SYMBOLS[0]
    other = {**document(), "indicators": {**document()["indicators"], "roc_a": {"type": "roc", "period": 11}}}
    other["training_data"] = {**other["training_data"], "symbols": SYMBOLS[1]}
    train(container, one)
    with pytest.raises(ModelNotFound, match="at least two symbols, found 1"):
        container.predict().execute(asked())
    train(container, other)
    with pytest.raises(InvalidInput, match="can not be averaged with small/ONE_STOCK_5m_v1: feature"):
        container.predict().execute(asked())


def test_one_model_is_no_ensemble(container: Container) -> None:
    with pytest.raises(InvalidInput, match="is one model"):
        PredictRequest("small/ONE_STOCK_5m_v1", "ONE_STOCK", ensemble=True)
    with pytest.raises(InvalidInput, match=r"give a symbol \(--symbol\)"):
        container.predict().execute(replace(asked(), symbol=None))
    with pytest.raises(InvalidInput, match="prefer chooses one model; an ensemble is the average of several"):
        asked(prefer="symbol")
