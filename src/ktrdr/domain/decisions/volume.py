"""The volume filter: whether enough is traded at a bar to open a position there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats
from ktrdr.domain.market.running import RunningMean
from ktrdr.domain.market.windows import window_mean

VOLUME_WINDOW_BARS = 20


def volume_permits(volume: Floats, multiple: float | None) -> NDArray[np.bool_]:
    """Return at which bars a position may be opened.

    Where some volume is above 0, and at least `multiple` times the mean of the last 20 bars, this one included. Before
    20 bars there is no such mean, and nothing is permitted. Bars before which there never was any volume are permitted:
    a source without volume has nothing to compare (`volume_note` says so aloud).

    Parameters
    ----------
    volume : ndarray of float64, shape (n,)
        Of all base bars, in the units of its source.
    multiple : float or None
        None permits every bar.

    Returns
    -------
    ndarray of bool, shape (n,)

    Causality: uses the bar's own and earlier volumes.
    """
    if multiple is None:
        return np.ones(len(volume), dtype=np.bool_)
    mean = window_mean(volume, VOLUME_WINDOW_BARS)
    silent_so_far = np.logical_not(np.maximum.accumulate(volume > 0))
    permitted: NDArray[np.bool_] = silent_so_far | ((volume > 0) & (volume >= multiple * mean))
    return permitted


class VolumeGate:
    """The same bar by bar.

    Parameters
    ----------
    multiple : float or None
    volume : ndarray of float64, shape (n,)
        Of the bars so far.
    """

    def __init__(self, multiple: float | None, volume: Floats) -> None:
        self._multiple = multiple
        self._mean = RunningMean(VOLUME_WINDOW_BARS, volume.tolist() if multiple is not None else ())
        self._silent = not (volume > 0).any()

    def permits(self, volume: float) -> bool:
        """Take in one more bar; return whether a position may be opened there."""
        if self._multiple is None:
            return True
        mean = self._mean.update(volume)
        self._silent &= not volume > 0
        return self._silent or (volume > 0 and volume >= self._multiple * mean)


def volume_note(volume: Floats, multiple: float | None) -> str | None:
    """Return what must be said of a filter that cannot work, or None."""
    if multiple is None or (volume > 0).any():
        return None
    return f"decisions.filters.volume_filter: {multiple:g} has no effect: these bars have no volume"
