"""Windowed and exponential averages that kernels are made of; none loops over bars in Python.

All take and return float64 of shape (n,), NaN until the window is full. NaN at the head is skipped, as TA-Lib does it:
a window counts from the first number. Sums, means and deviations that carry no rounding error from bar to bar are in
`ktrdr.domain.market.windows`. The first k values depend on the first k bars alone, bit for bit.
"""

from __future__ import annotations

import numpy as np
import talib

from ktrdr.domain.arrays import Floats


def mean(values: Floats, period: int) -> Floats:
    """Return the mean of the last `period` values."""
    return talib.SMA(values, period)


def highest(values: Floats, period: int) -> Floats:
    """Return the largest of the last `period` values."""
    return values.copy() if period == 1 else talib.MAX(values, period)


def lowest(values: Floats, period: int) -> Floats:
    """Return the smallest of the last `period` values."""
    return values.copy() if period == 1 else talib.MIN(values, period)


def middle(high: Floats, low: Floats, period: int) -> Floats:
    """Return the middle of the range of the last `period` bars."""
    return talib.MIDPRICE(high, low, period) if period > 1 else (high + low) / 2


def place(values: Floats, period: int, otherwise: float = 0.0) -> Floats:
    """Return the place in the range of the last `period` values, 0 to 1; `otherwise` where there is no range."""
    low = lowest(values, period)
    return quotient(values - low, highest(values, period) - low, otherwise)


def exponential(values: Floats, period: int) -> Floats:
    """Return the average of weight 2 / (period + 1), begun with the mean of the first `period` values."""
    return talib.EMA(values, period)


def change(values: Floats, bars: int = 1) -> Floats:
    """Return the difference to the value `bars` before; NaN where there is none."""
    return values - earlier(values, bars)


def returns(values: Floats) -> Floats:
    """Return the change of one bar as a fraction of the older value; 0 where that is 0."""
    return quotient(change(values), earlier(values, 1))


def earlier(values: Floats, bars: int) -> Floats:
    """Return the value of `bars` bars before; NaN where there is none."""
    moved = np.full(len(values), np.nan)
    moved[bars:] = values[: max(len(values) - bars, 0)]
    return moved


def quotient(dividend: Floats, divisor: Floats, otherwise: float = 0.0) -> Floats:
    """Return dividend / divisor; `otherwise` where the divisor is 0, NaN where one of them is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        result = dividend / divisor
    result[(divisor == 0) & ~np.isnan(dividend)] = otherwise
    return result
