"""Indicators against their formulas written as plain loops, and against published worked examples."""

from __future__ import annotations

import math

import numpy as np
import pytest
from samples.features import complete, indicator_outputs, random_bars, sample_bars

from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

# Formulas: values[t] for t from the first value on. Lists in, lists out; NaN before.


def wilder(values, period, first):
    """Wilder's average, begun with the mean of `period` values of which the last stands at `first`."""
    out = [math.nan] * len(values)
    out[first] = sum(values[first - period + 1 : first + 1]) / period
    for t in range(first + 1, len(values)):
        out[t] = out[t - 1] + (values[t] - out[t - 1]) / period
    return out


def exponential(values, period, first):
    out = [math.nan] * len(values)
    out[first] = sum(values[first - period + 1 : first + 1]) / period
    for t in range(first + 1, len(values)):
        out[t] = out[t - 1] + (values[t] - out[t - 1]) * 2 / (period + 1)
    return out


def windowed(function, period, *columns, first=None):
    first = period - 1 if first is None else first
    rows = range(first, len(columns[0]))
    return [math.nan] * first + [function(*(column[t - period + 1 : t + 1] for column in columns)) for t in rows]


def mean(values):
    return sum(values) / len(values)


def sma(b, p):
    return {"": windowed(mean, p["period"], b["source"])}


def ema(b, p):
    return {"": exponential(b["source"], p["period"], p["period"] - 1)}


def macd(b, p):
    fast_period, slow_period, signal_period = p["fast_period"], p["slow_period"], p["signal_period"]
    fast = exponential(b["source"], fast_period, slow_period - 1)
    slow = exponential(b["source"], slow_period, slow_period - 1)
    line = [one - other for one, other in zip(fast, slow, strict=True)]
    signal = exponential(line, signal_period, slow_period + signal_period - 2)
    line = [one if not math.isnan(other) else math.nan for one, other in zip(line, signal, strict=True)]
    return {"line": line, "signal": signal, "histogram": [a - s for a, s in zip(line, signal, strict=True)]}


def rsi(b, p):
    change = [0.0] + [b["source"][t] - b["source"][t - 1] for t in range(1, len(b["source"]))]
    gains = wilder([max(value, 0.0) for value in change], p["period"], p["period"])
    losses = wilder([max(-value, 0.0) for value in change], p["period"], p["period"])
    return {"": [100 * gain / (gain + loss) for gain, loss in zip(gains, losses, strict=True)]}


def roc(b, p):
    x, k = b["source"], p["period"]
    return {"": [math.nan] * k + [100 * (x[t] - x[t - k]) / x[t - k] for t in range(k, len(x))]}


def momentum(b, p):
    x, k = b["source"], p["period"]
    return {"": [math.nan] * k + [x[t] - x[t - k] for t in range(k, len(x))]}


def bbands(b, p):
    def deviation(values):
        return math.sqrt(mean([(value - mean(values)) ** 2 for value in values]))

    middle = windowed(mean, p["period"], b["source"])
    width = [p["multiplier"] * value for value in windowed(deviation, p["period"], b["source"])]
    return {
        "upper": [m + w for m, w in zip(middle, width, strict=True)],
        "middle": middle,
        "lower": [m - w for m, w in zip(middle, width, strict=True)],
    }


def true_ranges(b):
    h, low, c = b["high"], b["low"], b["close"]
    return [h[0] - low[0]] + [
        max(h[t] - low[t], abs(h[t] - c[t - 1]), abs(low[t] - c[t - 1])) for t in range(1, len(c))
    ]


def atr(b, p):
    return {"": wilder(true_ranges(b), p["period"], p["period"])}


def running_sum(values, period):
    """Wilder's running sum as TA-Lib begins it: period - 1 values, then each step forgets a share of 1 / period."""
    total = sum(values[1:period])
    out = [math.nan] * len(values)
    for t in range(period, len(values)):
        total = total - total / period + values[t]
        out[t] = total
    return out


def adx(b, p):
    n = p["period"]
    h, low = b["high"], b["low"]
    up = [0.0] + [h[t] - h[t - 1] for t in range(1, len(h))]
    down = [0.0] + [low[t - 1] - low[t] for t in range(1, len(h))]
    plus = running_sum([u if u > d and u > 0 else 0.0 for u, d in zip(up, down, strict=True)], n)
    minus = running_sum([d if d > u and d > 0 else 0.0 for u, d in zip(up, down, strict=True)], n)
    ranges = running_sum(true_ranges(b), n)
    plus_di = [100 * value / total for value, total in zip(plus, ranges, strict=True)]
    minus_di = [100 * value / total for value, total in zip(minus, ranges, strict=True)]
    dx = [100 * abs(one - other) / (one + other) for one, other in zip(plus_di, minus_di, strict=True)]
    return {"adx": wilder(dx, n, 2 * n - 1), "plus_di": plus_di, "minus_di": minus_di}


def stochastic(b, p):
    def place(high, low, close):
        return 100 * (close[-1] - min(low)) / (max(high) - min(low))

    first = p["k_period"] + p["smooth_k"] - 2
    fast = windowed(place, p["k_period"], b["high"], b["low"], b["close"])
    k = windowed(mean, p["smooth_k"], fast, first=first)
    d = windowed(mean, p["d_period"], k, first=first + p["d_period"] - 1)
    return {"k": [one if not math.isnan(other) else math.nan for one, other in zip(k, d, strict=True)], "d": d}


def williamsr(b, p):
    def place(high, low, close):
        return -100 * (max(high) - close[-1]) / (max(high) - min(low))

    return {"": windowed(place, p["period"], b["high"], b["low"], b["close"])}


