"""Kernels of the trend indicators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import talib
from talib import stream

from ktrdr.adapters.features.kernels.kernel import Kernel, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import earlier, exponential, mean, middle, quotient
from ktrdr.adapters.features.kernels.step import Columns, Parameters, Step, Values, newest, ratio
from ktrdr.domain.errors import InvalidInput


def _aroon(columns: Columns, given: Parameters) -> Columns:
    high, low = columns
    down, up = talib.AROON(high, low, given["period"])
    return up, down, up - down


def _aroon_step(columns: Columns, given: Parameters) -> Step:
    high, low = columns
    handle = stream.AROON(high, low, given["period"])

    def step(columns: Columns) -> Values:
        down, up = handle.update(*newest(columns))
        return up, down, up - down

    return step


def _parabolicsar(columns: Columns, given: Parameters) -> Columns:
    """SAR has one factor for both first value and step; SAREXT has two, but marks a fall by a negative sign."""
    high, low = columns
    initial, step, highest_factor = (given[name] for name in ("initial_af", "step_af", "max_af"))
    if initial == step:
        return (talib.SAR(high, low, step, highest_factor),)
    if low.min(initial=np.inf) <= 0:
        raise InvalidInput("parabolicsar with an initial_af other than its step_af needs prices above 0")
    side = (initial, step, highest_factor)
    return (np.abs(talib.SAREXT(high, low, 0.0, 0.0, *side, *side)),)


def _parabolicsar_step(columns: Columns, given: Parameters) -> Step:
    highs, lows = columns
    side = initial, step, highest_factor = tuple(given[name] for name in ("initial_af", "step_af", "max_af"))
    if initial == step:
        plain = stream.SAR(highs, lows, step, highest_factor)
        return lambda columns: (plain.update(*newest(columns)),)
    signed = stream.SAREXT(highs, lows, 0.0, 0.0, *side, *side)

    def advance(columns: Columns) -> Values:
        high, low = newest(columns)
        if low <= 0:
            raise InvalidInput("parabolicsar with an initial_af other than its step_af needs prices above 0")
        return (abs(signed.update(high, low)),)

    return advance


def _ichimoku(columns: Columns, given: Parameters) -> Columns:
    high, low = columns
    tenkan, kijun, slow = (middle(high, low, given[f"{name}_period"]) for name in ("tenkan", "kijun", "senkou_b"))
    shift = given["displacement"]
    return tenkan, kijun, earlier((tenkan + kijun) / 2, shift), earlier(slow, shift)


def _supertrend(columns: Columns, given: Parameters) -> Columns:
    high, low, close = columns
    line, direction = talib.SUPERTREND(high, low, close, given["period"], given["multiplier"])
    return line, np.where(np.isnan(line), np.nan, direction)


def _supertrend_step(columns: Columns, given: Parameters) -> Step:
    high, low, close = columns
    handle = stream.SUPERTREND(high, low, close, given["period"], given["multiplier"])

    def step(columns: Columns) -> Values:
        line, direction = handle.update(*newest(columns))
        return line, float(direction)

    return step


def _distancefromma(columns: Columns, given: Parameters) -> Columns:
    (values,) = columns
    average = (exponential if given["ma_type"] == "EMA" else mean)(values, given["period"])
    return (100.0 * quotient(values - average, average),)


def _distancefromma_step(columns: Columns, given: Parameters) -> Step:
    handle = (stream.EMA if given["ma_type"] == "EMA" else stream.SMA)(columns[0], given["period"])

    def step(columns: Columns) -> Values:
        (value,) = newest(columns)
        average = handle.update(value)
        return (100.0 * ratio(value - average, average),)

    return step


TREND: Mapping[str, tuple[Kernel, ...]] = {
    "sma": (talib_kernel("SMA", timeperiod="period"),),
    "ema": (talib_kernel("EMA", timeperiod="period"),),
    "macd": (talib_kernel("MACD", fastperiod="fast_period", slowperiod="slow_period", signalperiod="signal_period"),),
    "adx": (
        talib_kernel("ADX", ("adx",), timeperiod="period"),
        talib_kernel("PLUS_DI", ("plus_di",), timeperiod="period"),
        talib_kernel("MINUS_DI", ("minus_di",), timeperiod="period"),
    ),
    "wma": (talib_kernel("WMA", timeperiod="period"),),
    "dema": (talib_kernel("DEMA", timeperiod="period"),),
    "tema": (talib_kernel("TEMA", timeperiod="period"),),
    "kama": (talib_kernel("KAMA", timeperiod="period"),),
    "hma": (talib_kernel("HMA", timeperiod="period"),),
    "trix": (talib_kernel("TRIX", timeperiod="period"),),
    "linearregressionslope": (talib_kernel("LINEARREG_SLOPE", timeperiod="period"),),
    "vortex": (talib_kernel("VORTEX", timeperiod="period"),),
    "aroon": (own_kernel("aroon", _aroon).stepping(_aroon_step),),
    "parabolicsar": (own_kernel("parabolicsar", _parabolicsar).stepping(_parabolicsar_step),),
    "ichimoku": (
        own_kernel("ichimoku", _ichimoku).looking_back(
            lambda p: max(p["tenkan_period"], p["kijun_period"], p["senkou_b_period"]) + p["displacement"]
        ),
    ),
    "supertrend": (own_kernel("supertrend", _supertrend).stepping(_supertrend_step),),
    "distancefromma": (own_kernel("distancefromma", _distancefromma).stepping(_distancefromma_step),),
}
