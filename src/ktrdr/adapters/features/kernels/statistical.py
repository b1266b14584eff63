"""Kernels of the statistical indicators."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import talib
from talib import stream

from ktrdr.adapters.features.kernels.kernel import Kernel, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.rolling import change, earlier, quotient, returns
from ktrdr.adapters.features.kernels.step import Columns, Parameters, Step, Values, ratio
from ktrdr.adapters.features.kernels.windows import deepest_fall
from ktrdr.domain.arrays import Floats
from ktrdr.domain.market.running import RunningDeviation, RunningMean, RunningSlope
from ktrdr.domain.market.windows import window_deviation, window_mean, window_slope, window_sum

_ROUNDING = 1e-12  # share of the mean square below which a variance is rounding error
_LAGS = (1, 2, 4, 8, 16)
_PATTERNS = ((0, 0, 0), (0, 1, 0), (0, 1, 1), (1, 0, 0), (1, 0, 1), (1, 1, 1))
_COMPARED = 256  # earlier values up to which comparing with each is quicker than a sorted list
_CHUNK = 32768  # values at a time, so that they stay in the processor's cache


def _mean(values: Floats, period: int) -> Floats:
    return window_sum(values, period) / period


def _spread(mean: Floats, square: Floats) -> Floats:
    """Return the variance from the mean and the mean square; 0 where it is no more than rounding error."""
    variance = square - mean * mean
    variance[variance <= _ROUNDING * square] = 0.0
    return variance


def _zscore(columns: Columns, p: Parameters) -> Columns:
    (source,) = columns
    return (quotient(source - window_mean(source, p["period"]), window_deviation(source, p["period"])),)


def _zscore_step(columns: Columns, p: Parameters) -> Step:
    history = columns[0].tolist()
    mean, spread = RunningMean(p["period"], history), RunningDeviation(p["period"], history)

    def step(columns: Columns) -> Values:
        value = columns[0].item(-1)
        return (ratio(value - mean.update(value), spread.update(value)),)

    return step


def _autocorrelation(columns: Columns, p: Parameters) -> Columns:
    now = returns(columns[0])
    before, period = earlier(now, p["lag"]), p["period"]
    mean, mean_before = _mean(now, period), _mean(before, period)
    spread, spread_before = _spread(mean, _mean(now * now, period)), _spread(mean_before, _mean(before**2, period))
    shared = _mean(now * before, period) - mean * mean_before
    return (np.clip(quotient(shared, np.sqrt(spread) * np.sqrt(spread_before)), -1.0, 1.0),)


def _entropy(columns: Columns, p: Parameters) -> Columns:
    (source,) = columns
    period, n = p["period"], len(columns[0])
    first, middle, last = source[:-2], source[1:-1], source[2:]
    up, on, over = middle >= first, last >= middle, last >= first
    shares = np.arange(1, period + 1) / period
    terms = np.concatenate(([0.0], -shares * np.log(shares) / math.log(len(_PATTERNS))))
    out = np.full(n, np.nan)
    if n > period + 1:
        total = np.zeros(n - period - 1)
        for pattern in _PATTERNS:
            seen = np.cumsum((up == pattern[0]) & (on == pattern[1]) & (over == pattern[2]), dtype=np.int64)
            counts = seen[period - 1 :].copy()
            counts[1:] -= seen[:-period]
            total += terms[counts]
        out[period + 1 :] = np.minimum(total, 1.0)
    return (out,)


def _sharpe(columns: Columns, p: Parameters) -> Columns:
    step = returns(columns[0])
    mean = _mean(step, p["period"])
    return (quotient(mean, np.sqrt(_spread(mean, _mean(step * step, p["period"])))),)


def _skew(columns: Columns, p: Parameters) -> Columns:
    step, period = returns(columns[0]), p["period"]
    mean, square, cube = (_mean(power, period) for power in (step, step * step, step * step * step))
    central = cube - 3.0 * mean * square + 2.0 * mean**3
    return (quotient(central, _spread(mean, square) ** 1.5),)


def _kurtosis(columns: Columns, p: Parameters) -> Columns:
    step, period = returns(columns[0]), p["period"]
    squares = step * step
    mean, square, cube, fourth = (_mean(power, period) for power in (step, squares, squares * step, squares**2))
    central = fourth - 4.0 * mean * cube + 6.0 * mean**2 * square - 3.0 * mean**4
    return (quotient(central, _spread(mean, square) ** 2, 3.0) - 3.0,)


def _hurst(columns: Columns, p: Parameters) -> Columns:
    (source,) = columns
    slope, still = np.zeros(len(source)), np.zeros(len(source), dtype=np.bool_)
    weights = np.arange(len(_LAGS)) - 0.5 * (len(_LAGS) - 1)
    for lag, weight in zip(_LAGS, weights / (weights**2).sum(), strict=True):
        power = window_sum(change(source, lag) ** 2, p["period"])
        unmoved = power == 0.0
        power[unmoved] = 1.0
        still |= unmoved
        slope += weight * np.log2(power)
    slope[still & ~np.isnan(slope)] = 0.0
    return (0.5 * slope,)


def _variance_ratio(columns: Columns, p: Parameters) -> Columns:
    (source,), period, lag = columns, p["period"], p["lag"]
    short, long = change(source), change(source, lag)
    spread, spread_long = (_spread(_mean(step, period), _mean(step * step, period)) for step in (short, long))
    return (quotient(spread_long, lag * spread),)


def _percent_rank(columns: Columns, p: Parameters) -> Columns:
    (source,), period = columns, p["period"]
    if period > _COMPARED:
        import pandas as pd

        below = pd.Series(source, copy=False).rolling(period + 1).rank(method="min").to_numpy() - 1.0
        return (below / period,)
    out = np.full(len(source), np.nan)
    for start in range(period, len(source), _CHUNK):
        now = source[start : start + _CHUNK]
        below = np.zeros(len(now), dtype=np.uint16)
        for lag in range(1, period + 1):
            below += source[start - lag : start - lag + len(now)] < now
        out[start : start + _CHUNK] = below / period
    return (out,)


def _percent_rank_step(_: Columns, p: Parameters) -> Step:
    period = p["period"]

    def step(columns: Columns) -> Values:
        *earlier, now = columns[0][-period - 1 :]
        return (sum(value < now for value in earlier) / period,)

    return step


def _r_squared(columns: Columns, p: Parameters) -> Columns:
    (source,), period = columns, p["period"]
    explained = window_slope(source, period) * math.sqrt((period**2 - 1) / 12.0)
    return (np.minimum(quotient(explained, window_deviation(source, period)) ** 2, 1.0),)


def _r_squared_step(columns: Columns, p: Parameters) -> Step:
    period, scale = p["period"], math.sqrt((p["period"] ** 2 - 1) / 12.0)
    history = columns[0].tolist()
    slope, spread = RunningSlope(period, history), RunningDeviation(period, history)

    def step(columns: Columns) -> Values:
        value = columns[0].item(-1)
        share = ratio(slope.update(value) * scale, spread.update(value))
        return (min(share * share, 1.0),)

    return step


def _max_drawdown(columns: Columns, p: Parameters) -> Columns:
    return (100.0 * (1.0 - deepest_fall(columns[0], p["period"])),)


def _up_share(columns: Columns, p: Parameters) -> Columns:
    step = change(columns[0])
    return (_mean(np.where(np.isnan(step), np.nan, step > 0.0), p["period"]),)


def _efficiency(columns: Columns, p: Parameters) -> Columns:
    (source,), period = columns, p["period"]
    ratio = talib.ER(source, period)
    ratio[period:][source[period:] == source[:-period]] = 0.0  # TA-Lib gives 1 to a market that stands still
    return (ratio,)


def _efficiency_step(columns: Columns, p: Parameters) -> Step:
    period = p["period"]
    ratio = stream.ER(columns[0], period)

    def step(columns: Columns) -> Values:
        (source,) = columns
        value = ratio.update(source.item(-1))
        return (0.0 if source.item(-1) == source.item(-1 - period) else value,)

    return step


def _downside(columns: Columns, p: Parameters) -> Columns:
    step = returns(columns[0])
    falls = np.minimum(step, 0.0)
    return (np.minimum(quotient(window_sum(falls * falls, p["period"]), window_sum(step * step, p["period"])), 1.0),)


def _two_blocks(p: Parameters) -> int:
    """Return on how many bars window sums depend: two blocks, and what their terms look back on."""
    return 2 * int(p["period"]) + max(*_LAGS, int(p.get("lag", 1))) + 1


STATISTICAL: Mapping[str, tuple[Kernel, ...]] = {
    "returns": (talib_kernel("ROCP", timeperiod="period"),),
    "zscore": (own_kernel("zscore", _zscore, revision=2).stepping(_zscore_step),),
    "autocorrelation": (own_kernel("autocorrelation", _autocorrelation).looking_back(_two_blocks),),
    "entropy": (own_kernel("entropy", _entropy, revision=2).looking_back(_two_blocks),),
    "skew": (own_kernel("skew", _skew).looking_back(_two_blocks),),
    "kurtosis": (own_kernel("kurtosis", _kurtosis).looking_back(_two_blocks),),
    "hurstexponent": (own_kernel("hurstexponent", _hurst).looking_back(_two_blocks),),
    "varianceratio": (own_kernel("varianceratio", _variance_ratio).looking_back(_two_blocks),),
    "percentrank": (own_kernel("percentrank", _percent_rank).stepping(_percent_rank_step),),
    "rsquared": (own_kernel("rsquared", _r_squared, revision=2).stepping(_r_squared_step),),
    "maxdrawdown": (own_kernel("maxdrawdown", _max_drawdown).looking_back(_two_blocks),),
    "upshare": (own_kernel("upshare", _up_share).looking_back(_two_blocks),),
    "efficiencyratio": (own_kernel("efficiencyratio", _efficiency, revision=2).stepping(_efficiency_step),),
    "downsideshare": (own_kernel("downsideshare", _downside).looking_back(_two_blocks),),
    "sharperatio": (own_kernel("sharperatio", _sharpe).looking_back(_two_blocks),),
}
