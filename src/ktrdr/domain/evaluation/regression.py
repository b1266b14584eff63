"""Metrics of number forecasts."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.evaluation.losses import absolute_errors, squared_errors
from ktrdr.domain.resolution import quotient, resolution


def regression_metrics(targets: Floats, predictions: Floats) -> dict[str, float | None]:
    """Return all metrics of predictions as plain values, None where one is not defined.

    Parameters
    ----------
    targets, predictions : ndarray of float64, shape (n,)
        n >= 1.

    Returns
    -------
    dict
        mse, rmse, mae (in the target's unit, squared for mse), r2, directional_accuracy.
    """
    mse = float(squared_errors(targets, predictions).mean())
    return {
        "mse": mse,
        "rmse": float(np.sqrt(mse)),
        "mae": float(absolute_errors(targets, predictions).mean()),
        "r2": r2(targets, predictions),
        "directional_accuracy": directional_accuracy(targets, predictions),
    }


def r2(targets: Floats, predictions: Floats) -> float | None:
    """Return 1 minus the squared errors' share of the spread about the targets' own mean.

    None where the targets are equal but for roundings.

    A constant forecast that is not that mean scores below 0.
    """
    spread = float(squared_errors(targets, targets.mean()).sum())
    missed = quotient(
        float(squared_errors(targets, predictions).sum()), spread, len(targets) * resolution(targets) ** 2
    )
    return None if missed is None else 1.0 - missed


def directional_accuracy(targets: Floats, predictions: Floats) -> float | None:
    """Return the share of rows whose sign was foreseen, among the rows whose target is not 0.

    A prediction of 0 is a miss. None where no target, or no prediction, has a sign.
    """
    moved = targets != 0
    if not moved.any() or not predictions.any():
        return None
    return float((np.sign(predictions[moved]) == np.sign(targets[moved])).mean())
