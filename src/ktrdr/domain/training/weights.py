"""Class weights: what a row of each class counts in the loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def class_weights(labels: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Return weights under which all classes that occur count the same.

    Parameters
    ----------
    labels : ndarray of int64, shape (n_rows,)
        Class numbers 0 to `n_classes` - 1 of the train rows.
    n_classes : int

    Returns
    -------
    ndarray of float64, shape (n_classes,)
        ``n_rows / (classes that occur * rows of the class)``; 1 for a class that does not occur. Weighted by them,
        the rows of the classes that occur sum to `n_rows`.

    References
    ----------
    King and Zeng (2001), Logistic Regression in Rare Events Data.
    """
    counts = np.bincount(labels, minlength=n_classes)
    present = counts > 0
    weights = np.ones(n_classes)
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights
