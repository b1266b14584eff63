"""Which of several sizes are really larger than others, and whether repeated explanations agree."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s

ERRORS = 2.0
"""Standard errors by which a difference must stand clear of 0."""


def rank_intervals(draws: Floats, tolerance: float = 0.0) -> Int64s:
    """Return the first and the last rank that each item may have.

    Parameters
    ----------
    draws : ndarray of float64, shape (n_draws, n_items)
        Sizes, from repeated draws of all items together; one draw is taken to be exact.
    tolerance : float
        A smaller difference is none.

    Returns
    -------
    ndarray of int64, shape (n_items, 2)
        An item stands before another where its mean is larger by more than the tolerance and `ERRORS` standard errors
        of the difference, draw by draw. The first rank is 1 and those that stand before it, the last the number of
        items less those that it stands before. Items whose intervals overlap cannot be told apart.
    """
    n_draws, n_items = draws.shape
    mean = draws.mean(axis=0)
    error = np.zeros((n_items, n_items))
    if n_draws > 1:
        centred = draws - mean
        shared = centred.T @ centred / (n_draws - 1)
        own = np.diag(shared)
        error = np.sqrt(np.maximum(own[:, None] + own - 2 * shared, 0.0) / n_draws)
    before = mean[:, None] - mean > np.maximum(ERRORS * error, tolerance)
    return np.stack([1 + before.sum(axis=0), n_items - before.sum(axis=1)], axis=1)


def ranks_in_words(intervals: Int64s) -> tuple[str, ...]:
    """Return each rank: "2", "3-5" where it may be any of these, "-" where it may be all."""
    last = len(intervals)
    return tuple(
        "-" if (low, high) == (1, last) and last > 1 else str(low) if low == high else f"{low}-{high}"
        for low, high in intervals.tolist()
    )


def agreement(draws: Floats, most: int = 5) -> tuple[float, float]:
    """Return how alike repeated draws put items in order.

    Parameters
    ----------
    draws : ndarray of float64, shape (n_draws, n_items), n_draws at least 2
        Sizes.
    most : int
        How many of the largest are compared.

    Returns
    -------
    share : float
        Of the `most` largest of one draw that are among those of another, over all pairs of draws.
    correlation : float
        Spearman's, over all pairs; equal sizes stand in the order of the items.
    """
    places = np.argsort(np.argsort(-draws, axis=1, kind="stable"), axis=1, kind="stable")
    most = min(most, draws.shape[1])
    pairs = list(combinations(places, 2))
    share = np.mean([np.count_nonzero((one < most) & (other < most)) / most for one, other in pairs])
    if draws.shape[1] < 2:
        return float(share), 1.0
    return float(share), float(np.mean([np.corrcoef(one, other)[0, 1] for one, other in pairs]))
