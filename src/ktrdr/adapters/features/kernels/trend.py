"""Kernels of the trend indicators."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.adapters.features.kernels.kernel import Kernel, talib_kernel

TREND: Mapping[str, tuple[Kernel, ...]] = {
    "sma": (talib_kernel("SMA", timeperiod="period"),),
    "ema": (talib_kernel("EMA", timeperiod="period"),),
    "macd": (talib_kernel("MACD", fastperiod="fast_period", slowperiod="slow_period", signalperiod="signal_period"),),
    "adx": (
        talib_kernel("ADX", ("adx",), timeperiod="period"),
        talib_kernel("PLUS_DI", ("plus_di",), timeperiod="period"),
        talib_kernel("MINUS_DI", ("minus_di",), timeperiod="period"),
    ),
}
