"""Kernels of the pattern indicators."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np
import talib
from talib import stream

from ktrdr.adapters.features.kernels.kernel import Kernel, own_kernel
from ktrdr.adapters.features.kernels.rolling import change, earlier, exponential, highest, lowest, place, quotient
from ktrdr.adapters.features.kernels.step import Columns, Parameters, Step, Values, newest, ratio

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


def _divergence_step(columns: Columns, p: Parameters) -> Step:
    period = p["period"]
    rsi, values = stream.RSI.open_and_fill(columns[0], p["rsi_period"])
    held = deque(values[-period:].tolist(), maxlen=period)

    def step(columns: Columns) -> Values:
        held.append(rsi.update(columns[0].item(-1)))
        return (_place_of_last(held) - _place_of_last(columns[0][-period:].tolist()),)

    return step


def _place_of_last(values: Sequence[float]) -> float:
    low = min(values)
    return ratio(values[-1] - low, max(values) - low)


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


def _heikin_ashi_step(columns: Columns, _: Parameters) -> Step:
    average = stream.EMA(columns[0], 3)

    def step(columns: Columns) -> Values:
        mean, high, low = newest(columns)
        begin = average.value
        average.update(mean)
        extent = max(high, begin) - min(low, begin)
        return (ratio(mean - begin, 0.0 if extent <= _NOTHING * abs(mean) else extent),)

    return step


def _period(p: Parameters) -> int:
    return int(p["period"])


def _period_and_one(p: Parameters) -> int:
    return int(p["period"]) + 1


PATTERN: Mapping[str, tuple[Kernel, ...]] = {
    "supportdistance": (own_kernel("supportdistance", _support).looking_back(_period),),
    "resistancedistance": (own_kernel("resistancedistance", _resistance).looking_back(_period),),
    "breakout": (own_kernel("breakout", _breakout).looking_back(_period_and_one),),
    "divergence": (own_kernel("divergence", _divergence).stepping(_divergence_step),),
    "higherhighslowerlows": (own_kernel("higherhighslowerlows", _structure).looking_back(lambda p: 2 * p["period"]),),
    "candle": (own_kernel("candle", _candle).looking_back(lambda _: 1),),
    "insideoutside": (own_kernel("insideoutside", _inside_outside).looking_back(lambda _: 2),),
    "pivotdistance": (own_kernel("pivotdistance", _pivot).looking_back(_period_and_one),),
    "streak": (own_kernel("streak", _streak).looking_back(_period_and_one),),
    "heikinashi": (own_kernel("heikinashi", _heikin_ashi).stepping(_heikin_ashi_step),),
}
