"""Every labeler against its plain loop, on random bars; see `label_twins`."""

import itertools

import numpy as np
import pytest
from twins.labels import (
    bar_volatility_twin,
    context_twin,
    cusum_twin,
    direction_twin,
    market_regime_twin,
    regime_twin,
    risk_adjusted_twin,
    triple_barrier_twin,
    volatility_twin,
)

from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.labels import market_regime as market_regime_module
from ktrdr.domain.labels.cusum import cusum_events
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.touches import bars_below
from ktrdr.domain.labels.trailing import bar_volatility
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

HOUR = 3600 * 10**9


def path_of(n, seed, volatility=0.01):
    """Open, high, low, close with gaps, long shadows, calm and wild stretches."""
    rng = np.random.default_rng(seed)
    wild = volatility * np.where(np.arange(n) // 40 % 4 == 3, 4, 1)
    close = 100 * np.exp(np.cumsum(rng.normal(0, wild)))
    opens = np.append(100.0, close[:-1]) * np.exp(rng.normal(0, wild))
    high = np.maximum(opens, close) * np.exp(rng.exponential(wild))
    low = np.minimum(opens, close) * np.exp(-rng.exponential(wild))
    return opens, high, low, close


def bars_of(path, step=HOUR, timeframe="1h"):
    stamps = np.arange(len(path[3]), dtype=np.int64) * step
    return Bars("X", Timeframe(timeframe), stamps, *path, np.zeros(len(stamps)))


def lists(path):
    return tuple(values.tolist() for values in path)


def pairs(labels):
    rows = zip(labels.values.tolist(), labels.end_rows.tolist(), labels.defined.tolist(), strict=True)
    return [(value, end) if defined else None for value, end, defined in rows]


@pytest.mark.parametrize("limit", [1, 2, 7, 8, 100])
def test_bars_below_counts_until_the_level_is_reached(limit):
    rng = np.random.default_rng(limit)
    values, levels = rng.integers(0, 9, 300).astype(float), rng.integers(4, 11, 300).astype(float)
    expected = [
        next((k for k, value in enumerate(values[row + 1 : row + 1 + limit]) if value >= levels[row]), limit)
        for row in range(300)
    ]
    assert bars_below(values, levels, limit).tolist() == expected


def test_bars_below_does_not_depend_on_its_blocks():
    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=70_000))
    whole = bars_below(values, values + 20, 3000)
    for row in rng.integers(0, 70_000, 300).tolist():
        later = np.flatnonzero(values[row + 1 : row + 3001] >= values[row] + 20)
        assert whole[row] == (later[0] if len(later) else 3000)


@pytest.mark.parametrize("method", ["atr", "close"])
def test_the_volatility_of_a_bar_is_the_weighted_mean_written_out(method):
    path = path_of(120, 1)
    _, high, low, close = lists(path)
    expected = [np.nan if v is None else v for v in bar_volatility_twin(high, low, close, 10, method)]
    np.testing.assert_allclose(bar_volatility(bars_of(path), 10, method), expected, rtol=1e-9)


BARRIERS = list(itertools.product(["hold", "sign", "band"], ["long", "both"], ["close", "next_open"], ["atr", "close"]))


@pytest.mark.parametrize(("expiry", "side", "entry", "method"), BARRIERS)
@pytest.mark.parametrize(("target", "stop"), [(2.0, 1.5), (0.7, 1.6), (1.0, 1.0)])
def test_triple_barrier(expiry, side, entry, method, target, stop):
    path = path_of(400, len(expiry) + len(side) + len(entry))
    opens, high, low, close = lists(path)
    settings = {
        "pt_multiplier": target, "sl_multiplier": stop, "max_holding_period": 9, "vol_span": 12, "vol_method": method,
        "expiry": expiry, "side": side, "entry": entry,
    }  # fmt: skip
    for scale, factor in (("horizon", 4.5**0.5), ("bar", 1.0)):
        width = [vol and vol * factor for vol in bar_volatility_twin(high, low, close, 12, method)]
        found = label(bars_of(path), "triple_barrier", settings | {"scale": scale})
        assert pairs(found) == triple_barrier_twin((opens, high, low, close), width, settings)
        assert found.defined.sum() > 300


