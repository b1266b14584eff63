"""Sums, means, deviations and slopes over sliding windows, each value from its own window alone.

The series is cut into blocks of one window's length. A window is the end of one block and the beginning of the next,
and both parts accumulate from the border between them (van Herk 1992; Gil and Werman 1993). So no error runs on from
bar to bar: a window of zeros sums to exactly 0, and equal values have a deviation of exactly 0, whatever stood before.

All take and return float64 of shape (n,), NaN until the window is full; a NaN spoils its own windows alone. The first
k values depend on the first k alone, bit for bit.

References
----------
van Herk (1992), A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels, Pattern
Recognition Letters 13(7). Gil and Werman (1993), Computing 2-D min, median, and max filters, IEEE PAMI 15(5).
"""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats


def window_sum(values: Floats, period: int) -> Floats:
    """Return the sum of the last `period` values."""
    blocks = in_blocks(values, period)
    return _across(blocks, blocks, len(values))


def window_mean(values: Floats, period: int) -> Floats:
    """Return the mean of the last `period` values; of equal values exactly their value."""
    ends, beginnings, centres = _centred(values, period)
    return _across(ends, beginnings, len(values)) / period + centres


def window_deviation(values: Floats, period: int, *, sample: bool = False) -> Floats:
    """Return the standard deviation of the last `period` values: of the population, or of a `sample` (n - 1).

    Exactly 0 where the values are equal. The relative error is about `period` roundings at most, however far the level
    is above the spread: the squares are those of distances from a value of the window itself, which cannot lie further
    from the mean than sqrt(period) deviations.
    """
    ends, beginnings, _ = _centred(values, period)
    distances = _across(ends, beginnings, len(values))
    ends *= ends
    beginnings *= beginnings
    squares = _across(ends, beginnings, len(values))
    squares -= distances * distances / period
    squares /= period - int(sample)
    return np.sqrt(np.maximum(squares, 0.0, out=squares), out=squares)


def window_slope(values: Floats, period: int) -> Floats:
    """Return the slope of the straight line through the last `period` values by least squares, per bar; 2 at least."""
    ends, beginnings, _ = _centred(values, period)
    distances = _across(ends, beginnings, len(values))
    place = np.arange(period, dtype=np.float64)  # bars since the border
    ends *= place
    beginnings *= place - period
    products = _across(ends, beginnings, len(values))
    products -= distances * np.resize(place - 0.5 * (period - 1), len(values))
    return products / (period * (period**2 - 1) / 12.0)


def in_blocks(values: Floats, period: int, padding: float = 0.0) -> Floats:
    """Return a copy of the values in rows of `period`, the last one filled up."""
    padded = np.full(-(-len(values) // period) * period, padding)
    padded[: len(values)] = values
    return padded.reshape(-1, period)


def _across(ends: Floats, beginnings: Floats, n: int) -> Floats:
    """Return the sum over each window: of `ends` since its last border, and of `beginnings` up to that border.

    Both in blocks; the sum that ends with a block is that of `ends` alone.
    """
    period = ends.shape[1]
    sums = np.cumsum(ends, axis=1).reshape(-1)[:n]
    until = np.empty_like(beginnings)
    np.cumsum(beginnings[:, ::-1], axis=1, out=until[:, ::-1])
    until[:, 0] = 0.0  # a window that is one whole block
    sums[period - 1 :] += until.reshape(-1)[: max(n - period + 1, 0)]
    sums[: period - 1] = np.nan
    return sums


def _centred(values: Floats, period: int) -> tuple[Floats, Floats, Floats]:
    """Return the distances of ends and beginnings of windows from a centre, and the centre of each window.

    The centre is the first value behind the window's last border, which every window that crosses it holds.
    """
    ends = in_blocks(values, period)
    centres = ends[:, :1].copy()
    beginnings = np.zeros_like(ends)
    with np.errstate(invalid="ignore"):  # infinity less infinity
        np.subtract(ends[:-1], centres[1:], out=beginnings[:-1])
        ends -= centres
    return ends, beginnings, np.repeat(centres, period)[: len(values)]
