"""Baselines that only some labels have: forecasts that their own rule or their own past makes, see `Naive`."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.evaluation.baseline import Baseline, probable
from ktrdr.domain.labels.labelset import Naive


def class_baselines(
    naive: Naive, labels: Int64s, shares: Floats, majority: int, train: Int64s, test: Int64s
) -> Iterator[Baseline]:
    """Yield a forecast of classes on the test rows twice: what followed it in train, and the class that it names.

    Parameters
    ----------
    naive : Naive
        One class number a row; `NO_LABEL` gets the shares and the majority.
    labels : ndarray of int64, shape (n_rows,)
    shares : ndarray of float64, shape (n_classes,)
        Of the train rows.
    majority : int
    train, test : ndarray of int64
        Rows of these.
    """
    said, n_classes = naive.values.astype(np.int64), len(shares)
    after = np.ones((n_classes, n_classes))
    seen = train[said[train] >= 0]
    np.add.at(after, (said[seen], labels[seen]), 1.0)
    after /= after.sum(axis=1, keepdims=True)
    has, last = said[test] >= 0, said[test]
    yield probable(naive.name, naive.words, np.where(has[:, None], after[last], shares))
    named = np.where(has, last, majority)
    yield Baseline(f"{naive.name}_itself", f"{naive.words}, taken at its word", None, named)


def number_baseline(naive: Naive, targets: Floats, train: Int64s, test: Int64s) -> Baseline:
    """Return a forecast of numbers on the test rows; regressors are weighed by least squares on the train rows.

    A row of which it says nothing gets the train mean.
    """
    values, mean = naive.values.astype(np.float64), float(targets[train].mean())
    if values.ndim == 2:
        values = _fitted(values, targets, train)
    found = values[test]
    return Baseline(naive.name, naive.words, np.where(np.isfinite(found), found, mean))


def _fitted(regressors: Floats, targets: Floats, train: Int64s) -> Floats:
    """Return the least-squares forecast of all rows, with an intercept; NaN where a regressor is."""
    known = train[np.isfinite(regressors[train]).all(axis=1)]
    design = np.column_stack((np.ones(len(regressors)), regressors))
    if len(known) <= design.shape[1]:
        return np.full(len(regressors), np.nan)
    weights, *_ = np.linalg.lstsq(design[known], targets[known], rcond=None)
    forecast: Floats = design @ weights
    return forecast
