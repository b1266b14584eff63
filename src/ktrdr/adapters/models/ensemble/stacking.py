"""The regression on top of members: fitted to what they say of rows that they have not seen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.linear.fitting import logistic, ridge
from ktrdr.adapters.models.linear.solving import Standardised
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.ensemble.folds import walk_forward
from ktrdr.domain.training.ensemble.stacking import Stacked, said
from ktrdr.domain.training.model import Rows


def folds_of(rows: Rows, count: int) -> Iterator[tuple[Int64s, Int64s]]:
    """Yield the samples to fit to and those to forecast, see `walk_forward`; samples that count nothing are in none.

    Raises
    ------
    InvalidInput
        If nobody said when the samples are known, or there are too few.
    """
    if rows.known_at is None or rows.label_end is None:
        raise InvalidInput("stacking: needs to know from when each train row, and its label, is known")
    counted = np.arange(len(rows.targets)) if rows.weights is None else np.flatnonzero(rows.weights)
    for fit, forecast in walk_forward(rows.known_at[counted], rows.label_end[counted], count):
        yield counted[fit], counted[forecast]


def stacked(outputs: Floats, targets: NDArray[Any], weights: NDArray[Any] | None, l2: float) -> Stacked:
    """Return the regression of what happened on what members said, standardised.

    Parameters
    ----------
    outputs : ndarray of float64, shape (n_members, n_rows, n_outputs)
        Of rows that the members were not fitted to.
    targets : ndarray, shape (n_rows,)
    weights : ndarray, shape (n_rows,), or None
        What each row counts.
    l2 : float
        How strongly coefficients are drawn to 0; the intercept is not.
    """
    counts = np.ones(len(targets)) if weights is None else weights.astype(np.float64)
    shares, n_outputs = counts / counts.sum(), outputs.shape[2]
    inputs = Standardised.of(said(outputs), shares)
    if n_outputs > 1:
        found, intercept = logistic(inputs, targets.astype(np.int64), shares, n_outputs, l2)
    else:
        found, intercept = ridge(inputs, targets.astype(np.float64), shares, l2)
    coefficients = found / inputs.scale
    return Stacked(coefficients, intercept - (coefficients * inputs.centre).sum(axis=1))