def test_the_shortest_and_a_very_long_holding_period():
    path = path_of(300, 5)
    opens, high, low, close = lists(path)
    for holding in (1, 5000):
        settings = find_label("triple_barrier").complete({"max_holding_period": holding, "side": "both"})
        width = [vol and vol * (holding / 2) ** 0.5 for vol in bar_volatility_twin(high, low, close, 50, "atr")]
        found = label(bars_of(path), "triple_barrier", settings)
        assert pairs(found) == triple_barrier_twin((opens, high, low, close), width, settings)


@pytest.mark.parametrize("threshold", [0.002, 0.01, 0.05, 0.4])
def test_cusum_events_of_a_constant_threshold(threshold):
    prices = np.log(path_of(3000, 7)[3])
    found = cusum_events(prices, np.full(3000, threshold))
    assert found.tolist() == cusum_twin(prices.tolist(), [threshold] * 3000)
    assert len(found)


def test_cusum_events_of_a_threshold_that_changes_at_every_bar():
    rng = np.random.default_rng(3)
    prices = np.log(path_of(3000, 3)[3])
    thresholds = rng.uniform(0.005, 0.05, 3000)
    thresholds[:40] = np.nan
    expected = cusum_twin(prices.tolist(), [None if np.isnan(value) else value for value in thresholds])
    assert cusum_events(prices, thresholds).tolist() == expected


def test_cusum_events_that_are_far_apart():
    drift = np.linspace(0, 1, 30_000)  # steps of 1 / 29,999: no rise of 0.1 within 1,023 bars
    found = cusum_events(drift, np.full(30_000, 0.1))
    assert found.tolist() == cusum_twin(drift.tolist(), [0.1] * 30_000)
    assert np.diff(found).min() > 2500
    assert cusum_events(np.zeros(5000), np.full(5000, 0.1)).tolist() == []
    assert cusum_events(np.zeros(0), np.zeros(0)).tolist() == []


def test_only_events_have_a_label_and_it_is_the_one_without_the_filter():
    path = path_of(600, 11)
    bars = bars_of(path)
    every = label(bars, "triple_barrier", {"vol_span": 20})
    for chosen, thresholds in (
        ({"cusum_threshold": 0.03}, [0.03] * 600),
        ({"cusum_multiplier": 1.5}, [v and 1.5 * v for v in bar_volatility_twin(*lists(path)[1:], 20, "atr")]),
    ):
        events = cusum_twin(np.log(path[3]).tolist(), thresholds)
        found = label(bars, "triple_barrier", {"vol_span": 20, **chosen})
        expected = [pair if row in set(events) else None for row, pair in enumerate(pairs(every))]
        assert pairs(found) == expected
        assert 10 < found.defined.sum() < 400


@pytest.mark.parametrize("entry", ["close", "next_open"])
@pytest.mark.parametrize("horizon", [1, 6])
def test_direction_and_context(entry, horizon):
    path = path_of(300, horizon)
    opens, _, _, close = lists(path)
    found = label(bars_of(path), "direction", {"horizon": horizon, "neutral_band": 0.004, "entry": entry})
    assert pairs(found) == direction_twin(close, opens, horizon, 0.004, entry)
    thresholds = {"bullish_threshold": 0.01, "bearish_threshold": -0.002}
    found = label(bars_of(path), "context", {"horizon": horizon, "entry": entry, **thresholds})
    assert pairs(found) == context_twin(close, opens, horizon, 0.01, -0.002, entry)


@pytest.mark.parametrize("window", [2, 20])
def test_volatility(window):
    path = path_of(200, window)
    found = label(bars_of(path), "volatility", {"window": window})
    expected = volatility_twin(path[3].tolist(), window)
    assert [pair and pair[1] for pair in pairs(found)] == [pair and pair[1] for pair in expected]
    np.testing.assert_allclose(found.values[found.defined], [pair[0] for pair in expected if pair], rtol=1e-9)


