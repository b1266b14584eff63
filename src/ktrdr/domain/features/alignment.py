"""Which bar of another timeframe is the latest that a base row knows."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s


def align(known_at_base: Int64s, known_at_other: Int64s) -> Int64s:
    """Return, for each base row, the latest other bar known by then; the other bars may be coarser or finer.

    Parameters
    ----------
    known_at_base, known_at_other : ndarray of int64, shapes (n,) and (m,)
        Moments from which the bars are known (UTC nanoseconds), non-decreasing.

    Returns
    -------
    ndarray of int64, shape (n,)
        Positions in the other series, non-decreasing; -1 where none of its bars is known yet.

    Causality: the bar's known-at time is at or before the row's own.
    """
    return np.searchsorted(known_at_other, known_at_base, side="right").astype(np.int64, copy=False) - 1


def gather(values: Floats, rows: Int64s) -> Floats:
    """Return the values at `rows` as `align` gave them; NaN for -1."""
    first = int(np.searchsorted(rows, 0))
    out = np.full(len(rows), np.nan)
    np.take(values, rows[first:], out=out[first:], mode="clip")  # "clip" spares a bounds-checked copy
    return out
