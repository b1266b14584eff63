"""What all ways of combining have in common: forecasts of several members become one, row by row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidInput

_SMALLEST = float(np.finfo(np.float64).tiny)
_SLACK = 1e-9
Arrays = Mapping[str, NDArray[Any]]


class Combination(Protocol):
    """Makes one forecast of those of the members; a row's result depends on that row alone, to the last bit.

    Attributes
    ----------
    shares : ndarray of float64, shape (n_members,), or None
        What each member counts, summing to 1; None where a member has no share.
    """

    shares: Floats | None

    @abstractmethod
    def __call__(self, outputs: Floats) -> Floats:
        """Return probabilities or predictions, shape (n_rows, n_outputs).

        Parameters
        ----------
        outputs : ndarray of float64, shape (n_members, n_rows, n_outputs)
            Finite probabilities of each class, or predictions with n_outputs 1.
        """

    @abstractmethod
    def arrays(self) -> Arrays:
        """Return the numbers that make an equal combination."""


def weighted_sum(weights: Floats, outputs: Floats) -> Floats:
    """Return the sum of outputs times weights over the first axis, added one after the other whatever the row count.

    Parameters
    ----------
    weights : ndarray of float64, shape (n_members,) or (n_members, n_rows)
    outputs : ndarray of float64, shape (n_members, n_rows, n_outputs)
    """
    total: Floats = np.zeros(outputs.shape[1:])
    for weight, output in zip(weights, outputs, strict=True):
        total += np.reshape(weight, (-1, 1)) * output
    return total


def log_of(probabilities: Floats) -> Floats:
    """Return logarithms; those of 0 are those of the smallest number, so that they stay finite."""
    logs: Floats = np.log(np.maximum(probabilities, _SMALLEST))
    return logs


def checked_shares(values: NDArray[Any] | None, n_members: int) -> Floats:
    """Return shares as they were stored.

    Raises
    ------
    InvalidInput
        If they are no shares of so many members.
    """
    if values is None or values.dtype != np.float64 or values.shape != (n_members,):
        raise InvalidInput(f"shares must be {n_members} numbers of float64")
    if not np.isfinite(values).all() or values.min() < 0 or abs(float(values.sum()) - 1) > _SLACK:
        raise InvalidInput("shares must be numbers of 0 or more that sum to 1")
    return values
