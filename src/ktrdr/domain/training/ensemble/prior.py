"""What needs no features: the class shares, or the mean, of the train rows; a member of every ensemble by default."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.catalogue.models.member_names import CLASS_SHARES, TRAIN_MEAN
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.training.model import Rows


def prior_name(target: Target) -> str:
    """Return the name of the member that needs no features."""
    return CLASS_SHARES if target.is_classification else TRAIN_MEAN


def prior_of(rows: Rows, target: Target) -> Floats:
    """Return the shares of the classes, shape (n_classes,), or the mean of the targets, shape (1,).

    Parameters
    ----------
    rows : Rows
        Train rows only. Weights count; to each class one row of their mean weight is added, so that no share is 0.
    target : Target

    References
    ----------
    Laplace (1774), the rule of succession.
    """
    if not target.is_classification:
        return np.array([np.average(rows.targets.astype(np.float64), weights=rows.weights)])
    counted = np.bincount(rows.targets, rows.weights, minlength=len(target.classes))
    n_rows = len(rows.targets) if rows.weights is None else np.count_nonzero(rows.weights)
    counts = counted + counted.sum() / n_rows
    shares: Floats = counts / counts.sum()
    return shares
