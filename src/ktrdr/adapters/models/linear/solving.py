"""Sums and solutions in a fixed order: no BLAS, whose bits depend on the number of threads."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.errors import TrainingFailed

GRADIENT = 1e-8
"""A minimum is found where no component of the gradient is larger."""
_MOST_STEPS, _MEMORY, _SLACK = 500, 10, 1e-14


@dataclass(frozen=True, slots=True, eq=False)
class Standardised:
    """Inputs with weighted mean 0 and variance 1, column by column.

    Attributes
    ----------
    values : ndarray of float64, shape (n_samples, n_features)
        A column that does not vary is 0.
    centre, scale : ndarray of float64, shape (n_features,)
    """

    values: Floats
    centre: Floats
    scale: Floats

    @classmethod
    def of(cls, inputs: Float32s | Floats, shares: Floats) -> Standardised:
        """Return standardised inputs.

        Parameters
        ----------
        inputs : ndarray of float32 or float64, shape (n_samples, n_features)
        shares : ndarray of float64, shape (n_samples,)
            What each row counts, 1 in all.

        Raises
        ------
        TrainingFailed
            If an input is no finite number.
        """
        found = int(np.count_nonzero(~np.isfinite(inputs)))
        if found:
            raise TrainingFailed(
                f"training broke down: the loss is not a number, since {found} of {inputs.size} train inputs are no "
                "finite numbers"
            )
        varies = inputs.min(axis=0) < inputs.max(axis=0)
        values = inputs.astype(np.float64)
        centre = np.where(varies, np.einsum("n,nd->d", shares, values), inputs[0])
        values -= centre
        deviation = np.sqrt(np.einsum("n,nd,nd->d", shares, values, values))
        scale = np.where(varies & (deviation > 0), deviation, 1.0)
        values /= scale
        return cls(values, centre, scale)

    def gram(self, shares: Floats) -> Floats:
        """Return the weighted mean of the rows' outer products, shape (n_features, n_features)."""
        product: Floats = np.einsum("ni,nj->ij", self.values * shares[:, None], self.values)
        return (product + product.T) / 2


def solve(matrix: Floats, right: Floats) -> Floats:
    """Return the solution of a symmetric, positive definite system by its Cholesky factor.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n, n)
    right : ndarray of float64, shape (n, n_sides)
    """
    n = len(matrix)
    lower, found = np.zeros((n, n)), right.copy()
    for j in range(n):
        column = matrix[j:, j] - np.einsum("ik,k->i", lower[j:, :j], lower[j, :j])
        lower[j:, j] = column / np.sqrt(column[0])
        found[j] = (found[j] - np.einsum("k,ks->s", lower[j, :j], found[:j])) / lower[j, j]
    for j in reversed(range(n)):
        found[j] = (found[j] - np.einsum("k,ks->s", lower[j + 1 :, j], found[j + 1 :])) / lower[j, j]
    return found


def minimum(
    objective: Callable[[Floats], tuple[float, Floats]], start: Floats, descend: Callable[[Floats], Floats]
) -> Floats:
    """Return where a smooth, strictly convex function is smallest, by L-BFGS.

    Parameters
    ----------
    objective : callable
        Place to value and gradient.
    start : ndarray of float64
    descend : callable
        Gradient to the step against it by a bound on the curvature, from which L-BFGS begins.

    Raises
    ------
    TrainingFailed
        If the gradient is not below `GRADIENT` after 500 steps, or the value is not a number.

    References
    ----------
    Liu and Nocedal (1989), On the limited memory BFGS method for large scale optimization.
    """
    place, (value, gradient) = start, objective(start)
    past: deque[tuple[Floats, Floats]] = deque(maxlen=_MEMORY)
    for _ in range(_MOST_STEPS):
        if not np.isfinite(value):
            raise TrainingFailed("training broke down: the loss is not a number; inputs may be far too large")
        if np.abs(gradient).max() <= GRADIENT:
            return place
        step = -_two_loops(gradient, past, descend)
        slope, length = float((step * gradient).sum()), 1.0
        while True:
            there = place + length * step
            new_value, new_gradient = objective(there)
            if new_value <= value + 1e-4 * length * slope + _SLACK * abs(value) or length < 1e-9:
                break
            length /= 2
        past.append((there - place, new_gradient - gradient))
        place, value, gradient = there, new_value, new_gradient
    raise TrainingFailed(
        f"training did not converge: after {_MOST_STEPS} steps the gradient is {np.abs(gradient).max():.2g}; raise l2"
    )


def _two_loops(gradient: Floats, past: deque[tuple[Floats, Floats]], descend: Callable[[Floats], Floats]) -> Floats:
    """Return the gradient times the inverse curvature that the last steps have shown."""
    left, taken = gradient, []
    for step, change in reversed(past):
        share = (step * left).sum() / (step * change).sum()
        left = left - share * change
        taken.append(share)
    found = descend(left)
    for (step, change), share in zip(past, reversed(taken), strict=True):
        found = found + (share - (change * found).sum() / (step * change).sum()) * step
    return found
