"""How much history features need, against plain loops over the bars."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.features import HOUR, START, random_bars, raw, source, weekday_sessions

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.context import context_features
from ktrdr.domain.features.settling import SettledHistory, never_settling
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import ContextFeatures

MINUTE = 60 * 10**9
SMA = raw("sma", source("sma", period=10))
HOURLY = raw("hourly", source("sma", timeframe="1h", period=4))
VWAP = raw("vwap", source("vwap", timeframe="1h", period=0))
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


@settings(max_examples=examples(60))
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


def hours_of_shares(rows: int, first_hour: int) -> Bars:
    """Bars round the clock about sessions of 14:30 to 21:00 from Monday to Friday."""
    stamps = pd.Timestamp("2024-01-04", tz="UTC").value + (first_hour + np.arange(rows)) * HOUR
    return random_bars(rows, 3, "1h", stamps=stamps, sessions=weekday_sessions("2024-01-01", 20))


@settings(max_examples=examples(60))
@given(st.integers(1, 130), st.integers(0, 110), st.integers(0, 3), st.integers(1, 4), st.booleans())
def test_the_vwap_of_a_session_has_settled_once_a_session_has_begun_or_ended(
    rows: int, first_hour: int, lag: int, window: int, on_base: bool
) -> None:
    """By a loop over the clock: on weekdays the bars of 14:00 and 21:00 are the first of what they belong to."""
    hourly = hours_of_shares(rows, first_hour)
    base = "1h" if on_base else "5m"
    bars = {
        "1h": hourly,
        base: hourly
        if on_base
        else random_bars(12 * rows, stamps=hourly.stamps[0] + np.arange(12 * rows) * 5 * MINUTE),
    }
    stamps = pd.to_datetime(hourly.stamps)
    begins = [row for row in range(1, rows) if stamps[row].hour in (14, 21) and stamps[row].day_of_week < 5]
    known = bars[base].known_at
    settled = [row for row in range(len(known)) if begins and known[row] >= hourly.known_at[begins[0]]]
    expected = min(settled[0] + lag + window - 1, len(known)) if settled else len(known)
    history = SettledHistory.of([replace(VWAP, lag=lag)], base, window)
    assert history.first_row(bars, {}) == expected


def test_a_scaled_vwap_of_a_session_counts_its_bars_from_there() -> None:
    scaled = raw("vwap", source("vwap", timeframe="1h", period=0, scale="rolling"))
    hourly = hours_of_shares(400, 0)
    assert SettledHistory.of([scaled], "1h").first_row({"1h": hourly}, {}) == 14 + 249


@pytest.mark.parametrize("timeframe", ["1m", "5m", "1h", "4h"])
def test_no_length_of_bars_makes_a_session_last_longer_than_a_day(timeframe: str) -> None:
    length = Timeframe(timeframe).ns
    stamps = pd.Timestamp("2024-01-04", tz="UTC").value + np.arange(3000) * length
    history = SettledHistory.of([raw("vwap", source("vwap", timeframe=timeframe, period=0))], timeframe)
    assert history.first_row({timeframe: random_bars(3000, 0, timeframe, stamps=stamps)}, {}) == 24 * HOUR // length


@pytest.mark.parametrize("timeframe", ["1d", "1w"])
def test_a_bar_of_a_day_or_more_is_a_settled_session_of_its_own(timeframe: str) -> None:
    history = SettledHistory.of([raw("vwap", source("vwap", timeframe=timeframe, period=0))], timeframe)
    assert history.bars == {timeframe: 1}


def test_the_vwap_of_a_session_over_a_series_beside_the_bars_waits_for_the_series_first() -> None:
    feature = replace(VWAP, source=replace(VWAP.source, data_source="fred/X"))
    hourly = hours_of_shares(60, 0)
    series = ContextSeries("fred", "X", hourly.known_at[15:16], {"close": np.ones(1)})
    history = SettledHistory.of([feature], "1h")
    assert history.bars == {"1h": 1, "1h session fred/X": 1}
    assert history.first_row({"1h": hourly}, {series.key: series}) == 21


FADING = {
    "rsi": raw("rsi", source("rsi", period=5)),
    "cmo": raw("cmo", source("cmo", period=3)),
    "ema": raw("ema", source("ema", period=4)),
    "macd": raw("macd", source("macd", "histogram", fast_period=3, slow_period=6, signal_period=3)),
    "trix": raw("trix", source("trix", period=4)),
}


@settings(max_examples=examples(60))
@given(st.sampled_from(sorted(FADING)), st.integers(1, 90), st.integers(0, 500), st.integers(0, 9))
def test_over_a_series_that_rests_between_publications_settled_rows_do_not_depend_on_where_the_bars_begin(
    name: str, wait: int, start: int, seed: int
) -> None:
    """A wait can be far longer than what the indicator remembers, so that bars alone say nothing."""
    feature = FADING[name]
    assert feature.source is not None
    feature = replace(feature, source=replace(feature.source, data_source="fred/X"))
    bars, draw = random_bars(1200), np.random.default_rng(seed)
    known_at = bars.known_at[:: wait + 1]
    series = ContextSeries("fred", "X", known_at, {"close": 4 + draw.normal(0, 0.1, len(known_at)).cumsum()})
    part = bars.take(slice(start, None))
    history = SettledHistory.of([feature], "5m")
    first = history.first_row({"5m": part}, {series.key: series})
    engineer = TalibFeatureEngineer()
    whole, cut = (engineer.engineer([feature], {"5m": one}, "5m", {series.key: series}) for one in (bars, part))
    values = dict(zip(whole.stamps.tolist(), whole.values[:, 0].tolist(), strict=True))
    spread = np.subtract(*np.quantile(whole.values, [0.75, 0.25])) or 1.0
    settled = cut.take(np.flatnonzero(cut.base_rows >= first))
    errors = [abs(value - values[at]) for at, value in zip(settled.stamps.tolist(), settled.values[:, 0], strict=True)]
    assert max(errors, default=0.0) <= 2e-4 * spread
    assert first < len(part) - 1 or len(part) < 300 + 2 * wait


def test_what_awaits_a_publication_is_counted_up_to_it() -> None:
    bars = random_bars(400)
    feature = replace(EMA, source=replace(EMA.source, data_source="fred/X"))
    history = SettledHistory.of([feature], "5m")
    needed = settled_bars(EMA) + 1
    assert history.bars == {"5m": 1, "5m fred/X": needed, "5m published fred/X": needed}
    for last in (needed - 2, needed - 1, needed, 300):
        known_at = bars.known_at[[0, 3, last]]
        series = ContextSeries("fred", "X", known_at, {"close": np.arange(3.0)})
        expected = last if last >= needed - 1 else 400
        assert history.first_row({"5m": bars}, {"fred/X": series}) == expected
    short = ContextSeries("fred", "X", bars.known_at[[0, 3]], {"close": np.arange(2.0)})
    wanted = f"{needed - 1} 5m fred/X bars up to a publication are fewer than the {needed} that its features need to"
    assert wanted in history.shortage({"5m": bars}, {"fred/X": short})


def test_what_is_short_of_a_session_is_said_in_words() -> None:
    bars = {"1h": hours_of_shares(10, 0)}
    history = SettledHistory.of([VWAP], "1h")
    wanted = "0 1h bars since a session has begun are fewer than the 1 that its features need to settle"
    assert history.shortage(bars, {}) == wanted
    assert history.lacking(bars, {}) == {"1h session": 1}


def test_a_shortage_gives_both_numbers_of_what_is_short() -> None:
    bars = {"5m": random_bars(100), "1h": random_bars(3, 1, "1h")}
    history = SettledHistory.of([SMA, HOURLY], "5m")
    assert history.first_row(bars, {}) == 100
    assert history.lacking(bars, {}) == {"1h": 1}
    assert history.lacking({"5m": random_bars(7), "1h": random_bars(4, 1, "1h")}, {}) == {"5m": 3}
    assert history.shortage(bars, {}) == "3 1h bars are fewer than the 4 that its features need to settle"
