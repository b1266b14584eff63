"""Blending: shares of members that fit rows which none of them was fitted to."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.training.ensemble.combining import weighted_sum

_MOST_STEPS = 10_000
_CLOSE = 1e-10
_GAIN = 1e-5


def mixture_shares(densities: Floats) -> Floats:
    """Return the shares under which a mixture of given densities is most likely, by EM from equal shares.

    Parameters
    ----------
    densities : ndarray of float64, shape (n_members, n_rows)
        What each member gave to what happened: 0 or more, of each row above 0 for one member at least.

    Returns
    -------
    ndarray of float64, shape (n_members,)
        0 or more, summing to 1. The mean logarithm of the mixture is concave in them, so that no start is better.

    Notes
    -----
    A step multiplies each share by the mean of what its member gave, over what the mixture gave. The largest of these
    factors less 1 bounds how much more likely the best mixture is (Cover 1984): it stops where that is below 1e-5 nats.

    References
    ----------
    Dempster, Laird and Rubin (1977), Maximum likelihood from incomplete data via the EM algorithm; Cover (1984), An
    algorithm for maximizing expected log investment return.
    """
    shares = np.full(len(densities), 1 / len(densities))
    for _ in range(_MOST_STEPS):
        factors = (densities / weighted_sum(shares, densities[:, :, None])[:, 0]).mean(axis=1)
        if factors.max() - 1 < _GAIN:
            break
        shares = shares * factors / (shares * factors).sum()
    return shares


def squared_error_shares(predictions: Floats, targets: Floats) -> Floats:
    """Return the shares under which the mean of the predictions has the least squared error.

    Least squares on the simplex, by accelerated projected gradients from equal shares.

    Parameters
    ----------
    predictions : ndarray of float64, shape (n_members, n_rows)
    targets : ndarray of float64, shape (n_rows,)

    Returns
    -------
    ndarray of float64, shape (n_members,)
        0 or more, summing to 1.

    References
    ----------
    Breiman (1996), Stacked regressions; Beck and Teboulle (2009), A fast iterative shrinkage-thresholding algorithm.
    """
    errors = predictions - targets
    gram = np.array([[(one * other).mean() for other in errors] for one in errors])
    step = 1 / max(float(np.linalg.eigvalsh(gram)[-1]), np.finfo(float).tiny)
    shares = ahead = np.full(len(errors), 1 / len(errors))
    for number in range(_MOST_STEPS):
        moved = onto_simplex(ahead - step * (gram @ ahead))
        if np.abs(moved - shares).max() < _CLOSE and number:
            return moved
        ahead = moved + number / (number + 3) * (moved - shares)
        shares = moved
    return shares


def onto_simplex(point: Floats) -> Floats:
    """Return the nearest point with numbers of 0 or more that sum to 1.

    References
    ----------
    Duchi et al. (2008), Efficient projections onto the l1-ball for learning in high dimensions.
    """
    ordered = np.sort(point)[::-1]
    excess = (np.cumsum(ordered) - 1) / np.arange(1, len(point) + 1)
    moved = np.maximum(point - excess[ordered > excess][-1], 0)
    nearest: Floats = moved / moved.sum()
    return nearest
