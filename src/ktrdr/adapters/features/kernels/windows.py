"""Sums and falls over sliding windows, each value from its own window alone.

The series is cut into blocks of one window's length. A window is the end of one block and the beginning of the next,
and both parts accumulate from the border between them (van Herk 1992; Gil and Werman 1993). So no error runs on from
bar to bar, and a window of zeros gives exactly 0, whatever stood before it.

References
----------
van Herk (1992), A fast algorithm for local minimum and maximum filters on rectangular and octagonal kernels, Pattern
Recognition Letters 13(7). Gil and Werman (1993), Computing 2-D min, median, and max filters, IEEE PAMI 15(5).
"""

from __future__ import annotations

import numpy as np

from ktrdr.domain.market.bars import Floats

_NEXT_TO_NOTHING = 1e-300


def window_sum(values: Floats, period: int) -> Floats:
    """Return the sum of the last `period` values, NaN before; a NaN at the head spoils its own windows alone."""
    n = len(values)
    blocks = _blocks(values, period, 0.0)
    since = np.cumsum(blocks, axis=1).reshape(-1)[:n]
    until = np.empty_like(blocks)
    np.cumsum(blocks[:, ::-1], axis=1, out=until[:, ::-1])
    until[:, 0] = 0.0  # a window that is one whole block
    sums = np.full(n, np.nan)
    np.add(since[period - 1 :], until.reshape(-1)[: max(n - period + 1, 0)], out=sums[period - 1 :])
    return sums


def deepest_fall(values: Floats, period: int) -> Floats:
    """Return the smallest quotient of a later by an earlier value among the last `period` values; at most 1.

    NaN until the window is full. Values of 0 and below count as next to nothing.
    """
    n = len(values)
    blocks = np.maximum(_blocks(values, period, 1.0), _NEXT_TO_NOTHING)
    peaks = np.maximum.accumulate(blocks, axis=1)
    falls_since = np.minimum.accumulate(blocks / peaks, axis=1).reshape(-1)[period - 1 : n]
    lows_since = np.minimum.accumulate(blocks, axis=1).reshape(-1)[period - 1 : n]
    back = blocks[:, ::-1]
    falls_until = np.minimum.accumulate(np.minimum.accumulate(back, axis=1) / back, axis=1)[:, ::-1].reshape(-1)
    peaks_until = np.maximum.accumulate(back, axis=1)[:, ::-1].reshape(-1)
    windows = max(n - period + 1, 0)
    fall = np.full(n, np.nan)
    across = np.minimum(falls_until[:windows], lows_since / peaks_until[:windows])
    across[::period] = 1.0  # a window that is one whole block
    np.minimum(falls_since, across, out=fall[period - 1 :])
    return fall


def _blocks(values: Floats, period: int, padding: float) -> Floats:
    """Return the values in rows of `period`, the last one filled up."""
    padded = np.full(-(-len(values) // period) * period, padding)
    padded[: len(values)] = values
    return padded.reshape(-1, period)
