"""Kernels of the volatility indicators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import talib

from ktrdr.adapters.features.kernels.kernel import Columns, Kernel, Parameters, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import earlier, exponential, highest, quotient
from ktrdr.domain.market.windows import window_deviation, window_mean

_NOTHING = 1e-9  # share of the price below which an average range is what rounding left of livelier times


def _bollingerbandwidth(columns: Columns, given: Parameters) -> Columns:
    (values,) = columns
    upper, middle, lower = talib.BBANDS(values, given["period"], given["multiplier"], given["multiplier"])
    return (quotient(upper - lower, middle),)


def _squeezeintensity(columns: Columns, given: Parameters) -> Columns:
    high, low, close, source = columns
    period = given["kc_period"]
    upper, _, lower = talib.KC(high, low, close, period, period, given["kc_multiplier"])
    bollinger = 2 * given["bb_multiplier"] * talib.STDDEV(source, given["bb_period"])
    return (np.maximum(1.0 - quotient(bollinger, upper - lower, otherwise=1.0), 0.0),)


def _chaikinvolatility(columns: Columns, given: Parameters) -> Columns:
    high, low = columns
    average = exponential(high - low, given["period"])
    older = earlier(average, given["roc_period"])
    older[older <= _NOTHING * np.abs(high)] = 0.0
    return (100.0 * quotient(average - older, older),)


def _historicalvolatility(columns: Columns, given: Parameters) -> Columns:
    (values,) = columns
    with np.errstate(divide="ignore", invalid="ignore"):
        returns = np.log(values / earlier(values, 1))
    returns[np.isinf(returns)] = np.nan
    return (window_deviation(returns, given["period"], sample=True) * np.sqrt(given["bars_per_year"]),)


def _ulcerindex(columns: Columns, given: Parameters) -> Columns:
    (values,) = columns
    peak = highest(values, given["period"])
    drawdown = 100.0 * quotient(values - peak, peak)
    return (np.sqrt(window_mean(drawdown**2, given["period"])),)


VOLATILITY: Mapping[str, tuple[Kernel, ...]] = {
    "atr": (talib_kernel("ATR", timeperiod="period"),),
    "bbands": (talib_kernel("BBANDS", timeperiod="period", nbdevup="multiplier", nbdevdn="multiplier"),),
    "keltnerchannels": (talib_kernel("KC", timeperiod="period", atrperiod="atr_period", nbdev="multiplier"),),
    "donchianchannels": (talib_kernel("DONCHIAN", timeperiod="period"),),
    "natr": (talib_kernel("NATR", timeperiod="period"),),
    "standarddeviation": (talib_kernel("STDDEV", timeperiod="period"),),
    "truerange": (talib_kernel("TRANGE"),),
    "chaikinvolatility": (own_kernel("chaikinvolatility", _chaikinvolatility),),
    "bollingerbandwidth": (own_kernel("bollingerbandwidth", _bollingerbandwidth),),
    "squeezeintensity": (own_kernel("squeezeintensity", _squeezeintensity),),
    "historicalvolatility": (own_kernel("historicalvolatility", _historicalvolatility, revision=2),),
    "ulcerindex": (own_kernel("ulcerindex", _ulcerindex, revision=2),),
}
