"""What makes the penalised loss of a linear model smallest."""

from __future__ import annotations

import numpy as np

from ktrdr.adapters.models.linear.solving import Standardised, minimum, solve
from ktrdr.domain.arrays import Floats, Int64s


def ridge(inputs: Standardised, targets: Floats, shares: Floats, l2: float) -> tuple[Floats, Floats]:
    """Return what minimises ``sum shares (z w + b - y)^2 / 2 + l2 |w|^2 / 2``.

    Parameters
    ----------
    inputs : Standardised
    targets, shares : ndarray of float64, shape (n_samples,)
        The shares are 1 in all.
    l2 : float
        Above 0.

    Returns
    -------
    weights : ndarray of float64, shape (1, n_features)
    intercept : ndarray of float64, shape (1,)

    References
    ----------
    Hoerl and Kennard (1970), Ridge regression: biased estimation for nonorthogonal problems.
    """
    mean = (shares * targets).sum()
    right = np.einsum("n,nd->d", shares * (targets - mean), inputs.values)
    curvature = inputs.gram(shares) + l2 * np.eye(len(right))
    return solve(curvature, right[:, None]).T, np.array([mean])


def logistic(inputs: Standardised, targets: Int64s, shares: Floats, n_classes: int, l2: float) -> tuple[Floats, Floats]:
    """Return what minimises ``-sum shares log softmax(Z W + b)[target] + l2 |W|^2 / 2``.

    A class that no sample has gets the share that one sample would have, whatever the inputs.

    Parameters
    ----------
    inputs : Standardised
    targets : ndarray of int64, shape (n_samples,)
    shares : ndarray of float64, shape (n_samples,)
        1 in all.
    n_classes : int
    l2 : float
        Above 0.

    Returns
    -------
    weights : ndarray of float64, shape (n_classes, n_features)
    intercept : ndarray of float64, shape (n_classes,)

    Notes
    -----
    L-BFGS begins from the bound of Boehning (1992) on the curvature, which makes correlated inputs harmless.

    References
    ----------
    Boehning (1992), Multinomial logistic regression algorithm.
    """
    weights = np.zeros((n_classes, inputs.values.shape[1]))
    intercept = np.full(n_classes, -np.log(len(targets)))
    present, places = np.unique(targets, return_inverse=True)
    if len(present) == 1:
        intercept[present] = 0.0
        return weights, intercept
    found = _softmax_regression(inputs.values, places, shares, inputs.gram(shares), l2)
    free = found[:, -1] - found[:, -1].max()
    weights[present] = found[:, :-1]
    intercept[present] = free - np.log(np.exp(free).sum())
    return weights, intercept


def _softmax_regression(values: Floats, targets: Int64s, shares: Floats, gram: Floats, l2: float) -> Floats:
    """Return weights and, in the last column, intercepts of classes that all occur."""
    n_classes, n_features = int(targets.max()) + 1, values.shape[1]
    rows = np.arange(len(targets))
    bound = solve(gram / 2 + l2 * np.eye(n_features), np.eye(n_features))

    def objective(place: Floats) -> tuple[float, Floats]:
        weights = place[:, :-1]
        logits = np.einsum("nd,kd->nk", values, weights) + place[:, -1]
        logits -= logits.max(axis=1, keepdims=True)
        odds = np.exp(logits)
        total = odds.sum(axis=1)
        loss = (shares * (np.log(total) - logits[rows, targets])).sum() + l2 / 2 * np.square(weights).sum()
        residual = odds * (shares / total)[:, None]
        residual[rows, targets] -= shares
        slope = np.einsum("nk,nd->kd", residual, values) + l2 * weights
        return float(loss), np.column_stack((slope, residual.sum(axis=0)))

    def descend(gradient: Floats) -> Floats:
        return np.column_stack((np.einsum("kd,de->ke", gradient[:, :-1], bound), 2 * gradient[:, -1]))

    start = np.zeros((n_classes, n_features + 1))
    start[:, -1] = np.log(np.bincount(targets, shares))
    return minimum(objective, start, descend)
