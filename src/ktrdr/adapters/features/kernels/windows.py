"""The deepest fall over sliding windows, by the blocks of `ktrdr.domain.market.windows`."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.market.windows import in_blocks

_NEXT_TO_NOTHING = 1e-300


def deepest_fall(values: Floats, period: int) -> Floats:
    """Return the smallest quotient of a later by an earlier value among the last `period` values; at most 1.

    NaN until the window is full. Values of 0 and below count as next to nothing.
    """
    n = len(values)
    blocks = np.maximum(in_blocks(values, period, 1.0), _NEXT_TO_NOTHING)
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
