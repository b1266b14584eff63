"""Kernels of the trend indicators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import talib

from ktrdr.adapters.features.kernels.kernel import Columns, Kernel, Parameters, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import earlier, exponential, mean, middle, quotient
from ktrdr.domain.errors import InvalidInput


def _aroon(columns: Columns, given: Parameters) -> Columns:
    high, low = columns
    down, up = talib.AROON(high, low, given["period"])
    return up, down, up - down


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


def _ichimoku(columns: Columns, given: Parameters) -> Columns:
    high, low = columns
    tenkan, kijun, slow = (middle(high, low, given[f"{name}_period"]) for name in ("tenkan", "kijun", "senkou_b"))
    shift = given["displacement"]
    return tenkan, kijun, earlier((tenkan + kijun) / 2, shift), earlier(slow, shift)


def _supertrend(columns: Columns, given: Parameters) -> Columns:
    high, low, close = columns
    line, direction = talib.SUPERTREND(high, low, close, given["period"], given["multiplier"])
    return line, np.where(np.isnan(line), np.nan, direction)


def _distancefromma(columns: Columns, given: Parameters) -> Columns:
    (values,) = columns
    average = (exponential if given["ma_type"] == "EMA" else mean)(values, given["period"])
    return (100.0 * quotient(values - average, average),)


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
    "aroon": (own_kernel("aroon", _aroon),),
    "parabolicsar": (own_kernel("parabolicsar", _parabolicsar),),
    "ichimoku": (own_kernel("ichimoku", _ichimoku),),
    "supertrend": (own_kernel("supertrend", _supertrend),),
    "distancefromma": (own_kernel("distancefromma", _distancefromma),),
}
