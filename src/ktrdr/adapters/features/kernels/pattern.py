"""Kernels of the pattern indicators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import talib

from ktrdr.adapters.features.kernels.kernel import Columns, Kernel, Parameters, own_kernel
from ktrdr.adapters.features.kernels.rolling import change, earlier, exponential, highest, lowest, place, quotient

_NOTHING = 1e-9  # share of the price below which a heikin-ashi candle has no extent


def _support(columns: Columns, p: Parameters) -> Columns:
    low, close = columns
    return (100.0 * quotient(close - lowest(low, p["period"]), close),)


def _resistance(columns: Columns, p: Parameters) -> Columns:
    high, close = columns
    return (100.0 * quotient(highest(high, p["period"]) - close, close),)


def _breakout(columns: Columns, p: Parameters) -> Columns:
    high, low, close = columns
    ceiling, floor = (earlier(level, 1) for level in (highest(high, p["period"]), lowest(low, p["period"])))
    half = 0.5 * (ceiling - floor)
    beyond = close - (floor + half)
    return (np.where(half == 0.0, np.sign(beyond), quotient(beyond, half)),)


def _divergence(columns: Columns, p: Parameters) -> Columns:
    (source,) = columns
    if len(source) <= p["rsi_period"]:
        return (np.full(len(source), np.nan),)
    return (place(talib.RSI(source, p["rsi_period"]), p["period"]) - place(source, p["period"]),)


def _structure(columns: Columns, p: Parameters) -> Columns:
    high, low = columns
    top, bottom = highest(high, p["period"]), lowest(low, p["period"])
    steps = [change(level, p["period"]) for level in (top, bottom)]
    highs, lows = (
        100.0 * quotient(step, earlier(level, p["period"])) for step, level in zip(steps, (top, bottom), strict=True)
    )
    return 0.5 * (np.sign(steps[0]) + np.sign(steps[1])), highs, lows


def _candle(columns: Columns, _: Parameters) -> Columns:
    open_, high, low, close = columns
    above, below = np.maximum(open_, close), np.minimum(open_, close)
    top, bottom = np.maximum(high, above), np.minimum(low, below)
    extent = top - bottom
    return quotient(close - open_, extent), quotient(top - above, extent), quotient(below - bottom, extent)


def _inside_outside(columns: Columns, _: Parameters) -> Columns:
    high, low = columns
    extent, high_before, low_before = high - low, earlier(high, 1), earlier(low, 1)
    extent_before = high_before - low_before
    common = np.minimum(high, high_before) - np.maximum(low, low_before)
    span = np.maximum(high, high_before) - np.minimum(low, low_before)
    return quotient(extent - extent_before, extent + extent_before), quotient(common, span)


def _pivot(columns: Columns, p: Parameters) -> Columns:
    high, low, close = columns
    top, bottom = earlier(highest(high, p["period"]), 1), earlier(lowest(low, p["period"]), 1)
    pivot = (top + bottom + earlier(close, 1)) / 3.0
    above, below = 2.0 * pivot - bottom - close, close - (2.0 * pivot - top)
    return tuple(100.0 * quotient(distance, close) for distance in (close - pivot, above, below))


def _streak(columns: Columns, p: Parameters) -> Columns:
    (source,) = columns
    direction, bar = np.sign(change(source)), np.arange(len(source))
    begins = np.ones(len(source), dtype=np.bool_)
    begins[1:] = direction[1:] != direction[:-1]
    length = bar - np.maximum.accumulate(np.where(begins, bar, 0)) + 1
    share = direction * np.minimum(length, p["period"]) / p["period"]
    share[: p["period"]] = np.nan
    return (share,)


def _heikin_ashi(columns: Columns, _: Parameters) -> Columns:
    mean, high, low = columns
    begin = earlier(exponential(mean, 3), 1)
    extent = np.maximum(high, begin) - np.minimum(low, begin)
    extent[extent <= _NOTHING * np.abs(mean)] = 0.0
    return (quotient(mean - begin, extent),)


PATTERN: Mapping[str, tuple[Kernel, ...]] = {
    "supportdistance": (own_kernel("supportdistance", _support),),
    "resistancedistance": (own_kernel("resistancedistance", _resistance),),
    "breakout": (own_kernel("breakout", _breakout),),
    "divergence": (own_kernel("divergence", _divergence),),
    "higherhighslowerlows": (own_kernel("higherhighslowerlows", _structure),),
    "candle": (own_kernel("candle", _candle),),
    "insideoutside": (own_kernel("insideoutside", _inside_outside),),
    "pivotdistance": (own_kernel("pivotdistance", _pivot),),
    "streak": (own_kernel("streak", _streak),),
    "heikinashi": (own_kernel("heikinashi", _heikin_ashi),),
}
