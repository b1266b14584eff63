"""Momentum indicators against TA-Lib, against pandas expressions and against plain loops written here."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
import talib
from samples.features import complete, flat_bars, indicator_outputs, random_bars, sample_bars

from ktrdr.domain.features.prices import price_column

SERIES = {
    "walk": random_bars(400, 3),
    "AAPL_1d": sample_bars("AAPL_1d").take(slice(500, 900)),
    "EURUSD_1h": sample_bars("EURUSD_1h").take(slice(500, 900)),
}
BARS = pytest.mark.parametrize("bars", SERIES.values(), ids=SERIES)


def agree(name, bars, expected, **given):
    """Compare every output with the expected one, from the first bar on which all have a value."""
    outputs = indicator_outputs(name, complete(name, **given), bars)
    assert set(outputs) == set(expected)
    known = np.isfinite(np.array([np.asarray(values, dtype=float) for values in expected.values()])).all(axis=0)
    for output, values in outputs.items():
        wanted = np.where(known, np.asarray(expected[output], dtype=float), np.nan)
        np.testing.assert_allclose(values, wanted, rtol=1e-9, atol=1e-9, err_msg=output)


def exponential(values, period):
    """The recursion, begun with the mean of the first `period` numbers."""
    out, average = [math.nan] * len(values), math.nan
    begin = next(t for t, value in enumerate(values) if not math.isnan(value)) + period - 1
    for t in range(begin, len(values)):
        if t == begin:
            average = sum(values[t - period + 1 : t + 1]) / period
        else:
            average += (values[t] - average) * 2 / (period + 1)
        out[t] = average
    return out


def weighted(series, weights):
    total = sum(weights)
    return series.rolling(len(weights)).apply(lambda window: float(np.dot(window, weights)) / total, raw=True)


@BARS
@pytest.mark.parametrize(("period", "signal", "weights"), [(10, 4, [1, 2, 2, 1]), (5, 3, [1, 2, 1])])
def test_rvi(bars, period, signal, weights):
    frame = bars.to_frame()
    body, extent = (
        weighted(part, [1, 2, 2, 1]).rolling(period).mean()
        for part in (frame["close"] - frame["open"], frame["high"] - frame["low"])
    )
    rvi = body / extent
    agree("rvi", bars, {"rvi": rvi, "signal": weighted(rvi, weights)}, period=period, signal_period=signal)


@BARS
@pytest.mark.parametrize(("period", "smoothing"), [(10, 3), (5, 8), (14, 1)])
def test_fisher_transform(bars, period, smoothing):
    median = (bars.high + bars.low) / 2
    place = [math.nan] * (period - 1)
    for t in range(period - 1, len(median)):
        window = median[t - period + 1 : t + 1]
        span = window.max() - window.min()
        raw = 2 * ((median[t] - window.min()) / span - 0.5) if span else 0.0
        place.append(min(max(raw, -0.999), 0.999))
    fisher = [0.5 * math.log((1 + x) / (1 - x)) for x in exponential(place, smoothing)]
    agree(
        "fishertransform",
        bars,
        {"fisher": fisher, "signal": [math.nan, *fisher[:-1]]},
        period=period,
        smoothing=smoothing,
    )


@BARS
def test_stochrsi_is_that_of_ta_lib(bars):
    k, d = talib.STOCHRSI(bars.close, timeperiod=14, fastk_period=9, fastd_period=3)
    agree("stochrsi", bars, {"k": k, "d": d}, k_period=9, smooth_k=1, d_period=3)


@BARS
def test_stochrsi_smoothed(bars):
    rsi = pd.Series(talib.RSI(bars.close, 14))
    low, high = rsi.rolling(14).min(), rsi.rolling(14).max()
    k = (100 * (rsi - low) / (high - low)).rolling(3).mean()
    agree("stochrsi", bars, {"k": k, "d": k.rolling(3).mean()})


@BARS
def test_ultimate_oscillator(bars):
    frame = bars.to_frame()
    before = frame["close"].shift()
    floor = np.minimum(frame["low"], before)
    pressure, extent = frame["close"] - floor, np.maximum(frame["high"], before) - floor
    pressure[0] = extent[0] = np.nan
    short, medium, long = (pressure.rolling(n).sum() / extent.rolling(n).sum() for n in (5, 10, 15))
    expected = 100 * (4 * short + 2 * medium + long) / 7
    agree("ultimateoscillator", bars, {"": expected}, short_period=5, medium_period=10, long_period=15)
    agree("ultimateoscillator", bars, {"": talib.ULTOSC(bars.high, bars.low, bars.close, 7, 14, 28)})


@BARS
@pytest.mark.parametrize(("fast", "slow", "signal"), [(12, 26, 9), (5, 8, 3)])
@pytest.mark.parametrize("source", ["close", "hlc3"])
def test_ppo(bars, fast, slow, signal, source):
    values = price_column(bars, source)
    quick, lazy = (np.array(exponential(values.tolist(), period)) for period in (fast, slow))
    line = 100 * (quick - lazy) / lazy
    average = np.array(exponential(line.tolist(), signal))
    expected = {"line": line, "signal": average, "histogram": line - average}
    agree("ppo", bars, expected, fast_period=fast, slow_period=slow, signal_period=signal, source=source)


def test_pvo_is_the_same_of_the_volume():
    bars = SERIES["walk"]
    volume = indicator_outputs("ppo", complete("ppo", source="volume"), bars)
    agree("pvo", bars, volume)
    line = talib.PPO(bars.volume, 12, 26, 1)
    np.testing.assert_allclose(volume["line"][33:], line[33:])


@BARS
@pytest.mark.parametrize(("long", "short", "signal"), [(25, 13, 13), (10, 4, 1)])
def test_tsi(bars, long, short, signal):
    step = [math.nan, *np.diff(bars.close).tolist()]
    net, total = (exponential(exponential(part, long), short) for part in (step, [abs(value) for value in step]))
    line = [100 * one / other for one, other in zip(net, total, strict=True)]
    expected = {"line": line, "signal": exponential(line, signal)}
    agree("tsi", bars, expected, long_period=long, short_period=short, signal_period=signal)


@BARS
def test_awesome_oscillator(bars):
    median = bars.to_frame()[["high", "low"]].mean(axis="columns")
    agree("awesomeoscillator", bars, {"": median.rolling(5).mean() - median.rolling(34).mean()})


@BARS
def test_cmo_is_that_of_ta_lib_and_turns_as_rsi_does(bars):
    agree("cmo", bars, {"": talib.CMO(bars.close, 14)})
    agree("cmo", bars, {"": 2 * talib.RSI(bars.close, 9) - 100}, period=9)


@pytest.mark.parametrize("price", [1.1, 50.0, 61_234.567])
@pytest.mark.parametrize("name", ["rvi", "fishertransform", "stochrsi", "ppo", "tsi", "cmo"])
def test_nothing_moves_at_any_price(name, price):
    for values in indicator_outputs(name, complete(name), flat_bars(150, price)).values():
        np.testing.assert_allclose(values[60:], 0.0, atol=1e-12)
