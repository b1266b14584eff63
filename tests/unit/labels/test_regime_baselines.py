"""The forecasts of regimes that need no model, against plain loops over what was known."""

import numpy as np
import pytest
from test_label_twins import bars_of, lists, pairs, path_of
from twins.labels import log_returns_twin

from ktrdr.domain.labels import market_regime as market_regime_module
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

HOUR = 3600 * 10**9
SETTINGS = {"fast": 5, "slow": 20, "horizon": 4, "entry": "next_open"}


@pytest.mark.parametrize(
    ("source", "settings"), [("market_regime", SETTINGS), ("regime", {"vol_lookback": 30, "macro_atr_mult": 2.0})]
)
def test_as_now_is_the_label_of_the_latest_bar_whose_span_has_ended(source, settings, monkeypatch):
    monkeypatch.setattr(market_regime_module, "TRAILING_BARS", 60)
    found = label(bars_of(path_of(500, 21)), source, settings)
    now, labels = found.naive[0], pairs(found)
    assert (now.name, now.words) == ("as_now", "as now")
    for t, value in enumerate(now.values.tolist()):
        known = [pair[0] for pair in labels[: t + 1] if pair and pair[1] <= t]
        assert value == (known[-1] if known else -1)
    assert len(set(now.values.tolist())) == 5


def test_as_now_of_a_fixed_horizon_is_the_label_that_many_bars_ago(monkeypatch):
    monkeypatch.setattr(market_regime_module, "TRAILING_BARS", 60)
    found = label(bars_of(path_of(500, 21)), "market_regime", SETTINGS)
    rows = np.flatnonzero(found.defined)
    assert found.naive[0].values[rows[0] + 4 :].tolist() == found.values[rows[0] : -4].tolist()


def means(close, t, settings):
    return [sum(close[t - settings[name] + 1 : t + 1]) / settings[name] for name in ("fast", "slow")]


def rule(path, settings, t, high):
    """What the rule says at t of the last `horizon` bars, with volatility as it is."""
    opens, _, _, close = path
    begin = t - settings["horizon"]
    entry = opens[begin + 1] if settings["entry"] == "next_open" else close[begin]
    (fast, slow), gain = means(close, t, settings), close[t] - entry
    return 3 if high else 0 if fast > slow and gain > 0 else 1 if fast < slow and gain < 0 else 2


@pytest.mark.parametrize("entry", ["close", "next_open"])
def test_as_the_rule_says_reads_the_trailing_volatility(entry, monkeypatch):
    monkeypatch.setattr(market_regime_module, "TRAILING_BARS", 60)
    path, settings = path_of(400, 21), SETTINGS | {"entry": entry}
    said = label(bars_of(path), "market_regime", settings).naive[1]
    assert (said.name, said.words) == ("as_the_rule_says", "as the rule says")
    squares = [None if value is None else value**2 for value in log_returns_twin(lists(path)[3])]
    realised = [np.nan] * 4 + [np.sqrt(np.mean(squares[t - 3 : t + 1])) for t in range(4, 400)]
    for t, value in enumerate(said.values.tolist()):
        known = [number for number in realised[max(t - 59, 0) : t + 1] if not np.isnan(number)]
        if len(known) < 30:
            assert value == -1
        else:
            assert value == rule(lists(path), settings, t, realised[t] > np.quantile(known, 0.9))
    assert set(said.values.tolist()) == {-1, 0, 1, 2, 3}


def test_as_the_rule_says_reads_the_index_as_it_is_known():
    path = path_of(600, 22)
    bars, closes = bars_of(path), np.random.default_rng(4).uniform(10, 40, 12)
    days = np.arange(3, 15, dtype=np.int64) * 24 * HOUR
    index = Bars("^VIX", Timeframe("1d"), days, closes, closes, closes, closes, np.zeros(12))
    said = label(bars, "market_regime", SETTINGS | {"high": 25.0}, {"^VIX": index}).naive[1].values
    for t, moment in enumerate(bars.known_at.tolist()):
        known_at = zip(index.known_at.tolist(), closes, strict=True)
        past = [value for known, value in known_at if known <= moment <= known + 9 * 24 * HOUR]
        expected = rule(lists(path), SETTINGS, t, past[-1] > 25.0) if past and t >= 19 else -1
        assert said[t] == expected
    assert (said == 3).any()
    assert said[-1] == -1


def test_a_regime_is_not_judged_before_its_segment_ends():
    assert [one.name for one in label(bars_of(path_of(500, 21)), "regime", {}).naive] == ["as_now"]


def test_labels_without_regimes_have_none():
    assert label(bars_of(path_of(100, 1)), "direction", {"horizon": 3}).naive == ()
