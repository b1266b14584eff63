"""Trend indicators against their formulas written as plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from samples.features import complete, indicator_outputs, random_bars, sample_bars, with_columns
from twins.indicators import (
    NAN,
    assert_formula,
    combined,
    exponential,
    mean,
    shifted,
    true_ranges,
    weighted,
    wilder,
    windowed,
)

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.errors import InvalidInput


def chain(values, period, times):
    """The exponential average, its average, and so on."""
    averages = []
    for turn in range(times):
        values = exponential(values, period, (turn + 1) * (period - 1))
        averages.append(values)
    return averages


def wma(b, p):
    return {"": weighted(b["source"], p["period"], p["period"] - 1)}


def dema(b, p):
    return {"": combined(lambda one, two: 2 * one - two, *chain(b["source"], p["period"], 2))}


def tema(b, p):
    return {"": combined(lambda one, two, three: 3 * one - 3 * two + three, *chain(b["source"], p["period"], 3))}


def trix(b, p):
    third = chain(b["source"], p["period"], 3)[-1]
    return {"": [NAN] + [100 * (third[t] / third[t - 1] - 1) for t in range(1, len(third))]}


def kama(b, p):
    x, n = b["source"], p["period"]
    out = [NAN] * len(x)
    value = x[n - 1]
    for t in range(n, len(x)):
        way = sum(abs(x[k] - x[k - 1]) for k in range(t - n + 1, t + 1))
        efficiency = abs(x[t] - x[t - n]) / way
        value += (efficiency * (2 / 3 - 2 / 31) + 2 / 31) ** 2 * (x[t] - value)
        out[t] = value
    return {"": out}


def hma(b, p):
    n, root = p["period"], math.isqrt(p["period"])
    half = weighted(b["source"], n // 2, n // 2 - 1)
    whole = weighted(b["source"], n, n - 1)
    return {"": weighted(combined(lambda fast, slow: 2 * fast - slow, half, whole), root, n + root - 2)}


def linearregressionslope(b, p):
    return {"": windowed(lambda x: np.polyfit(range(len(x)), x, 1)[0], p["period"], b["source"])}


def vortex(b, p):
    h, low, n = b["high"], b["low"], p["period"]
    ranges = true_ranges(b)
    up = [NAN] + [abs(h[t] - low[t - 1]) for t in range(1, len(h))]
    down = [NAN] + [abs(low[t] - h[t - 1]) for t in range(1, len(h))]
    return {
        name: windowed(lambda moved, ranged: sum(moved) / sum(ranged), n, moves, ranges, first=n)
        for name, moves in (("plus", up), ("minus", down))
    }


def aroon(b, p):
    n = p["period"]
    up = windowed(lambda x: 100 * max(place for place in range(n + 1) if x[place] == max(x)) / n, n + 1, b["high"])
    down = windowed(lambda x: 100 * max(place for place in range(n + 1) if x[place] == min(x)) / n, n + 1, b["low"])
    return {"up": up, "down": down, "oscillator": combined(lambda one, other: one - other, up, down)}


def parabolicsar(b, p):
    """Wilder's rules; the first bar's direction is down if its low fell by more than its high rose."""
    h, low = b["high"], b["low"]
    rise, fall = h[1] - h[0], low[0] - low[1]
    long = not (fall > 0 and fall > rise)
    extreme, stop = (h[1], low[0]) if long else (low[1], h[0])
    factor = p["initial_af"]
    out = [NAN] * len(h)
    for t in range(1, len(h)):
        before = max(t - 1, 1)
        if (low[t] <= stop) if long else (h[t] >= stop):
            long, stop = not long, extreme
            stop = min(stop, low[before], low[t]) if long else max(stop, h[before], h[t])
            extreme, factor = (h[t] if long else low[t]), p["initial_af"]
            out[t] = stop
        else:
            out[t] = stop
            if (h[t] > extreme) if long else (low[t] < extreme):
                extreme, factor = (h[t] if long else low[t]), min(factor + p["step_af"], p["max_af"])
        stop += factor * (extreme - stop)
        stop = min(stop, low[before], low[t]) if long else max(stop, h[before], h[t])
    return {"": out}


def ichimoku(b, p):
    def middle(period):
        return windowed(lambda high, low: (max(high) + min(low)) / 2, period, b["high"], b["low"])

    tenkan, kijun = middle(p["tenkan_period"]), middle(p["kijun_period"])
    return {
        "tenkan": tenkan,
        "kijun": kijun,
        "senkou_a": shifted(combined(lambda one, other: (one + other) / 2, tenkan, kijun), p["displacement"]),
        "senkou_b": shifted(middle(p["senkou_b_period"]), p["displacement"]),
    }


def supertrend(b, p):
    c, n = b["close"], p["period"]
    atr = wilder(true_ranges(b), n, n)
    trend, direction = [NAN] * len(c), [NAN] * len(c)
    upper = lower = None
    up = True
    for t in range(n, len(c)):
        middle, width = (b["high"][t] + b["low"][t]) / 2, p["multiplier"] * atr[t]
        upper = middle + width if upper is None or c[t - 1] > upper else min(middle + width, upper)
        lower = middle - width if lower is None or c[t - 1] < lower else max(middle - width, lower)
        up = c[t] >= lower if up else c[t] > upper
        trend[t], direction[t] = (lower, 1) if up else (upper, -1)
    return {"trend": trend, "direction": direction}


def distancefromma(b, p):
    x, n = b["source"], p["period"]
    average = exponential(x, n, n - 1) if p["ma_type"] == "EMA" else windowed(mean, n, x)
    return {"": [100 * (value - level) / level for value, level in zip(x, average, strict=True)]}


FORMULAS = {
    "wma": (wma, [{}, {"period": 6, "source": "hlc3"}]),
    "dema": (dema, [{}, {"period": 6, "source": "high"}]),
    "tema": (tema, [{}, {"period": 6, "source": "hl2"}]),
    "trix": (trix, [{}, {"period": 6, "source": "low"}]),
    "kama": (kama, [{}, {"period": 6, "source": "open"}]),
    "hma": (hma, [{}, {"period": 7, "source": "ohlc4"}]),
    "linearregressionslope": (linearregressionslope, [{}, {"period": 6, "source": "hlc3"}]),
    "vortex": (vortex, [{}, {"period": 6}]),
    "aroon": (aroon, [{}, {"period": 6}]),
    "parabolicsar": (
        parabolicsar,
        [{}, {"initial_af": 0.03, "step_af": 0.03, "max_af": 0.1}, {"initial_af": 0.05, "step_af": 0.01}],
    ),
    "ichimoku": (
        ichimoku,
        [{}, {"tenkan_period": 3, "kijun_period": 7, "senkou_b_period": 5, "displacement": 4}, {"displacement": 0}],
    ),
    "supertrend": (supertrend, [{}, {"period": 4, "multiplier": 1.5}]),
    "distancefromma": (distancefromma, [{}, {"period": 6, "ma_type": "EMA", "source": "hl2"}]),
}
CASES = [pytest.param(name, given, id=f"{name} {given}") for name, (_, cases) in FORMULAS.items() for given in cases]


def test_every_trend_indicator_has_its_formula():
    others = {"sma", "ema", "macd", "adx"}  # in test_indicator_values
    assert set(FORMULAS) | others == {name for name, spec in INDICATORS.items() if spec.category == "trend"}


@pytest.mark.parametrize(("name", "given"), CASES)
@pytest.mark.parametrize("bars", ["walk", "AAPL_1d", "EURUSD_1h"])
def test_values_are_those_of_the_formula(name, given, bars):
    series = random_bars(250, 3) if bars == "walk" else sample_bars(bars).take(slice(500, 750))
    assert_formula(FORMULAS[name][0], name, given, series)


def test_a_stop_with_two_factors_refuses_prices_that_are_not_above_0():
    bars = random_bars(50)
    below = with_columns(bars, low=bars.low - 200)
    with pytest.raises(InvalidInput, match="prices above 0"):
        indicator_outputs("parabolicsar", complete("parabolicsar", initial_af=0.01), below)
    assert np.isfinite(indicator_outputs("parabolicsar", complete("parabolicsar"), below)[""][1:]).all()


def test_a_stop_wants_factors_below_its_largest():
    message = INDICATORS["parabolicsar"].check(complete("parabolicsar", step_af=0.3))
    assert "found 0.3 and 0.2" in message
    assert INDICATORS["parabolicsar"].check(complete("parabolicsar")) is None


def test_spans_show_what_the_chart_shows_now_and_nothing_later():
    """One high bar: the averages see it at once, the spans after the displacement."""
    bars = random_bars(200)
    high = bars.high.copy()
    high[100] *= 3
    changed = indicator_outputs("ichimoku", complete("ichimoku"), with_columns(bars, high=high))
    before = indicator_outputs("ichimoku", complete("ichimoku"), bars)
    first = {name: min(t for t in range(80, 200) if changed[name][t] != before[name][t]) for name in before}
    assert first == {"tenkan": 100, "kijun": 100, "senkou_a": 126, "senkou_b": 126}
