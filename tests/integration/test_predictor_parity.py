"""A predictor fed bar by bar gives the bits of the batch: features, outputs, decisions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from samples.documents import changed
from samples.features import random_bars
from samples.predictors import Trained, bars_of, feed_of, replayed, train, train_file

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.feature_engineer import PandasFeatureEngineer
from ktrdr.application.preparing.rows import compute_features
from ktrdr.domain.decisions.trading_decision import TradingDecision
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.bars import Bars, from_iso, iso
from ktrdr.domain.market.dating import in_sessions
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

ROOT = Path(__file__).parents[2]
SHIPPED = sorted((ROOT / "strategies").glob("*.yaml"))
OTHERS = {"finer_than_base": "5m", "learnable_sets": "1h", "symbol_context": "15m", "volume_family": "1h"}
LSTM = {"type": "lstm", "architecture": {"sequence_length": 6, "hidden_size": 4, "num_layers": 1}}
OF_RETURNS: dict[str, dict[str, Any]] = {
    "garch": {"type": "garch", "architecture": {"memory": 60}},
    "har": {"type": "har"},
    "hybrid": {
        "type": "hybrid",
        "architecture": {"base": {"type": "ewma", "memory": 60}, "residual": LSTM["architecture"] | {"type": "lstm"}},
        "features": {"include_volume_context": True, "volume_context": {"period": 10}},
    },
}
LAGGED = {"type": "mlp", "architecture": {"hidden_layers": [8]}, "features": {"lookback_periods": 3}}


def five_minutes(count: int = 1500) -> Bars:
    return simulate("SIM_STOCK", Timeframe("5m"), count, 4)


@cache
def shipped(path: Path) -> Trained:
    count = {"mtf_adaptive_momentum": 20_000, "gradient_boosting": 5000, "yardstick": 5000}.get(path.stem, 1500)
    daily = path.stem in {"neuro_mean_reversion", "volatility"}
    return train_file(path, *(() if daily else (five_minutes(count),)))


@cache
def other(name: str) -> Trained:
    bars = [simulate("SIM_STOCK", Timeframe(OTHERS[name]), 4000, 3)]
    if name == "learnable_sets":  # reads the vendor's own bars of both timeframes
        bars.append(resample(bars[0], Timeframe("4h")))
    return train_file(ROOT / f"tests/strategies/{name}.yaml", *bars)


def windows() -> Trained:
    bars = five_minutes()
    kept = np.ones(len(bars), dtype=bool)
    kept[[500, 501, 900]] = False
    return train(changed("model", LSTM), bars.take(kept))


def of_returns(model: dict[str, Any]) -> Trained:
    """A model of volatility, over bars with gaps that break no window of returns, and pauses without any volume."""
    bars = five_minutes()
    bars = replace(bars, volume=np.where(np.arange(len(bars)) % 150 < 30, 0.0, bars.volume))
    kept = np.ones(len(bars), dtype=bool)
    kept[[500, 501, 900, 1480]] = False
    document = changed("decisions", {"output_format": "regression"}, changed("model", model))
    document = changed("training.labels", {"source": "volatility", "window": 6}, document)
    return train(document, bars.take(kept))


def lags() -> Trained:
    return train(changed("model", LAGGED), five_minutes())


def pool() -> Trained:
    """One model of three symbols, of which the one that is served has an RSI of its own."""
    bars = [replace(simulate("SIM_STOCK", Timeframe("5m"), 900, seed), symbol=f"SIM_{seed}") for seed in (1, 2, 3)]
    symbols = {"mode": "multi_symbol", "list": [item.symbol for item in bars]}
    document = changed("training_data.symbols", symbols) | {
        "symbol_overrides": {"SIM_2": {"indicators": {"rsi_14": {"period": 21}}}}
    }
    document = changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], document)
    return train(document, *bars, serve_symbol="SIM_2")


def days_from_sixteen() -> Trained:
    """A market that never closes, whose days begin at 16:00; its weeks are made of them."""
    stamps = from_iso("2020-01-01T16:00:00Z") + 86_400 * 10**9 * np.arange(1400)
    days = random_bars(1400, timeframe="1d", stamps=stamps)
    days = in_sessions(days, sessions_for("24/7", int(stamps[0]), int(stamps[-1])))
    document = changed("training_data.symbols", "TEST")
    frames = {"mode": "multi_timeframe", "list": ["1d", "1w"], "base_timeframe": "1d"}
    document = changed("training_data.timeframes", frames, document)
    document = changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}], document)
    return train(document, days)


def assert_same(said: list[TradingDecision], batch: Any, first: int = 0) -> None:
    served, rows, decided = batch
    assert [item.known_at for item in said] == served.matrix.known_at[rows][first:].tolist()
    features = np.stack([item.features for item in said])
    assert features.dtype == np.float32
    assert features.tobytes() == np.ascontiguousarray(served.matrix.values[rows][first:]).tobytes()
    outputs = np.stack([item.outputs for item in said])
    assert outputs.tobytes() == np.ascontiguousarray(decided.outputs[first:]).tobytes()
    assert [item.signal for item in said] == decided.signals.actions[first:].tolist()


def assert_same_decisions(said: list[TradingDecision], batch: Any, first: int = 0) -> None:
    decided = batch[2].decisions
    assert [item.action for item in said] == decided.actions[first:].tolist()
    assert [item.position for item in said] == decided.positions[first:].tolist()
    assert [item.reason for item in said] == [decided[row].reason for row in range(first, len(decided))]


MODELS: dict[str, Callable[[], Trained]] = {
    **{path.stem: (lambda path=path: shipped(path)) for path in SHIPPED},
    **{name: (lambda name=name: other(name)) for name in OTHERS},
    "windows with gaps": cache(windows),
    **{f"{name} with gaps": cache(partial(of_returns, model)) for name, model in OF_RETURNS.items()},
    "lags": cache(lags),
    "a pool": cache(pool),
    "days from 16:00": cache(days_from_sixteen),
}


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_a_replay_from_the_first_bar_has_the_bits_of_the_batch(model: Callable[[], Trained]) -> None:
    trained = model()
    predictor, batch = trained.predictor(), trained.batch()
    feed = feed_of(bars_of(trained, predictor), predictor.base_timeframe)
    start = max(len(feed) - 800, 0) if len(feed) > 2000 else 0
    for name, bar in feed[:start]:
        predictor.observe(name, bar)
    said = replayed(predictor, feed[start:])
    first = len(batch[1]) - len(said)
    assert said
    assert_same(said, batch, first)
    if not first:
        assert_same_decisions(said, batch)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_restored_it_goes_on_as_if_there_had_been_no_break(model: Callable[[], Trained]) -> None:
    trained = model()
    going_on = trained.predictor()
    bars = bars_of(trained, going_on)
    feed = feed_of(bars, going_on.base_timeframe)
    before = feed[:-150]
    cut = before[-1][1].known_at or 0
    going_on.observe_all({name: item.take(item.known_at <= cut) for name, item in bars.items()})
    rest = [pair for pair in feed if (pair[1].known_at or 0) > cut]
    replayed(going_on, rest[:60])
    fresh = trained.predictor()
    fresh.restore(going_on.state())
    assert fresh.position == going_on.position
    said = replayed(fresh, rest[60:])
    assert_same(said, trained.batch(), len(trained.batch()[1]) - len(said))
    wanted = replayed(going_on, rest[60:])
    facts = [(item.action, item.position, item.reason, item.known_at) for item in wanted]
    assert [(item.action, item.position, item.reason, item.known_at) for item in said] == facts


def test_history_of_the_repository_is_as_good_as_bars_that_were_fed() -> None:
    trained = shipped(ROOT / "strategies/neuro_mean_reversion.yaml")
    feed = feed_of(bars_of(trained, trained.predictor()), "1d")
    until = feed[-150][1].known_at or 0
    fed, given = trained.predictor(), trained.predictor(known_until=iso(until))
    for name, bar in feed[:-149]:
        fed.observe(name, bar)
    one, other = replayed(fed, feed[-149:]), replayed(given, feed[-149:])
    assert [item.known_at for item in one] == [item.known_at for item in other]
    assert [item.outputs.tobytes() for item in one] == [item.outputs.tobytes() for item in other]
    assert [(item.action, item.position) for item in one] == [(item.action, item.position) for item in other]
    assert len(one) == 149


def test_any_feature_engineer_can_serve_live_bars() -> None:
    """One without a stream of its own computes over all bars anew, with the same bits."""
    document = changed("nn_inputs", [{"fuzzy_set": "rsi", "timeframes": "all"}])
    trained = train(document, five_minutes(700), engineer=PandasFeatureEngineer())
    predictor, batch = trained.predictor(), trained.batch()
    bars = bars_of(trained, predictor)["5m"]
    predictor.observe_all({"5m": bars.take(slice(0, len(bars) - 20))})
    assert_same(replayed(predictor, feed_of({"5m": bars}, "5m")[-20:]), batch, len(batch[1]) - 20)


TIE = 1e-3
"""Decisions may differ where a probability is nearer than this to the threshold or to that of another action."""


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_started_at_another_bar_it_agrees_once_it_has_settled(path: Path) -> None:
    trained = shipped(path)
    served, rows, decided = trained.batch()
    predictor = trained.predictor()
    ((name, bars),) = bars_of(trained, predictor).items()
    skipped = 137
    settled = int(served.matrix.base_rows[rows[0]]) + skipped
    predictor.observe_all({name: bars.take(slice(skipped, settled - 5))})
    said = replayed(predictor, feed_of({name: bars}, name)[settled - 5 : settled + 300])
    first = int(np.searchsorted(served.matrix.known_at[rows], said[0].known_at))
    part = slice(first, first + len(said))
    features = np.stack([item.features for item in said])
    worst = np.abs(features - served.matrix.values[rows][part]) / _train_spread(trained)
    assert len(said) > 150
    assert worst.max() < 1e-5
    if decided.outputs.ndim == 1:
        found = np.concatenate([item.outputs for item in said])
        np.testing.assert_allclose(found, decided.outputs[part], rtol=1e-5)
        return
    threshold = served.opened.strategy.decisions.confidence_threshold
    top = np.sort(decided.outputs[part], axis=1)
    clear = (top[:, -1] - top[:, -2] > TIE) & (np.abs(top[:, -1] - threshold) > TIE)
    signals = np.array([item.signal for item in said])
    assert (signals == decided.signals.actions[part])[clear].all()
    assert clear.mean() > 0.9


def _train_spread(trained: Trained) -> np.ndarray:
    """The range of each input column over the train rows; 1 for one that never changes."""
    served = trained.batch()[0]
    columns = [*input_columns(resolve(served.opened.strategy))]
    matrix = compute_features(trained.container.feature_engineer(), columns, served.market)
    spread = np.ptp(matrix.values[matrix.known_at <= from_iso(served.opened.manifest.fitted_until)], axis=0)
    return np.where(spread > 0, spread, 1.0)
