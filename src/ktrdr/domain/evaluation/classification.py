"""Metrics of class forecasts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.evaluation.losses import brier_scores, log_losses

CALIBRATION_BINS = 10


def classification_metrics(labels: Int64s, probabilities: Floats, classes: Sequence[str]) -> dict[str, Any]:
    """Return all metrics of class probabilities as plain values, None where one is not defined.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
        n >= 1.
    probabilities : ndarray of float64, shape (n, k)
        Rows sum to 1; the most probable class is the forecast (of equals, the first).
    classes : sequence of str, length k

    Returns
    -------
    dict
        log_loss (nats), accuracy, balanced_accuracy, macro_f1, brier, calibration_error, per_class, confusion_matrix
        (counts; row = what happened, column = forecast).

    Notes
    -----
    Recall is None for a class that never happened, precision for one that was never forecast, F1 where both hold;
    balanced accuracy and macro F1 are means over the classes that have a value, which is what scikit-learn does.
    """
    confusion = confusion_matrix(labels, probabilities.argmax(axis=1), len(classes))
    scores = class_scores(confusion)
    return {
        "log_loss": float(log_losses(labels, probabilities).mean()),
        "accuracy": float(np.trace(confusion) / len(labels)),
        "balanced_accuracy": float(np.nanmean(scores["recall"])),
        "macro_f1": float(np.nanmean(scores["f1"])),
        "brier": float(brier_scores(labels, probabilities).mean()),
        "calibration_error": calibration_error(reliability(labels, probabilities)),
        "per_class": {
            name: {key: defined(values[index]) for key, values in scores.items()}
            | {"support": int(confusion[index].sum())}
            for index, name in enumerate(classes)
        },
        "confusion_matrix": confusion.tolist(),
    }


def confusion_matrix(labels: Int64s, choices: Int64s, n_classes: int) -> Int64s:
    """Return counts, shape (n_classes, n_classes): row = what happened, column = forecast."""
    counts = np.bincount(labels * n_classes + choices, minlength=n_classes * n_classes)
    return counts.astype(np.int64).reshape(n_classes, n_classes)


def class_scores(confusion: Int64s) -> dict[str, Floats]:
    """Return precision, recall and F1 of each class, shape (k,); NaN where a denominator is 0.

    References
    ----------
    van Rijsbergen (1979), Information Retrieval.
    """
    hits, happened, forecast = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    with np.errstate(invalid="ignore"):
        return {
            "precision": hits / forecast,
            "recall": hits / happened,
            "f1": 2 * hits / (happened + forecast),
        }


def reliability(labels: Int64s, probabilities: Floats, bins: int = CALIBRATION_BINS) -> list[dict[str, Any]]:
    """Return how often the most probable class happened, by the probability that it was given.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
    probabilities : ndarray of float64, shape (n, k)
    bins : int
        Bins of equal width over [0, 1]; a bin holds low <= probability < high, the last one 1 as well.

    Returns
    -------
    list of dict
        For each bin that is not empty: low, high, rows, confidence (mean probability), accuracy.
    """
    confidence, hits = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    index = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    rows = np.bincount(index, minlength=bins)
    confidences = np.bincount(index, weights=confidence, minlength=bins)
    accuracies = np.bincount(index, weights=hits, minlength=bins)
    return [
        {
            "low": number / bins,
            "high": (number + 1) / bins,
            "rows": int(rows[number]),
            "confidence": float(confidences[number] / rows[number]),
            "accuracy": float(accuracies[number] / rows[number]),
        }
        for number in np.flatnonzero(rows).tolist()
    ]


def calibration_error(table: Sequence[dict[str, Any]]) -> float:
    """Return the mean distance between confidence and accuracy over the bins of `reliability`, weighted by rows.

    References
    ----------
    Naeini, Cooper, Hauskrecht (2015), Obtaining well calibrated probabilities using Bayesian binning; Guo et al.
    (2017), On calibration of modern neural networks.
    """
    total = sum(row["rows"] for row in table)
    distances = (row["rows"] * abs(row["accuracy"] - row["confidence"]) for row in table)
    return float(reduce(add, distances, 0) / total)  # `sum` rounds floats otherwise from Python 3.12 on


def defined(value: float | np.floating[Any]) -> float | None:
    """Return the value as a plain float, None where it is NaN."""
    return None if np.isnan(value) else float(value)
