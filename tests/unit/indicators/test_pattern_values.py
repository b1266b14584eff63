"""Pattern indicators against plain loops over their definitions, and against bars drawn by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import talib
from samples.features import complete, indicator_outputs, random_bars, sample_bars, with_columns

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

SERIES = {
    "walk": random_bars(300, 3),
    "AAPL_1d": sample_bars("AAPL_1d").take(slice(500, 800)),
    "EURUSD_1h": sample_bars("EURUSD_1h").take(slice(500, 800)),
}
BARS = pytest.mark.parametrize("bars", SERIES.values(), ids=SERIES)


def agree(name, bars, first, formula, **given):
    """Compare each output with `formula(t)`, which gives one value per output, from bar `first` on; NaN before."""
    outputs = indicator_outputs(name, complete(name, **given), bars)
    rows = [formula(t) for t in range(first, len(bars))]
    for values, expected in zip(outputs.values(), np.array(rows, dtype=float).reshape(len(rows), -1).T, strict=True):
        assert np.isnan(values[:first]).all()
        np.testing.assert_allclose(values[first:], expected, rtol=1e-9, atol=1e-9)


def of(numbers: list[tuple[float, float, float, float]]) -> Bars:
    columns = np.array(numbers, dtype=float).T
    stamps = np.arange(len(numbers), dtype=np.int64) * 86_400 * 10**9
    return Bars("DRAWN", Timeframe("1d"), stamps, *columns, np.ones(len(numbers)))


@BARS
@pytest.mark.parametrize("period", [1, 7, 20])
def test_support_and_resistance(bars, period):
    def support(t):
        return 100 * (bars.close[t] - bars.low[t - period + 1 : t + 1].min()) / bars.close[t]

    def resistance(t):
        return 100 * (bars.high[t - period + 1 : t + 1].max() - bars.close[t]) / bars.close[t]

    agree("supportdistance", bars, period - 1, support, period=period)
    agree("resistancedistance", bars, period - 1, resistance, period=period)


@BARS
@pytest.mark.parametrize("period", [1, 20])
def test_breakout(bars, period):
    def place(t):
        ceiling, floor = bars.high[t - period : t].max(), bars.low[t - period : t].min()
        return 2 * (bars.close[t] - floor) / (ceiling - floor) - 1

    agree("breakout", bars, period, place, period=period)


def test_a_breakout_from_a_range_without_extent_has_a_sign_alone():
    bars = of([(5, 5, 5, 5)] * 3 + [(5, 9, 5, 9)])
    assert indicator_outputs("breakout", complete("breakout", period=3), bars)[""][-1] == 1.0
    assert indicator_outputs("breakout", complete("breakout", period=2), bars)[""][2] == 0.0


@BARS
@pytest.mark.parametrize(("period", "rsi_period"), [(20, 14), (5, 3)])
def test_divergence(bars, period, rsi_period):
    rsi = talib.RSI(bars.close, rsi_period)

    def place(values, t):
        window = values[t - period + 1 : t + 1]
        return (values[t] - window.min()) / (window.max() - window.min())

    agree(
        "divergence",
        bars,
        rsi_period + period - 1,
        lambda t: place(rsi, t) - place(bars.close, t),
        period=period,
        rsi_period=rsi_period,
    )


def test_a_new_high_that_rsi_does_not_follow_is_a_bearish_divergence():
    closes = np.concatenate([np.linspace(100, 102, 20), np.linspace(102, 120, 12), np.linspace(119, 112, 10)])
    slow = 112 + np.cumsum([0.9, -0.4] * 18)
    series = np.concatenate([closes, slow])
    bars = of([(price, price, price, price) for price in series])
    value = indicator_outputs("divergence", complete("divergence", period=60), bars)[""][-2]
    assert series[-2] == series[-60:].max()
    assert value < -0.2


@BARS
@pytest.mark.parametrize("period", [1, 10])
def test_higher_highs_and_lower_lows(bars, period):
    def structure(t):
        now, before = slice(t - period + 1, t + 1), slice(t - 2 * period + 1, t - period + 1)
        top, last_top = bars.high[now].max(), bars.high[before].max()
        bottom, last_bottom = bars.low[now].min(), bars.low[before].min()
        signs = (np.sign(top - last_top) + np.sign(bottom - last_bottom)) / 2
        return signs, 100 * (top / last_top - 1), 100 * (bottom / last_bottom - 1)

    agree("higherhighslowerlows", bars, 2 * period - 1, structure, period=period)


@BARS
def test_candle(bars):
    def shape(t):
        o, h, low, c = (getattr(bars, name)[t] for name in ("open", "high", "low", "close"))
        h, low = max(o, h, c), min(o, low, c)
        extent = h - low
        return ((c - o) / extent, (h - max(o, c)) / extent, (min(o, c) - low) / extent) if extent else (0, 0, 0)

    agree("candle", bars, 0, shape)


@pytest.mark.parametrize(
    ("bar", "body", "upper", "lower"),
    [
        ((10, 12, 10, 12), 1, 0, 0),  # marubozu
        ((11, 12, 10, 11), 0, 0.5, 0.5),  # doji
        ((11.5, 12, 8, 12), 0.125, 0, 0.875),  # hammer
        ((9, 9, 9, 9), 0, 0, 0),
    ],
)
def test_candles_of_the_textbook(bar, body, upper, lower):
    values = indicator_outputs("candle", {}, of([bar]))
    assert [float(value[0]) for value in values.values()] == [body, upper, lower]


@BARS
def test_inside_and_outside_bars(bars):
    def relation(t):
        extent, before = bars.high[t] - bars.low[t], bars.high[t - 1] - bars.low[t - 1]
        common = min(bars.high[t], bars.high[t - 1]) - max(bars.low[t], bars.low[t - 1])
        span = max(bars.high[t], bars.high[t - 1]) - min(bars.low[t], bars.low[t - 1])
        return ((extent - before) / (extent + before) if extent + before else 0, common / span if span else 0)

    agree("insideoutside", bars, 1, relation)


@BARS
@pytest.mark.parametrize("period", [1, 20])
def test_pivot_distance(bars, period):
    def distances(t):
        top, bottom = bars.high[t - period : t].max(), bars.low[t - period : t].min()
        pivot, close = (top + bottom + bars.close[t - 1]) / 3, bars.close[t]
        return [100 * value / close for value in (close - pivot, 2 * pivot - bottom - close, close - 2 * pivot + top)]

    agree("pivotdistance", bars, period, distances, period=period)


@BARS
@pytest.mark.parametrize("period", [1, 3, 10])
def test_streak(bars, period):
    closes = np.round(bars.close, 2 if bars.close[0] > 10 else 3)  # some bars stand still

    def run(t):
        sign, length = np.sign(closes[t] - closes[t - 1]), 0
        while length < period and t - length > 0 and np.sign(closes[t - length] - closes[t - length - 1]) == sign:
            length += 1
        return sign * length / period

    flat = with_columns(bars, close=closes, high=np.maximum(bars.high, closes), low=np.minimum(bars.low, closes))
    agree("streak", flat, period, run, period=period)


@BARS
def test_heikin_ashi(bars):
    means = [(bars.open[t] + bars.high[t] + bars.low[t] + bars.close[t]) / 4 for t in range(len(bars))]
    begins = [math.nan] * 3 + [sum(means[:3]) / 3]
    for t in range(4, len(means)):
        begins.append((begins[t - 1] + means[t - 1]) / 2)

    def body(t):
        top, bottom = max(bars.high[t], begins[t]), min(bars.low[t], begins[t])
        return (means[t] - begins[t]) / (top - bottom)

    agree("heikinashi", bars, 3, body)
