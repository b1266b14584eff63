"""Kernels of the momentum indicators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import talib
from talib import stream

from ktrdr.adapters.features.kernels.kernel import Kernel, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import earlier, exponential, place, quotient
from ktrdr.adapters.features.kernels.step import Columns, Parameters, Step, Values, tail
from ktrdr.domain.arrays import Floats
from ktrdr.domain.market.windows import window_sum


def _rvi(columns: Columns, p: Parameters) -> Columns:
    line = _vigor(columns, p["period"])
    return _since_last(line, _triangular(line, p["signal_period"]))


def _rvi_step(columns: Columns, p: Parameters) -> Step:
    period = p["period"]
    signal = stream.TRIMA(_vigor(columns, period), p["signal_period"])

    def step(columns: Columns) -> Values:
        line = _vigor(tail(columns, 2 * period + 4, period), period).item(-1)
        return line, signal.update(line)

    return step


def _vigor(columns: Columns, period: int) -> Floats:
    open_, high, low, close = columns
    return quotient(window_sum(_symmetric(close - open_), period), window_sum(_symmetric(high - low), period))


def _symmetric(values: Floats) -> Floats:
    """Return the mean of four values with weights 1-2-2-1; NaN on the first three."""
    return (values + 2.0 * earlier(values, 1) + 2.0 * earlier(values, 2) + earlier(values, 3)) / 6.0


def _triangular(values: Floats, period: int) -> Floats:
    """Return the mean of `period` values whose weights rise to the middle; 1-2-2-1 for 4."""
    return talib.TRIMA(values, period) if np.isfinite(values[-1:]).any() else np.full(len(values), np.nan)


def _fisher(columns: Columns, p: Parameters) -> Columns:
    fisher = np.arctanh(exponential(_held_place(columns[0], p["period"]), p["smoothing"]))
    return _since_last(fisher, earlier(fisher, 1))


def _fisher_step(columns: Columns, p: Parameters) -> Step:
    period = p["period"]
    average = stream.EMA(_held_place(columns[0], period), p["smoothing"])
    fisher = float(np.arctanh(average.value))

    def step(columns: Columns) -> Values:
        nonlocal fisher
        before = fisher
        fisher = float(np.arctanh(average.update(_held_place(columns[0][-period:], period).item(-1))))
        return fisher, before

    return step


def _held_place(median: Floats, period: int) -> Floats:
    """Return the place in the range of the last `period` values, held from -0.999 to 0.999."""
    return np.clip(2.0 * place(median, period, 0.5) - 1.0, -0.999, 0.999)


def _stochrsi(columns: Columns, p: Parameters) -> Columns:
    (source,) = columns
    if len(source) <= p["period"]:
        return np.full(len(source), np.nan), np.full(len(source), np.nan)
    rsi = talib.RSI(source, p["period"])
    k, d = talib.STOCH(rsi, rsi, rsi, **_stoch_periods(p))  # type: ignore[arg-type]
    return k, d


def _stochrsi_step(columns: Columns, p: Parameters) -> Step:
    rsi, values = stream.RSI.open_and_fill(columns[0], p["period"])
    place = stream.STOCH(values, values, values, **_stoch_periods(p))

    def step(columns: Columns) -> Values:
        value = rsi.update(columns[0].item(-1))
        return place.update(value, value, value)

    return step


def _stoch_periods(p: Parameters) -> dict[str, int]:
    return {"fastk_period": p["k_period"], "slowk_period": p["smooth_k"], "slowd_period": p["d_period"]}


def percentage_oscillator(columns: Columns, p: Parameters) -> Columns:
    """Return line, signal and histogram: the distance of a quick from a slow average, percent of the slow one."""
    line = talib.PPO(columns[0], p["fast_period"], p["slow_period"], talib.MA_Type.EMA)  # type: ignore[attr-defined]
    signal = exponential(line, p["signal_period"])
    return (*_since_last(line, signal), line - signal)


def percentage_oscillator_step(columns: Columns, p: Parameters) -> Step:
    """Open the same bar by bar."""
    kind: int = talib.MA_Type.EMA  # type: ignore[attr-defined, assignment]
    line, values = stream.PPO.open_and_fill(columns[0], p["fast_period"], p["slow_period"], kind)
    signal = stream.EMA(values, p["signal_period"])

    def step(columns: Columns) -> Values:
        value = line.update(columns[0].item(-1))
        average = signal.update(value)
        return value, average, value - average

    return step


def _tsi(columns: Columns, p: Parameters) -> Columns:
    line = np.clip(talib.TSI(columns[0], p["long_period"], p["short_period"]), -100.0, 100.0)
    return _since_last(line, exponential(line, p["signal_period"]))


def _tsi_step(columns: Columns, p: Parameters) -> Step:
    strength, values = stream.TSI.open_and_fill(columns[0], p["long_period"], p["short_period"])
    signal = stream.EMA(np.clip(values, -100.0, 100.0), p["signal_period"])

    def step(columns: Columns) -> Values:
        line = min(max(strength.update(columns[0].item(-1)), -100.0), 100.0)
        return line, signal.update(line)

    return step


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
    "rvi": (own_kernel("rvi", _rvi).stepping(_rvi_step),),
    "fishertransform": (own_kernel("fishertransform", _fisher).stepping(_fisher_step),),
    "stochrsi": (own_kernel("stochrsi", _stochrsi).stepping(_stochrsi_step),),
    "ultimateoscillator": (
        talib_kernel("ULTOSC", timeperiod1="short_period", timeperiod2="medium_period", timeperiod3="long_period"),
    ),
    "ppo": (own_kernel("ppo", percentage_oscillator).stepping(percentage_oscillator_step),),
    "tsi": (own_kernel("tsi", _tsi, revision=2).stepping(_tsi_step),),
    "awesomeoscillator": (talib_kernel("AO", fastperiod="fast_period", slowperiod="slow_period"),),
    "cmo": (talib_kernel("CMO", timeperiod="period"),),
}
