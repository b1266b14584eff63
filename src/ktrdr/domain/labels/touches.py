"""When a series first reaches a level that differs from bar to bar."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s

_BLOCK = 1 << 15
"""Rows at a time, so that the tables of their maxima stay in the processor's cache."""


def bars_below(values: Floats, levels: Floats, limit: int) -> Int64s:
    """Return how many bars after each one have values below its level before the first that has not.

    Parameters
    ----------
    values : ndarray of float64, shape (n_bars,)
    levels : ndarray of float64, shape (n_bars,)
        What the values after each bar are held against; NaN counts as reached at once.
    limit : int
        Bars looked ahead.

    Returns
    -------
    ndarray of int64, shape (n_bars,)
        ``k < limit``: the bar k + 1 rows later is the first with a value at or above the level. `limit`: none of the
        next `limit` bars is, as far as there are bars.

    Notes
    -----
    A binary search over maxima of windows of doubling length: O(n log limit).
    """
    steps = limit.bit_length()
    reach = 1 << steps
    counts = np.empty(len(values), dtype=np.int64)
    for first in range(0, len(values), _BLOCK):
        last = min(first + _BLOCK, len(values))
        later = np.full(last - first + reach - 1, -np.inf)
        there = values[first + 1 : last + reach]
        later[: len(there)] = there
        counts[first:last] = _clear(later, levels[first:last], steps)
    return np.minimum(counts, limit, out=counts)


def _clear(later: Floats, levels: Floats, steps: int) -> Int64s:
    """Return for each row i how many of ``later[i:]`` lie below its level, up to ``2**steps - 1``."""
    highest = [later]
    for step in range(steps - 1):
        width = 1 << step
        highest.append(np.maximum(highest[-1][:-width], highest[-1][width:]))
    rows = np.arange(len(levels))
    found = rows.copy()
    for step in reversed(range(steps)):
        found += (highest[step][found] < levels).astype(np.int64) << step
    return found - rows
