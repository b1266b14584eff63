"""Backtests through the real container: models of every kind, found or named, on bars that they may be tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import changed
from twins.account import Twin

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.use_cases.backtest import BacktestReport, BacktestRequest
from ktrdr.application.use_cases.predict import PredictRequest
from ktrdr.domain.backtest.account import Account
from ktrdr.domain.decisions.run import run as decide_all
from ktrdr.domain.decisions.volume import volume_permits
from ktrdr.domain.errors import InvalidInput, ModelNotFound
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode, TrainingRequest
from ktrdr.entrypoints.container import Container, make_container

BARS = simulate("SIM_STOCK", Timeframe("5m"), 2600, 4)
MARKET = ("ONE_STOCK", "TWO_STOCK", "NEW_STOCK")
MIDDLE = 1500
EAGER = changed(
    "training.labels",
    {"source": "direction", "horizon": 5, "neutral_band": 0.0},
    changed("training.learning_rate", 0.03, changed("decisions.confidence_threshold", 0.0)),
)
"""Up or down; trades on whatever is likelier."""
KINDS: dict[str, dict[str, Any]] = {
    "mlp": EAGER,
    "windows": changed(
        "model",
        {"type": "gru", "architecture": {"sequence_length": 6, "hidden_size": 16, "num_layers": 1, "dropout": 0.0}},
        changed("training", {**EAGER["training"], "batch_size": 32, "learning_rate": 0.01}, EAGER),
    ),
    "regression": changed(
        "training.labels",
        {"source": "forward_return", "horizon": 5},
        changed("decisions", {"output_format": "regression", "cost_model": {"round_trip_cost": 0.0}}),
    ),
    "timeframes": changed(
        "training_data.timeframes",
        {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "5m"},
        changed("indicators.macd_a", {"type": "macd", "fast": 3, "slow": 6, "signal": 3}, EAGER),
    ),
    "short_refused": changed("decisions.allow_short_from_flat", False, EAGER),
    "stateless": changed("decisions.position_awareness", False, EAGER),
}


def container_of(bars: Sequence[Bars], storage: MemoryStorage) -> Container:
    container = make_container()
    container.data_repository.override(providers.Object(MemoryRepository(bars)))
    container.model_storage.override(providers.Object(storage))
    return container


def train(storage: MemoryStorage, document: dict[str, Any], bars: Sequence[Bars]) -> Any:
    orchestrator = container_of(bars, storage).training_orchestrator()
    (model,) = orchestrator.execute(TrainingRequest(parse(document), importance=False)).models
    return storage.load(model.stored.reference).manifest


@pytest.fixture(scope="module")
def trained() -> dict[str, MemoryStorage]:
    storages = {name: MemoryStorage() for name in KINDS}
    for name, storage in storages.items():
        train(storage, KINDS[name], [BARS.take(slice(0, MIDDLE))])
    return storages


def run(storage: MemoryStorage, bars: Bars = BARS, **request: Any) -> BacktestReport:
    wanted = BacktestRequest("small", **{"symbol": "SIM_STOCK", **request})
    return container_of([bars], storage).backtest().execute(wanted)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_trades_what_predict_decides(kind: str, trained: dict[str, MemoryStorage]) -> None:
    account = Account(10_000.0, 0.001, 0.001, 0.5)
    done = run(trained[kind], account=account)
    table, bars = done.result.signals, done.result.bars
    assert len(done.result.strategy.trades) > 0

    twin = Twin(10_000.0, 0.001, 0.001, 0.5).run(bars.open, bars.close, table.position.tolist())
    assert table.equity.to_numpy() == pytest.approx(twin.equity, rel=1e-9)

    request = PredictRequest(done.model.reference, last=len(done.result.course.places))
    forecast = container_of([BARS], trained[kind]).predict().execute(request)
    assert bars.stamps[done.result.course.places].tolist() == forecast.matrix.stamps.tolist()
    assert done.result.course.outputs.tobytes() == forecast.outputs.tobytes()
    settings, rows = parse(forecast.manifest.strategy).decisions, forecast.matrix.base_rows
    permits = volume_permits(BARS.volume, settings.volume_filter)[rows]
    _, from_flat = decide_all(forecast.signals, rows, settings, permits)
    assert done.result.course.decisions.positions.tolist() == from_flat.positions.tolist()


@pytest.mark.parametrize("kind", ["mlp", "windows", "timeframes"])
def test_no_line_of_the_signals_depends_on_later_bars(kind: str, trained: dict[str, MemoryStorage]) -> None:
    whole, shorter = run(trained[kind]).result, run(trained[kind], BARS.take(slice(0, 2200))).result
    rows = len(shorter.bars)
    assert rows < len(whole.bars)
    for name in ("signals", "equity"):
        assert getattr(whole, name)[:rows].equals(getattr(shorter, name))


def test_an_end_cuts_the_bars_and_nothing_else(trained: dict[str, MemoryStorage]) -> None:
    whole = run(trained["mlp"]).result.signals
    day = iso(BARS.stamps[2200])[:10]
    cut = run(trained["mlp"], end=day).result.signals
    assert str(cut.timestamp.iloc[-1])[:10] == day
    assert whole[: len(cut)].equals(cut)


def test_it_begins_after_what_chose_the_model_and_marks_what_was_judged(trained: dict[str, MemoryStorage]) -> None:
    done = run(trained["mlp"])
    manifest, known = done.manifest, [iso(moment) for moment in done.result.bars.known_at[:1]]
    assert known[0] > manifest.selected_until
    assert done.span.marks == ("already judged",)
    assert done.span.judged_bars == sum(iso(at) <= manifest.judged_until for at in done.result.bars.known_at) > 0
    assert any("already judged" in note for note in done.notes)
    facts = done.as_dict()
    assert facts["model"]["reason"] == "the model of SIM_STOCK itself"
    assert facts["trades"] == len(done.result.trades)


def test_a_start_before_that_is_refused_unless_in_sample(trained: dict[str, MemoryStorage]) -> None:
    early = iso(BARS.stamps[300])
    for named in ({}, {"model": "small/SIM_STOCK_5m_latest"}):
        with pytest.raises(InvalidInput, match="--in-sample"):
            run(trained["mlp"], start=early, **named)
    done = run(trained["mlp"], start=early, in_sample=True)
    assert done.result.bars.stamps[0] == BARS.stamps[300]
    assert done.span.marks == ("in sample", "already judged")


def test_the_model_is_the_newest_that_was_chosen_before_the_start() -> None:
    storage = MemoryStorage()
    older = train(storage, EAGER, [BARS.take(slice(0, MIDDLE))])
    train(storage, EAGER, [BARS])
    assert run(storage).model.reference == "small/SIM_STOCK_5m_v2"
    done = run(storage, start=iso(BARS.stamps[MIDDLE]))
    assert (done.model.reference, done.span.marks) == ("small/SIM_STOCK_5m_v1", ())
    assert older.judged_until < iso(done.result.bars.known_at[0])
    assert any("passed over: small/SIM_STOCK_5m_v2 was chosen by bars" in note for note in done.notes)
    assert run(storage, start=iso(BARS.stamps[MIDDLE]), in_sample=True).model.reference == "small/SIM_STOCK_5m_v2"


def test_a_named_model_must_be_one_of_the_strategy(trained: dict[str, MemoryStorage]) -> None:
    done = run(trained["mlp"], symbol=None, model="small/SIM_STOCK_5m_latest")
    assert done.model.reference == "small/SIM_STOCK_5m_v1"
    assert done.as_dict()["model"]["reason"] == "it was asked for by name"
    container = container_of([BARS], trained["mlp"])
    with pytest.raises(InvalidInput, match=r"is a model of 'small', not of 'other'"):
        container.backtest().execute(BacktestRequest("other", model="small/SIM_STOCK_5m_v1"))
    with pytest.raises(InvalidInput, match=r"is for 5m bars, not for 1h"):
        run(trained["mlp"], model="small/SIM_STOCK_5m_v1", timeframe="1h")
    with pytest.raises(ModelNotFound, match=r"no model of strategy 'smal'.*did you mean 'small'"):
        container.backtest().execute(BacktestRequest("smal", "SIM_STOCK"))
    with pytest.raises(InvalidInput, match="needs a symbol"):
        run(trained["mlp"], symbol=None)


def test_a_symbol_that_the_model_may_not_serve_is_refused(trained: dict[str, MemoryStorage]) -> None:
    other = replace(BARS, symbol="OTHER")
    with pytest.raises(InvalidInput, match="may not serve OTHER"):
        run(trained["mlp"], other, symbol="OTHER", model="small/SIM_STOCK_5m_v1")
    with pytest.raises(ModelNotFound, match="serves OTHER 5m"):
        run(trained["mlp"], other, symbol="OTHER")


def test_models_for_several_timeframes_need_to_be_told_apart() -> None:
    storage, hours = MemoryStorage(), resample(simulate("SIM_CRYPTO", Timeframe("5m"), 20_000, 1), Timeframe("1h"))
    hourly = changed("training_data.timeframes", "1h", changed("training_data.symbols", "SIM_CRYPTO", EAGER))
    hourly["nn_inputs"][1]["timeframes"] = "all"
    train(storage, hourly, [hours])
    assert run(storage, hours, symbol="SIM_CRYPTO").result.periods == pytest.approx(24 * 365.2425, rel=1e-3)
    train(storage, EAGER, [BARS])
    with pytest.raises(InvalidInput, match=r"are for 5m, 1h bars; give a timeframe"):
        run(storage)
    assert run(storage, timeframe="5m").model.reference == "small/SIM_STOCK_5m_v1"


def test_a_universal_model_trades_each_of_its_symbols_and_a_similar_one_stands_in() -> None:
    storage = MemoryStorage()
    bars = [replace(simulate(name, Timeframe("5m"), 1200, seed), symbol=name) for seed, name in enumerate(MARKET)]
    pooled = changed("training_data.symbols", list(MARKET[:2]), EAGER)
    request = TrainingRequest(parse(pooled), mode=Mode.UNIVERSAL, importance=False)
    container = container_of(bars, storage)
    container.training_orchestrator().execute(request)
    for symbol in MARKET[:2]:
        done = container.backtest().execute(BacktestRequest("small", symbol))
        assert (done.model.reference, done.result.bars.symbol) == ("small/universal_v1", symbol)
        assert "among the symbols that it was trained on" in done.model.reason
    with pytest.raises(
        InvalidInput, match=r"was trained on 2 symbols \(ONE_STOCK, TWO_STOCK\); say which one \(--symbol\)"
    ):
        container.backtest().execute(BacktestRequest("small", model="small/universal_v1"))
    with pytest.raises(ModelNotFound, match="serves NEW_STOCK 5m"):
        container.backtest().execute(BacktestRequest("small", "NEW_STOCK"))

    bounded = changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], pooled)  # macd has the units of a price
    del bounded["fuzzy_sets"]["macd"], bounded["indicators"]["macd_a"]
    alone = changed("training_data.symbols", "ONE_STOCK", bounded)
    container.training_orchestrator().execute(TrainingRequest(parse(alone), importance=False))
    done = container.backtest().execute(BacktestRequest("small", "NEW_STOCK"))
    assert (done.model.reference, done.model.stands_in) == ("small/ONE_STOCK_5m_v1", True)
    assert "most similar symbol" in done.as_dict()["model"]["reason"]


def test_what_asks_for_no_trade_can_not_be_backtested() -> None:
    storage = MemoryStorage()
    document = changed("training.labels", {"source": "volatility", "window": 10}, KINDS["regression"])
    train(storage, document, [BARS.take(slice(0, MIDDLE))])
    with pytest.raises(InvalidInput, match=r"volatility\) asks for no trades"):
        run(storage)


def test_bars_without_a_whole_window_keep_the_position(trained: dict[str, MemoryStorage]) -> None:
    kept = np.ones(len(BARS), dtype=bool)
    kept[2000:2003] = False
    done = run(trained["windows"], BARS.take(kept))
    table = done.result.signals
    missing = table.probability_up.isna().to_numpy()
    assert missing.sum() == 5  # behind the hole, until six rows stand in a row
    assert set(table.decision[missing]) == {"hold"}
    before = int(np.flatnonzero(missing)[0]) - 1
    assert table.position[missing].tolist() == [table.position[before]] * 5
    assert any("5 of" in note and "could not be predicted" in note for note in done.notes)


def test_where_nothing_is_traded_the_reason_is_said() -> None:
    storage = MemoryStorage()
    train(storage, changed("decisions.confidence_threshold", 1.0, EAGER), [BARS.take(slice(0, MIDDLE))])
    done = run(storage)
    highest = done.result.course.outputs.max()
    assert done.result.intervals.missing == "nothing was traded"
    said = f"no probability of buy or sell reached the confidence threshold of 1; the highest was {highest:.4g}"
    assert f"nothing was traded: {said}" in done.as_dict()["notes"]


def test_where_something_is_traded_no_reason_is_said(trained: dict[str, MemoryStorage]) -> None:
    assert not any("nothing was traded" in note for note in run(trained["mlp"]).notes)


def test_a_day_after_the_last_bar_leaves_nothing(trained: dict[str, MemoryStorage]) -> None:
    with pytest.raises(InvalidInput, match="needs 2 bars, and 0 are left"):
        run(trained["mlp"], start=iso(BARS.stamps[-1] + NS_PER_DAY))
    with pytest.raises(InvalidInput, match="can not start on 2024-01-02 and end on 2024-01-01"):
        BacktestRequest("small", start="2024-01-02", end="2024-01-01")
