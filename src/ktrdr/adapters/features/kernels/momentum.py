"""Kernels of the momentum indicators."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.adapters.features.kernels.kernel import Kernel, talib_kernel

MOMENTUM: Mapping[str, tuple[Kernel, ...]] = {
    "rsi": (talib_kernel("RSI", timeperiod="period"),),
    "roc": (talib_kernel("ROC", timeperiod="period"),),
    "momentum": (talib_kernel("MOM", timeperiod="period"),),
    "stochastic": (talib_kernel("STOCH", fastk_period="k_period", slowk_period="smooth_k", slowd_period="d_period"),),
    "williamsr": (talib_kernel("WILLR", timeperiod="period"),),
    "cci": (talib_kernel("CCI", timeperiod="period"),),
}
