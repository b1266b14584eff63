"""Kernels of the volatility indicators."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping

import numpy as np
import talib
from talib import stream

from ktrdr.adapters.features.kernels.kernel import Kernel, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import earlier, exponential, highest, quotient
from ktrdr.adapters.features.kernels.step import Columns, Parameters, Step, Values, newest, ratio
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.market.running import RunningDeviation, RunningMean
from ktrdr.domain.market.windows import window_deviation, window_mean

_NOTHING = 1e-9  # share of the price below which an average range is what rounding left of livelier times


def _bollingerbandwidth(columns: Columns, given: Parameters) -> Columns:
    (values,) = columns
    upper, middle, lower = talib.BBANDS(values, given["period"], given["multiplier"], given["multiplier"])
    return (quotient(upper - lower, middle),)


def _bollingerbandwidth_step(columns: Columns, given: Parameters) -> Step:
    handle = stream.BBANDS(columns[0], given["period"], given["multiplier"], given["multiplier"])

    def step(columns: Columns) -> Values:
        upper, middle, lower = handle.update(columns[0].item(-1))
        return (ratio(upper - lower, middle),)

    return step


def _squeezeintensity(columns: Columns, given: Parameters) -> Columns:
    high, low, close, source = columns
    period = given["kc_period"]
    upper, _, lower = talib.KC(high, low, close, period, period, given["kc_multiplier"])
    bollinger = 2 * given["bb_multiplier"] * talib.STDDEV(source, given["bb_period"])
    return (np.maximum(1.0 - quotient(bollinger, upper - lower, otherwise=1.0), 0.0),)


def _squeezeintensity_step(columns: Columns, given: Parameters) -> Step:
    period, width = given["kc_period"], 2 * given["bb_multiplier"]
    high, low, close, source = columns
    channels = stream.KC(high, low, close, period, period, given["kc_multiplier"])
    spread = stream.STDDEV(source, given["bb_period"])

    def step(columns: Columns) -> Values:
        high, low, close, source = newest(columns)
        upper, _, lower = channels.update(high, low, close)
        return (max(1.0 - ratio(width * spread.update(source), upper - lower, 1.0), 0.0),)

    return step


def _chaikinvolatility(columns: Columns, given: Parameters) -> Columns:
    (high, low), bars = columns, given["roc_period"]
    values = high - low
    average = exponential(values, given["period"])
    older, newer, change = average[: max(len(high) - bars, 0)], average[bars:], values[bars:]
    asleep = _asleep(older, high[bars:])
    values[:bars] = np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        np.subtract(newer, older, out=change)
        change /= older
    change *= 100.0
    change[asleep] = np.where(np.isnan(newer[asleep]), np.nan, 0.0)
    return (values,)


def _asleep(average: Floats, price: Floats) -> Int64s:
    """Return where an average range is next to nothing beside the price; where it is nowhere, at the cost of a look."""
    most = max(price.max(initial=0.0), -price.min(initial=0.0))
    if np.fmin.reduce(average, initial=np.inf) > _NOTHING * most:
        return np.empty(0, dtype=np.int64)
    return np.flatnonzero(average <= _NOTHING * np.abs(price))


def _chaikinvolatility_step(columns: Columns, given: Parameters) -> Step:
    high, low = columns
    average, values = stream.EMA.open_and_fill(high - low, given["period"])
    held = deque(values[-given["roc_period"] :].tolist(), maxlen=given["roc_period"])

    def step(columns: Columns) -> Values:
        high, low = newest(columns)
        older = 0.0 if held[0] <= _NOTHING * abs(high) else held[0]
        held.append(average.update(high - low))
        return (100.0 * ratio(held[-1] - older, older),)

    return step


def _historicalvolatility(columns: Columns, given: Parameters) -> Columns:
    deviations = window_deviation(_log_returns(columns[0]), given["period"], sample=True)
    return (deviations * np.sqrt(given["bars_per_year"]),)


def _historicalvolatility_step(columns: Columns, given: Parameters) -> Step:
    spread = RunningDeviation(given["period"], _log_returns(columns[0]).tolist(), sample=True)
    scale = float(np.sqrt(given["bars_per_year"]))
    return lambda columns: (spread.update(_log_returns(columns[0][-2:]).item(-1)) * scale,)


def _log_returns(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        returns: Floats = np.log(values / earlier(values, 1))
    returns[np.isinf(returns)] = np.nan
    return returns


def _ulcerindex(columns: Columns, given: Parameters) -> Columns:
    return (np.sqrt(window_mean(_square_drawdowns(columns[0], given["period"]), given["period"])),)


def _ulcerindex_step(columns: Columns, given: Parameters) -> Step:
    period = given["period"]
    mean = RunningMean(period, _square_drawdowns(columns[0], period).tolist())
    return lambda columns: (math.sqrt(mean.update(_square_drawdowns(columns[0][-period:], period).item(-1))),)


def _square_drawdowns(values: Floats, period: int) -> Floats:
    peak = highest(values, period)
    drawdown: Floats = 100.0 * quotient(values - peak, peak)
    return drawdown**2


VOLATILITY: Mapping[str, tuple[Kernel, ...]] = {
    "atr": (talib_kernel("ATR", timeperiod="period"),),
    "bbands": (talib_kernel("BBANDS", timeperiod="period", nbdevup="multiplier", nbdevdn="multiplier"),),
    "keltnerchannels": (talib_kernel("KC", timeperiod="period", atrperiod="atr_period", nbdev="multiplier"),),
    "donchianchannels": (talib_kernel("DONCHIAN", timeperiod="period"),),
    "natr": (talib_kernel("NATR", timeperiod="period"),),
    "standarddeviation": (talib_kernel("STDDEV", timeperiod="period"),),
    "truerange": (talib_kernel("TRANGE"),),
    "chaikinvolatility": (own_kernel("chaikinvolatility", _chaikinvolatility).stepping(_chaikinvolatility_step),),
    "bollingerbandwidth": (own_kernel("bollingerbandwidth", _bollingerbandwidth).stepping(_bollingerbandwidth_step),),
    "squeezeintensity": (own_kernel("squeezeintensity", _squeezeintensity).stepping(_squeezeintensity_step),),
    "historicalvolatility": (
        own_kernel("historicalvolatility", _historicalvolatility, revision=2).stepping(_historicalvolatility_step),
    ),
    "ulcerindex": (own_kernel("ulcerindex", _ulcerindex, revision=2).stepping(_ulcerindex_step),),
}
