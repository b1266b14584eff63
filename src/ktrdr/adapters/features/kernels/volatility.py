"""Kernels of the volatility indicators."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.adapters.features.kernels.kernel import Kernel, talib_kernel

VOLATILITY: Mapping[str, tuple[Kernel, ...]] = {
    "atr": (talib_kernel("ATR", timeperiod="period"),),
    "bbands": (talib_kernel("BBANDS", timeperiod="period", nbdevup="multiplier", nbdevdn="multiplier"),),
}
