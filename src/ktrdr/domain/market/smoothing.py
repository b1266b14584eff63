"""Means whose weights fall with age."""

from __future__ import annotations

from itertools import accumulate

import numpy as np

from ktrdr.domain.arrays import Floats


def exponential_mean(values: Floats, alpha: float) -> Floats:
    """Return the mean that begins with the first value and moves by the share `alpha` towards each further one.

    Parameters
    ----------
    values : ndarray of float64, shape (n,)
        Finite.
    alpha : float
        Above 0, at most 1.

    Returns
    -------
    ndarray of float64, shape (n,)
        The bits of ``pandas.Series(values).ewm(alpha=alpha, adjust=False).mean()``, whose roundings it takes over: the
        share goes through a centre of mass, and an equal value changes nothing.
    """
    taken = 1.0 / (1.0 + (1.0 - alpha) / alpha)
    kept = 1.0 - taken
    weight = kept + taken

    def step(mean: float, value: float) -> float:
        return mean if mean == value else (kept * mean + taken * value) / weight

    return np.fromiter(accumulate(values.tolist(), step), np.float64, len(values))
