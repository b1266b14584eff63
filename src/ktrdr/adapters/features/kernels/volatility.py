"""Kernels of the volatility indicators."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import talib
from talib import stream

from ktrdr.adapters.features.kernels.kernel import Kernel, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import deviation, earlier, highest, quotient, total
from ktrdr.adapters.features.kernels.step import Step, Values, newest, ratio
from ktrdr.domain.market.bars import Floats
from ktrdr.domain.market.running import RunningDeviation, RunningSum

Columns = tuple[Floats, ...]
Given = Mapping[str, Any]


def _bollingerbandwidth(columns: Columns, given: Given) -> Columns:
    (values,) = columns
    upper, middle, lower = talib.BBANDS(values, given["period"], given["multiplier"], given["multiplier"])
    return (quotient(upper - lower, middle),)


def _bollingerbandwidth_step(columns: Columns, given: Given) -> Step:
    handle = stream.BBANDS(columns[0], given["period"], given["multiplier"], given["multiplier"])

    def step(columns: Columns) -> Values:
        upper, middle, lower = handle.update(columns[0].item(-1))
        return (ratio(upper - lower, middle),)

    return step


def _squeezeintensity(columns: Columns, given: Given) -> Columns:
    high, low, close, source = columns
    period = given["kc_period"]
    upper, _, lower = talib.KC(high, low, close, period, period, given["kc_multiplier"])
    bollinger = 2 * given["bb_multiplier"] * talib.STDDEV(source, given["bb_period"])
    return (np.maximum(1.0 - quotient(bollinger, upper - lower, otherwise=1.0), 0.0),)


def _squeezeintensity_step(columns: Columns, given: Given) -> Step:
    period, width = given["kc_period"], 2 * given["bb_multiplier"]
    high, low, close, source = columns
    channels = stream.KC(high, low, close, period, period, given["kc_multiplier"])
    spread = stream.STDDEV(source, given["bb_period"])

    def step(columns: Columns) -> Values:
        high, low, close, source = newest(columns)
        upper, _, lower = channels.update(high, low, close)
        return (max(1.0 - ratio(width * spread.update(source), upper - lower, 1.0), 0.0),)

    return step


def _historicalvolatility(columns: Columns, given: Given) -> Columns:
    deviations = deviation(_log_returns(columns[0]), given["period"], sample=True)
    return (deviations * np.sqrt(given["bars_per_year"]),)


def _historicalvolatility_step(columns: Columns, given: Given) -> Step:
    spread = RunningDeviation(given["period"], _log_returns(columns[0]).tolist(), ddof=1)
    scale = float(np.sqrt(given["bars_per_year"]))
    return lambda columns: (spread.update(_log_returns(columns[0][-2:]).item(-1)) * scale,)


def _log_returns(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        returns: Floats = np.log(values / earlier(values, 1))
    returns[np.isinf(returns)] = np.nan
    return returns


def _ulcerindex(columns: Columns, given: Given) -> Columns:
    squares = _square_drawdowns(columns[0], given["period"])
    return (np.sqrt(np.maximum(total(squares, given["period"]), 0.0) / given["period"]),)


def _ulcerindex_step(columns: Columns, given: Given) -> Step:
    period = given["period"]
    squares = RunningSum(period, _square_drawdowns(columns[0], period).tolist())

    def step(columns: Columns) -> Values:
        total = squares.update(_square_drawdowns(columns[0][-period:], period).item(-1))
        return (math.sqrt(max(total, 0.0) / period),)

    return step


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
    "chaikinvolatility": (talib_kernel("CVI", timeperiod="period", rocperiod="roc_period"),),
    "bollingerbandwidth": (own_kernel("bollingerbandwidth", _bollingerbandwidth).stepping(_bollingerbandwidth_step),),
    "squeezeintensity": (own_kernel("squeezeintensity", _squeezeintensity).stepping(_squeezeintensity_step),),
    "historicalvolatility": (
        own_kernel("historicalvolatility", _historicalvolatility).stepping(_historicalvolatility_step),
    ),
    "ulcerindex": (own_kernel("ulcerindex", _ulcerindex).stepping(_ulcerindex_step),),
}
