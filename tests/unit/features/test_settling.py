"""How much history features need, against plain loops over the bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.features import START, random_bars, raw, source

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.context import context_features
from ktrdr.domain.features.settling import SettledHistory, never_settling
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.strategy.document import ContextFeatures

MINUTE = 60 * 10**9
SMA = raw("sma", source("sma", period=10))
HOURLY = raw("hourly", source("sma", timeframe="1h", period=4))
EMA = raw("ema", source("ema", period=5))


def settled_bars(feature) -> int:
    return INDICATORS[feature.source.indicator].settled_bars(feature.source.parameters)


def test_it_is_the_largest_of_each_timeframe_with_lags_and_windows_on_the_base() -> None:
    history = SettledHistory.of([SMA, EMA, HOURLY], "5m")
    assert history.bars == {"5m": settled_bars(EMA) + 1, "1h": 4}
    assert settled_bars(EMA) > 9
    lagged = SettledHistory.of([SMA, replace(SMA, id="lag", lag=3), HOURLY], "5m", window=8)
    assert lagged.bars == {"5m": 10 + 3 + 7, "1h": 4}
    assert lagged.look_back == 10


def test_windows_of_context_features_count() -> None:
    features = context_features(ContextFeatures({"returns": [1, 40], "ma": 20}, None, True), "5m")
    assert SettledHistory.of(features, "5m").bars == {"5m": 41}
    assert SettledHistory.of([], "5m").bars == {"5m": 1}


def test_what_never_settles_is_named_and_counts_to_its_first_value() -> None:
    name = next(name for name, spec in INDICATORS.items() if spec.cumulative)
    feature = raw("x", source(name))
    assert [item.indicator for item in never_settling([SMA, feature, replace(feature, id="y", lag=2)])] == [name]
    first = INDICATORS[name].first_value(feature.source.parameters)
    assert SettledHistory.of([feature], "5m").bars == {"5m": first + 1}


@settings(max_examples=60)
@given(
    st.integers(0, 120), st.integers(0, 60), st.integers(0, 3), st.integers(1, 5), st.integers(-600, 600), st.booleans()
)
def test_the_first_row_is_the_first_with_enough_bars(
    n_base: int, n_hours: int, lag: int, window: int, shift: int, with_series: bool
) -> None:
    bars = {
        "5m": random_bars(n_base),
        "1h": random_bars(n_hours, 2, "1h", stamps=START + (shift + 60 * np.arange(n_hours)) * MINUTE),
    }
    features = [replace(SMA, lag=lag), replace(HOURLY, lag=lag)]
    context = {}
    if with_series:
        features.append(replace(HOURLY, id="c", lag=lag, source=replace(HOURLY.source, data_source="fred/X")))
        series = ContextSeries("fred", "X", np.array([START + 130 * MINUTE]), {"close": np.ones(1)})
        context[series.key] = series
    history = SettledHistory.of(features, "5m", window)
    expected = n_base
    for row in reversed(range(n_base)):
        oldest = row - lag - (window - 1)
        if oldest < 9:
            break
        known = bars["1h"].known_at[bars["1h"].known_at <= bars["5m"].known_at[oldest]]
        if len(known) < 4 or (with_series and (known >= START + 130 * MINUTE).sum() < 4):
            break
        expected = row
    assert history.first_row(bars, context) == expected


def test_a_shortage_gives_both_numbers_of_what_is_short() -> None:
    bars = {"5m": random_bars(100), "1h": random_bars(3, 1, "1h")}
    history = SettledHistory.of([SMA, HOURLY], "5m")
    assert history.first_row(bars, {}) == 100
    assert history.lacking(bars, {}) == {"1h": 1}
    assert history.lacking({"5m": random_bars(7), "1h": random_bars(4, 1, "1h")}, {}) == {"5m": 3}
    assert history.shortage(bars, {}) == "3 1h bars are fewer than the 4 that its features need to settle"