def cci(b, p):
    def index(values):
        return (values[-1] - mean(values)) / (0.015 * mean([abs(value - mean(values)) for value in values]))

    typical = [mean(values) for values in zip(b["high"], b["low"], b["close"], strict=True)]
    return {"": windowed(index, p["period"], typical)}


def mfi(b, p):
    typical = [mean(values) for values in zip(b["high"], b["low"], b["close"], strict=True)]
    flow = [price * volume for price, volume in zip(typical, b["volume"], strict=True)]
    rising = [0.0] + [flow[t] if typical[t] > typical[t - 1] else 0.0 for t in range(1, len(flow))]
    falling = [0.0] + [flow[t] if typical[t] < typical[t - 1] else 0.0 for t in range(1, len(flow))]
    return {
        "": windowed(lambda up, down: 100 * sum(up) / sum(up + down), p["period"], rising, falling, first=p["period"])
    }


FORMULAS = {
    function.__name__: function
    for function in (sma, ema, macd, rsi, roc, momentum, bbands, atr, adx, stochastic, williamsr, cci, mfi)
}


VARIANTS = {
    "macd": {"fast_period": 5, "slow_period": 8, "signal_period": 3},
    "stochastic": {"k_period": 5, "smooth_k": 2, "d_period": 4},
    "bbands": {"period": 7, "multiplier": 1.5},
}


@pytest.mark.parametrize("changed", [False, True], ids=["defaults", "other parameters"])
@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize("bars", ["walk", "AAPL_1d", "EURUSD_1h"])
def test_values_are_those_of_the_formula(name, changed, bars):
    series = random_bars(250, 3) if bars == "walk" else sample_bars(bars).take(slice(500, 750))
    if name == "mfi" and not series.volume.any():
        pytest.skip("these bars have no volume")
    given = VARIANTS.get(name, {"period": 6}) if changed else {}
    given = given | ({"source": "hlc3"} if changed and "source" in complete(name) else {})
    parameters = complete(name, **given)
    columns = {column: getattr(series, column).tolist() for column in ("high", "low", "close", "volume")}
    columns["source"] = price_column(series, parameters.get("source", "close")).tolist()
    expected = FORMULAS[name](columns, parameters)
    for output, values in indicator_outputs(name, parameters, series).items():
        np.testing.assert_allclose(values, expected[output], rtol=1e-9, atol=1e-9, err_msg=output)


def closes(text: str) -> Bars:
    prices = np.array([float(word) for word in text.split()])
    stamps = np.arange(len(prices), dtype=np.int64) * 86_400 * 10**9
    return Bars("BOOK", Timeframe("1d"), stamps, prices, prices, prices, prices, np.ones(len(prices)))


def test_rsi_of_a_published_example():
    """StockCharts ChartSchool, Relative Strength Index, 14 days of QQQQ (prices rounded to cents there)."""
    bars = closes(
        "44.34 44.09 44.15 43.61 44.33 44.83 45.10 45.42 45.84 46.08 45.89 46.03 45.61 46.28 46.28 46.00 46.03 46.41 "
        "46.22 45.64 46.21 46.25 45.71 46.45 45.78 45.35 44.03 44.18 44.22 44.57 43.42 42.66 43.13"
    )
    published = (
        "70.53 66.32 66.55 69.41 66.36 57.97 62.93 63.26 56.06 62.38 54.71 50.42 39.99 41.46 41.87 45.46 37.30 "
        "33.08 37.77"
    )
    values = indicator_outputs("rsi", complete("rsi"), bars)[""]
    np.testing.assert_allclose(values[14:], [float(word) for word in published.split()], atol=0.15)


def test_moving_averages_of_a_published_example():
    """StockCharts ChartSchool, Moving Averages, 10 days of Intel."""
    bars = closes(
        "22.27 22.19 22.08 22.17 22.18 22.13 22.23 22.43 22.24 22.29 22.15 22.39 22.38 22.61 23.36 24.05 23.75 23.83 "
        "23.95 23.63 23.82 23.87 23.65 23.19 23.10 23.33 22.68 23.10 22.40 22.17"
    )
    exponential_average = (
        "22.22 22.21 22.24 22.27 22.33 22.52 22.80 22.97 23.13 23.28 23.34 23.43 23.51 23.54 23.47 23.40 23.39 23.26 "
        "23.23 23.08 22.92"
    )
    values = indicator_outputs("ema", complete("ema", period=10), bars)[""]
    np.testing.assert_allclose(values[9:], [float(word) for word in exponential_average.split()], atol=0.011)
    simple = indicator_outputs("sma", complete("sma", period=10), bars)[""]
    np.testing.assert_allclose(simple[9:12], [22.22, 22.21, 22.23], atol=0.006)


def test_stochastic_and_williams_by_hand():
    """A range from 10 to 20 with the close at 17: 70 % of the way up, 30 % of the way down."""
    bars = closes("15 10 20 17")
    parameters = complete("stochastic", k_period=4, smooth_k=1, d_period=1)
    assert indicator_outputs("stochastic", parameters, bars)["k"][-1] == pytest.approx(70)
    assert indicator_outputs("williamsr", complete("williamsr", period=4), bars)[""][-1] == pytest.approx(-30)


@pytest.mark.parametrize(("name", "value"), [("open", 1), ("close", 2), ("hl2", 3), ("hlc3", 8 / 3), ("ohlc4", 9 / 4)])
def test_price_columns(name, value):
    one = {column: np.array([float(number)]) for column, number in {"open": 1, "high": 5, "low": 1, "close": 2}.items()}
    bars = Bars("ONE", Timeframe("1d"), np.zeros(1, dtype=np.int64), **one, volume=np.array([9.0]))
    assert price_column(bars, name) == pytest.approx(value)
    assert price_column(bars, "volume") == 9.0
