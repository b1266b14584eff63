"""Volatility indicators against their formulas written as plain loops."""

from __future__ import annotations

import math
import statistics

import numpy as np
import pandas as pd
import pytest
from samples.features import complete, indicator_outputs, random_bars, sample_bars, with_columns
from twins.indicators import (
    NAN,
    assert_formula,
    combined,
    exponential,
    mean,
    population_deviation,
    true_ranges,
    typical_prices,
    wilder,
    windowed,
)

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.market.bars import PRICE_COLUMNS


def keltnerchannels(b, p):
    first = max(p["period"] - 1, p["atr_period"])
    middle = exponential(typical_prices(b), p["period"], first)
    width = [p["multiplier"] * value for value in wilder(true_ranges(b), p["atr_period"], first)]
    return {
        "upper": combined(lambda one, other: one + other, middle, width),
        "middle": middle,
        "lower": combined(lambda one, other: one - other, middle, width),
    }


def donchianchannels(b, p):
    upper, lower = windowed(max, p["period"], b["high"]), windowed(min, p["period"], b["low"])
    return {"upper": upper, "middle": combined(lambda one, other: (one + other) / 2, upper, lower), "lower": lower}


def natr(b, p):
    ranges = wilder(true_ranges(b), p["period"], p["period"])
    return {"": combined(lambda value, close: 100 * value / close, ranges, b["close"])}


def standarddeviation(b, p):
    return {"": windowed(population_deviation, p["period"], b["source"])}


def truerange(b, _):
    return {"": true_ranges(b)}


def chaikinvolatility(b, p):
    ranges = combined(lambda high, low: high - low, b["high"], b["low"])
    average, back = exponential(ranges, p["period"], p["period"] - 1), p["roc_period"]
    return {"": [NAN] * back + [100 * (average[t] / average[t - back] - 1) for t in range(back, len(average))]}


def bollingerbandwidth(b, p):
    return {
        "": windowed(lambda x: 2 * p["multiplier"] * population_deviation(x) / mean(x), p["period"], b["source"]),
    }


def squeezeintensity(b, p):
    n = p["kc_period"]
    deviation = windowed(population_deviation, p["bb_period"], b["source"])
    ranges = wilder(true_ranges(b), n, n)
    shares = combined(lambda one, other: p["bb_multiplier"] * one / (p["kc_multiplier"] * other), deviation, ranges)
    return {"": [share if math.isnan(share) else max(0.0, 1.0 - share) for share in shares]}


def historicalvolatility(b, p):
    x = b["source"]
    returns = [NAN] + [math.log(x[t] / x[t - 1]) for t in range(1, len(x))]
    year = math.sqrt(p["bars_per_year"])
    return {"": windowed(lambda window: statistics.stdev(window) * year, p["period"], returns, first=p["period"])}


def ulcerindex(b, p):
    n = p["period"]
    fall = windowed(lambda x: 100 * (x[-1] / max(x) - 1), n, b["source"])
    return {"": windowed(lambda x: math.sqrt(mean([value**2 for value in x])), n, fall, first=2 * n - 2)}


FORMULAS = {
    "keltnerchannels": (
        keltnerchannels,
        [{}, {"period": 5, "atr_period": 9, "multiplier": 1.5}, {"period": 12, "atr_period": 3}],
    ),
    "donchianchannels": (donchianchannels, [{}, {"period": 6}]),
    "natr": (natr, [{}, {"period": 6}]),
    "standarddeviation": (standarddeviation, [{}, {"period": 6, "source": "volume"}]),
    "truerange": (truerange, [{}]),
    "chaikinvolatility": (chaikinvolatility, [{}, {"period": 6, "roc_period": 3}]),
    "bollingerbandwidth": (bollingerbandwidth, [{}, {"period": 6, "multiplier": 1.5, "source": "hl2"}]),
    "squeezeintensity": (
        squeezeintensity,
        [{}, {"bb_period": 7, "bb_multiplier": 1.5, "kc_period": 12, "kc_multiplier": 2.5, "source": "hlc3"}],
    ),
    "historicalvolatility": (historicalvolatility, [{}, {"period": 6, "bars_per_year": 252.0, "source": "open"}]),
    "ulcerindex": (ulcerindex, [{}, {"period": 6, "source": "low"}]),
}
CASES = [pytest.param(name, given, id=f"{name} {given}") for name, (_, cases) in FORMULAS.items() for given in cases]


def test_every_volatility_indicator_has_its_formula():
    others = {"atr", "bbands"}  # in test_indicator_values
    assert set(FORMULAS) | others == {name for name, spec in INDICATORS.items() if spec.category == "volatility"}


@pytest.mark.parametrize(("name", "given"), CASES)
@pytest.mark.parametrize("bars", ["walk", "AAPL_1d", "EURUSD_1h"])
def test_values_are_those_of_the_formula(name, given, bars):
    series = random_bars(250, 3) if bars == "walk" else sample_bars(bars).take(slice(500, 750))
    assert_formula(FORMULAS[name][0], name, given, series, rtol=1e-8)


def test_a_squeeze_is_0_where_the_bollinger_bands_are_wider():
    values = indicator_outputs("squeezeintensity", complete("squeezeintensity"), sample_bars("AAPL_1d"))[""]
    share = np.mean(values[20:] > 0)
    assert 0.1 < share < 0.9
    assert np.nanmin(values) == 0.0


def test_historical_volatility_has_no_value_while_the_window_has_a_price_without_logarithm():
    bars = random_bars(60)
    close = bars.close.copy()
    close[30] = 0.0
    changed = with_columns(bars, close=close, low=np.minimum(bars.low, close))
    values = indicator_outputs("historicalvolatility", complete("historicalvolatility", period=5), changed)[""]
    assert np.flatnonzero(np.isnan(values)).tolist() == [*range(5), *range(30, 36)]


def test_chaikin_volatility_does_not_explode_when_a_market_wakes_from_a_long_sleep():
    """130 bars without range leave 1e-14 of the average of 10 bars; the change to that is no figure of a market."""
    bars = random_bars(400, 3)
    asleep = (np.arange(400) >= 100) & (np.arange(400) < 230)
    still = {column: np.where(asleep, 100.0, getattr(bars, column)) for column in PRICE_COLUMNS}
    (values,) = indicator_outputs(
        "chaikinvolatility", complete("chaikinvolatility"), with_columns(bars, **still)
    ).values()
    average = pd.Series(np.where(asleep, 0.0, bars.high - bars.low)).ewm(span=10, adjust=False).mean().to_numpy()
    older = np.concatenate([np.full(10, np.nan), average[:-10]])
    nothing = older <= 1e-9 * still["high"]
    assert nothing[210:240].all()
    np.testing.assert_array_equal(values[nothing], 0.0)
    late = ~nothing & (np.arange(400) > 100)
    np.testing.assert_allclose(values[late], 100 * (average / older - 1)[late], rtol=1e-6)
