"""Kernels of the momentum indicators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import talib

from ktrdr.adapters.features.kernels.kernel import Columns, Kernel, Parameters, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import earlier, exponential, place, quotient
from ktrdr.domain.market.bars import Floats
from ktrdr.domain.market.windows import window_sum


def _rvi(columns: Columns, p: Parameters) -> Columns:
    open_, high, low, close = columns
    vigor = window_sum(_symmetric(close - open_), p["period"])
    line = quotient(vigor, window_sum(_symmetric(high - low), p["period"]))
    signal = _triangular(line, p["signal_period"])
    return _since_last(line, signal)


def _symmetric(values: Floats) -> Floats:
    """Return the mean of four values with weights 1-2-2-1; NaN on the first three."""
    return (values + 2.0 * earlier(values, 1) + 2.0 * earlier(values, 2) + earlier(values, 3)) / 6.0


def _triangular(values: Floats, period: int) -> Floats:
    """Return the mean of `period` values whose weights rise to the middle; 1-2-2-1 for 4."""
    return talib.TRIMA(values, period) if np.isfinite(values[-1:]).any() else np.full(len(values), np.nan)


def _fisher(columns: Columns, p: Parameters) -> Columns:
    (median,) = columns
    held = np.clip(2.0 * place(median, p["period"], 0.5) - 1.0, -0.999, 0.999)
    fisher = np.arctanh(exponential(held, p["smoothing"]))
    return _since_last(fisher, earlier(fisher, 1))


def _stochrsi(columns: Columns, p: Parameters) -> Columns:
    (source,) = columns
    if len(source) <= p["period"]:
        return np.full(len(source), np.nan), np.full(len(source), np.nan)
    rsi = talib.RSI(source, p["period"])
    periods = {"fastk_period": p["k_period"], "slowk_period": p["smooth_k"], "slowd_period": p["d_period"]}
    k, d = talib.STOCH(rsi, rsi, rsi, **periods)
    return k, d


def percentage_oscillator(columns: Columns, p: Parameters) -> Columns:
    """Return line, signal and histogram: the distance of a quick from a slow average, percent of the slow one."""
    line = talib.PPO(columns[0], p["fast_period"], p["slow_period"], talib.MA_Type.EMA)  # type: ignore[attr-defined]
    signal = exponential(line, p["signal_period"])
    return (*_since_last(line, signal), line - signal)


def _tsi(columns: Columns, p: Parameters) -> Columns:
    line = np.clip(talib.TSI(columns[0], p["long_period"], p["short_period"]), -100.0, 100.0)
    return _since_last(line, exponential(line, p["signal_period"]))


def _since_last(line: Floats, signal: Floats) -> Columns:
    """Return both, from the first bar on which the signal has a value."""
    return np.where(np.isnan(signal), np.nan, line), signal


MOMENTUM: Mapping[str, tuple[Kernel, ...]] = {
    "rsi": (talib_kernel("RSI", timeperiod="period"),),
    "roc": (talib_kernel("ROC", timeperiod="period"),),
    "momentum": (talib_kernel("MOM", timeperiod="period"),),
    "stochastic": (talib_kernel("STOCH", fastk_period="k_period", slowk_period="smooth_k", slowd_period="d_period"),),
    "williamsr": (talib_kernel("WILLR", timeperiod="period"),),
    "cci": (talib_kernel("CCI", timeperiod="period"),),
    "rvi": (own_kernel("rvi", _rvi),),
    "fishertransform": (own_kernel("fishertransform", _fisher),),
    "stochrsi": (own_kernel("stochrsi", _stochrsi),),
    "ultimateoscillator": (
        talib_kernel("ULTOSC", timeperiod1="short_period", timeperiod2="medium_period", timeperiod3="long_period"),
    ),
    "ppo": (own_kernel("ppo", percentage_oscillator),),
    "tsi": (own_kernel("tsi", _tsi, revision=2),),
    "awesomeoscillator": (talib_kernel("AO", fastperiod="fast_period", slowperiod="slow_period"),),
    "cmo": (talib_kernel("CMO", timeperiod="period"),),
}
