"""How large a move must be to count: a share of the price, or a multiple of recent ranges."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.labels.outcomes import divisors
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.smoothing import exponential_mean

ATR_PERIOD = 14
Threshold = float | Mapping[str, float]
"""A share of the price, or ``{"atr": multiple}``."""


def average_true_range(bars: Bars, period: int = ATR_PERIOD) -> Floats:
    """Return Wilder's average true range.

    Parameters
    ----------
    bars : Bars
    period : int
        Bars; the smoothing factor is ``1 / period``.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        In quote currency; NaN for the first `period` bars. The first value is the mean of the first `period` true
        ranges; the first bar has none, since it has no previous close.

    Notes
    -----
    Causality: the value at t uses bars up to t.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems.
    """
    average = np.full(len(bars), np.nan)
    if len(bars) <= period:
        return average
    previous = bars.close[:-1]
    true_range = np.maximum(bars.high[1:], previous) - np.minimum(bars.low[1:], previous)
    seeded = np.concatenate(([true_range[:period].mean()], true_range[period:]))
    average[period:] = exponential_mean(seeded, 1 / period)
    return average


def threshold_multiple(threshold: Threshold) -> float:
    """Return the number in a threshold: how many times `threshold_unit` a move must be."""
    return float(threshold["atr"] if isinstance(threshold, Mapping) else threshold)


def threshold_unit(bars: Bars, threshold: Threshold, lookahead: int = 1) -> Floats:
    """Return what a threshold's number is a multiple of, bar by bar.

    Parameters
    ----------
    bars : Bars
    threshold : number or mapping
        A share of the price has the unit 1; ``{"atr": multiple}`` has ATR(14) x sqrt(lookahead) / close.
    lookahead : int
        Bars over which the move happens; a random walk's range grows with the square root of it.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Fractions of the price (see `divisors`); NaN where the ATR is warming up.

    Notes
    -----
    Causality: the value at t uses bars up to t.
    """
    if not isinstance(threshold, Mapping):
        return np.ones(len(bars))
    unit: Floats = average_true_range(bars) * np.sqrt(lookahead) / divisors(bars.close)
    return unit
