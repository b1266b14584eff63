"""The average of the models that a strategy has of many symbols."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.predictors import feed_of, replayed

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.serving.predictor import Predictor
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.application.use_cases.open_predictor import PredictorRequest
from ktrdr.application.use_cases.predict import Forecast, PredictRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.decisions.trading_decision import TradingDecision
from ktrdr.domain.errors import InvalidInput, ModelNotFound
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.container import Container, make_container

SYMBOLS = ["ONE_STOCK", "TWO_STOCK"]
MARKET = repository_of("simulated", [*SYMBOLS, "NEW_STOCK"], Timeframe("5m"), bars=700)
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


def bars_of(symbol: str) -> Bars:
    return MARKET.load(symbol, Timeframe("5m"))


def live(container: Container, symbol: str = "NEW_STOCK", **more: Any) -> Predictor:
    request = PredictorRequest("small", symbol, timeframe="5m", ensemble=True, **more)
    return container.open_predictor().execute(request)


def assert_same(said: list[TradingDecision], batch: Forecast) -> None:
    """Features, outputs and decisions of the newest rows, bit for bit."""
    newest = slice(len(batch.outputs) - len(said), None)
    assert [item.known_at for item in said] == batch.matrix.known_at[newest].tolist()
    outputs = np.stack([item.outputs for item in said])
    assert outputs.tobytes() == np.ascontiguousarray(batch.outputs[newest]).reshape(outputs.shape).tobytes()
    assert [item.signal for item in said] == batch.signals.actions[newest].tolist()
    assert [item.action for item in said] == batch.decisions.actions[newest].tolist()
    assert [item.position for item in said] == batch.decisions.positions[newest].tolist()


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


LSTM = {"type": "lstm", "architecture": {"sequence_length": 5, "hidden_size": 4, "num_layers": 1}}


@pytest.mark.parametrize("more", [{}, REGRESSION, {"model": LSTM}], ids=["classes", "value", "windows"])
def test_an_ensemble_has_live_the_bits_of_the_batch_restarts_included(
    container: Container, more: dict[str, Any]
) -> None:
    written = document(**{name: value for name, value in more.items() if name != "model"})
    train(container, written | {"model": more.get("model", written["model"])})
    batch = container.predict().execute(replace(asked(), last=10_000))
    feed = feed_of({"5m": bars_of("NEW_STOCK")}, "5m")
    going_on, fresh = live(container), live(container)
    assert going_on.live.reference == "small/ensemble_5m"
    assert going_on.live.reason == "the average of 2 models: small/ONE_STOCK_5m_v1, small/TWO_STOCK_5m_v1"
    said = replayed(going_on, feed[:-60])
    fresh.restore(going_on.state())
    assert_same([*said, *replayed(fresh, feed[-60:])], batch)
    assert len(said) > 300


def test_nine_members_that_foresee_values_are_added_in_one_order(container: Container) -> None:
    """A sum over an axis adds eight at a time where there is one row, and one after the other where there are many."""
    names = [f"N{number}_STOCK" for number in range(9)]
    market = repository_of("simulated", names, Timeframe("5m"), bars=400)
    container.data_repository.override(providers.Object(market))
    written = document(**REGRESSION)
    written["training_data"]["symbols"] = names
    train(container, written)
    batch = container.predict().execute(replace(asked(names[0]), last=10_000))
    said = replayed(live(container, names[0]), feed_of({"5m": market.load(names[0], Timeframe("5m"))}, "5m"))
    assert_same(said, batch)


def test_a_saved_state_fits_its_own_ensemble_alone(container: Container) -> None:
    (first, _) = train(container, document())
    predictor = live(container, "ONE_STOCK")
    predictor.observe_all({"5m": bars_of("ONE_STOCK").take(slice(0, 300))})
    state = predictor.state()
    live(container, "ONE_STOCK").restore(state)
    member = container.open_predictor().execute(PredictorRequest(first, "ONE_STOCK"))
    with pytest.raises(InvalidInput, match="state of another predictor"):
        member.restore(state)
    train(container, document(seed=5))
    with pytest.raises(InvalidInput, match="state of another predictor"):
        live(container, "ONE_STOCK").restore(state)


def backtest(container: Container, **more: Any) -> Any:
    request = {"strategy": "small", "symbol": "NEW_STOCK", "timeframe": "5m", "ensemble": True} | more
    return container.backtest().execute(BacktestRequest(**request))


def test_an_ensemble_trades_on_bars_that_chose_none_of_its_members(container: Container) -> None:
    references = train(container, document())
    done = backtest(container)
    manifests = [container.model_storage().load(one).manifest for one in references]
    selected = max(one.selected_until for one in manifests)
    known_at = bars_of("NEW_STOCK").known_at
    first = np.searchsorted(known_at, done.result.bars.known_at[0])
    assert iso(known_at[first]) > selected >= iso(known_at[first - 1])
    said = done.as_dict()
    assert said["model"] == {
        "path": "",
        "reference": "small/ensemble_5m",
        "version": 0,
        "reason": f"the average of 2 models: {', '.join(references)}",
        "members": references,
    }
    assert said["span"]["judged_until"] == max(one.judged_until for one in manifests)
    assert any("judged" in mark for mark in said["span"]["marks"])
    batch = container.predict().execute(replace(asked(), last=10_000))
    signals = done.result.signals
    outputs = signals[[f"probability_{name}" for name in batch.target.classes]].to_numpy()
    np.testing.assert_array_equal(outputs, batch.outputs[-len(outputs) :])


def test_a_backtest_of_an_ensemble_looks_for_members_from_before_its_start(container: Container) -> None:
    train(container, document())
    with pytest.raises(InvalidInput, match=r"no model was chosen before .* a backtest of small/ensemble_5m from there"):
        backtest(container, start=iso(bars_of("NEW_STOCK").stamps[100]))
    assert backtest(container, start=iso(bars_of("NEW_STOCK").stamps[100]), in_sample=True).span.in_sample_bars
    with pytest.raises(InvalidInput, match="ensemble chooses among the models of a strategy"):
        backtest(container, model="small/ONE_STOCK_5m_v1")


def test_members_must_read_the_same_windows(container: Container) -> None:
    for symbol, broken in zip(SYMBOLS, (False, True), strict=True):
        written = document() | {"model": {**LSTM, "architecture": {**LSTM["architecture"], "break_at_session": broken}}}
        written["training_data"]["symbols"] = symbol
        train(container, written)
    with pytest.raises(InvalidInput, match="it reads another window"):
        container.predict().execute(asked())


def test_members_must_decide_alike_for_a_symbol_that_is_none_of_theirs(container: Container) -> None:
    """Where the symbol has a model of its own among them, that one's thresholds decide."""
    one = document(decisions={"output_format": "classification", "confidence_threshold": 0.34})
    one["training_data"]["symbols"] = SYMBOLS[0]
    other = document(decisions={"output_format": "classification", "confidence_threshold": 0.99})
    other["training_data"]["symbols"] = SYMBOLS[1]
    train(container, one)
    train(container, other)
    with pytest.raises(InvalidInput, match="its strategy says otherwise: decisions"):
        container.predict().execute(asked())
    mine, theirs = (container.predict().execute(asked(symbol)) for symbol in SYMBOLS)
    assert set(theirs.signals.actions) == {"hold"} != set(mine.signals.actions)