@pytest.mark.parametrize("classes", [3, 5])
@pytest.mark.parametrize("entry", ["close", "next_open"])
def test_risk_adjusted(classes, entry):
    path = path_of(500, classes)
    settings = {"horizon": 5, "classes": classes, "vol_window": 20, "entry": entry}
    found = label(bars_of(path), "risk_adjusted", settings)
    assert pairs(found) == risk_adjusted_twin(path[3].tolist(), path[0].tolist(), settings)
    assert len(found.class_shares()) == classes
    assert min(found.class_shares().values()) > 0.02


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("source", "settings"), [("risk_adjusted", {"vol_window": 60}), ("regime", {"vol_lookback": 60})]
)
def test_a_market_that_stands_still_has_no_volatility_whatever_stood_before(source, settings, seed):
    """Every price of rows 500 to 699 is the same, so that the 60 returns up to rows 559 to 699 are 0."""
    prices = path_of(1000, seed)
    still = (np.arange(1000) >= 500) & (np.arange(1000) < 700)
    path = tuple(np.where(still, prices[3][499], values) for values in prices)
    labels = label(bars_of(path), source, settings)
    assert not labels.defined[559:700].any()
    assert labels.defined[700:].any()


@pytest.mark.parametrize(
    ("macro", "micro", "tolerance"), [(3.0, 1.0, 0.5), (2.0, 0.5, 0.7), (1.0, 1.5, 0.0), (6, 1, 1.0)]
)
def test_regime(macro, micro, tolerance):
    path = path_of(900, int(10 * macro))
    settings = {
        "macro_atr_mult": macro, "micro_atr_mult": micro, "atr_period": 7, "vol_lookback": 30,
        "vol_crisis_threshold": 1.6, "progression_tolerance": tolerance,
    }  # fmt: skip
    found = label(bars_of(path), "regime", settings)
    _, high, low, close = lists(path)
    assert pairs(found) == regime_twin(high, low, close, settings)
    assert found.class_shares()["volatile"] > 0
    assert micro > macro or min(found.class_shares().values()) > 0


def test_market_regime_by_realised_volatility(monkeypatch):
    monkeypatch.setattr(market_regime_module, "TRAILING_BARS", 60)
    path = path_of(500, 21)
    settings = {"fast": 5, "slow": 20, "horizon": 4, "entry": "close"}
    found = label(bars_of(path), "market_regime", settings)
    assert pairs(found) == market_regime_twin(lists(path), settings, trailing_bars=60)
    assert min(found.class_shares().values()) > 0
    (note,) = found.notes
    assert "no bars of ^VIX" in note


def test_market_regime_by_a_daily_index_that_begins_late_and_ends_early():
    path = path_of(1200, 22)
    bars = bars_of(path)
    rng = np.random.default_rng(4)
    days = np.arange(5, 30, dtype=np.int64) * 24 * HOUR
    closes = rng.uniform(10, 40, len(days))
    index = Bars("^VIX", Timeframe("1d"), days, closes, closes, closes, closes, np.zeros(len(days)), source="vix.csv")
    settings = {"fast": 5, "slow": 20, "horizon": 6, "high": 25.0, "entry": "next_open"}
    found = label(bars, "market_regime", settings, {"^VIX": index})
    as_known = []
    for moment in bars.known_at.tolist():
        past = [(known, value) for known, value in zip(index.known_at.tolist(), closes.tolist(), strict=True)]
        past = [value for known, value in past if known <= moment <= known + 9 * 24 * HOUR]
        as_known.append(past[-1] if past else None)
    assert pairs(found) == market_regime_twin(lists(path), settings, as_known)
    assert as_known.count(None) > 100
    assert as_known[-1] is None
    assert "^VIX (1d, vix.csv) decides" in found.notes[0]
    assert "for want of a fresh value" in found.notes[0]
