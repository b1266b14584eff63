"""The CUSUM filter: the bars at which the price has moved enough to be an event."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.labels.touches import bars_below

_NEAR = 1023
"""Bars within which the next event is looked up; one further away is searched for on its own."""


def cusum_events(log_prices: Floats, thresholds: Floats) -> Int64s:
    """Return the rows at which a cumulative sum of log returns, up or down, exceeds the threshold.

    The upward sum is ``max(0, sum + return)``, the downward one ``min(0, sum + return)``; each begins again at 0 after
    its own event. In other words, the price has risen by more than the threshold above its lowest point since the last
    upward event, or fallen by more below its highest since the last downward one.

    Parameters
    ----------
    log_prices : ndarray of float64, shape (n_bars,)
    thresholds : ndarray of float64, shape (n_bars,)
        0 or more; NaN before some bar, from which the sums start.

    Returns
    -------
    ndarray of int64, shape (n_events,)
        Ascending.

    Notes
    -----
    Causality: whether t is an event depends on bars up to t.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, snippet 2.4; Page (1954), Continuous Inspection
    Schemes.
    """
    start = int(np.isnan(thresholds).sum())
    prices, least = log_prices[start:], thresholds[start:]
    events = np.zeros(len(prices), dtype=bool)
    events[_rises(prices, least)] = True
    events[_rises(-prices, least)] = True
    return start + np.flatnonzero(events)


def _rises(prices: Floats, least: Floats) -> Int64s:
    """Return the rows at which the price has risen by more than `least` since its minimum after the row before."""
    if not len(prices):
        return np.empty(0, dtype=np.int64)
    needed = prices - least
    near = bars_below(needed, np.nextafter(prices, np.inf), _NEAR)
    first = np.where(near < _NEAR, np.arange(1, len(prices) + 1) + near, len(prices))
    following = np.minimum.accumulate(first[::-1])[::-1].tolist()
    found: list[int] = []
    row = 0
    while True:
        event = following[row]
        if event - row > _NEAR:
            event = _first_rise(prices, needed, row, event)
        if event >= len(prices):
            return np.array(found, dtype=np.int64)
        found.append(event)
        row = event


def _first_rise(prices: Floats, needed: Floats, row: int, bound: int) -> int:
    """Return the first event after `row`, at most `bound`, where it may be further than `_NEAR` from its minimum."""
    size = 2 * _NEAR
    while True:
        end = min(row + size, bound)
        lowest = np.minimum.accumulate(prices[row:end])
        hits = np.flatnonzero(needed[row + 1 : end] > lowest[:-1])
        if len(hits):
            return row + 1 + int(hits[0])
        if end == bound:
            return bound
        size *= 2
