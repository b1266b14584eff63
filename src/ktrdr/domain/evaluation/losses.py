"""Per-row losses: what a verdict compares, row by row, between a model and a baseline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.labels.labelset import Target

_SMALLEST = float(np.finfo(np.float64).eps)
_LEAST_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class RowLoss:
    """A loss that is a mean over rows, so that two forecasts can be compared in pairs.

    Attributes
    ----------
    name : str
        ``log_loss``.
    words : str
        The same for people.
    metric : str
        Key in the metrics from which this loss is read; also the name that chooses it as the primary metric.
    kind : str
        ``classification`` or ``regression``.
    rows : callable
        (labels, outputs) -> loss of each row, smaller is better; outputs are probabilities, shape (n, k), or
        predictions, shape (n,).
    sizes : bool
        Whether it is a loss of volatilities alone, which are above 0.
    """

    name: str
    words: str
    metric: str
    kind: Literal["classification", "regression"]
    rows: Callable[..., Floats]
    sizes: bool = False

    def fits(self, target: Target) -> bool:
        """Return whether forecasts of a target can be judged by it."""
        return self.kind == target.kind and (target.is_volatility or not self.sizes)

    def lowered_by(self, explained: float) -> float:
        """Return by which share this loss is lower where that share of squared errors is explained.

        A mean absolute error of normal errors is proportional to the root of the squared one.
        """
        return 1.0 - (1.0 - explained) ** 0.5 if self.name == "mae" else explained


def log_losses(labels: Int64s, probabilities: Floats) -> Floats:
    """Return -log of the probability given to what happened, in nats; 0 counts as 2.2e-16, so that it stays finite.

    Parameters
    ----------
    labels : ndarray of int64, shape (n,)
    probabilities : ndarray of float64, shape (n, k)

    References
    ----------
    Good (1952), Rational decisions.
    """
    return -np.log(np.maximum(_of_what_happened(labels, probabilities), _SMALLEST))


def brier_scores(labels: Int64s, probabilities: Floats) -> Floats:
    """Return the squared distance between the probabilities and what happened, summed over classes: 0 to 2.

    References
    ----------
    Brier (1950), Verification of forecasts expressed in terms of probability.
    """
    lengths: Floats = np.square(probabilities).sum(axis=1)
    return lengths + 1.0 - 2.0 * _of_what_happened(labels, probabilities)


def errors(labels: Int64s, probabilities: Floats) -> Floats:
    """Return 0 where the most probable class happened, else 1; of equally probable classes the first counts."""
    missed: Floats = (probabilities.argmax(axis=1) != labels).astype(np.float64)
    return missed


def squared_errors(targets: Floats, predictions: Floats) -> Floats:
    """Return the squared errors, in the target's unit squared."""
    squared: Floats = np.square(predictions - targets)
    return squared


def absolute_errors(targets: Floats, predictions: Floats) -> Floats:
    """Return the absolute errors, in the target's unit."""
    distance: Floats = np.abs(predictions - targets)
    return distance


def qlike_losses(targets: Floats, predictions: Floats) -> Floats:
    """Return y^2 / f^2 - log(y^2 / f^2) - 1 of volatilities y and forecasts f: 0 where they agree.

    A row whose volatility is 0 counts 0 for every forecast: no ratio says how wrong one is. A forecast of less than a
    hundredth of what happened, among them 0 and below, counts as that hundredth; see `is_floored`.

    Parameters
    ----------
    targets, predictions : ndarray of float64, shape (n,)

    References
    ----------
    Patton (2011), Volatility forecast comparison using imperfect volatility proxies.
    """
    moved = targets > 0
    ratios = np.square(targets[moved] / np.maximum(predictions[moved], _LEAST_SHARE * targets[moved]))
    losses = np.zeros(len(targets))
    losses[moved] = ratios - np.log(ratios) - 1.0
    return losses


def is_floored(targets: Floats, predictions: Floats) -> Bools:
    """Return on which rows QLIKE does not take the forecast as it is."""
    return np.asarray((targets > 0) & (predictions < _LEAST_SHARE * targets))


ROW_LOSSES = {
    loss.metric: loss
    for loss in (
        RowLoss("log_loss", "log loss", "log_loss", "classification", log_losses),
        RowLoss("error_rate", "error rate", "accuracy", "classification", errors),
        RowLoss("brier", "Brier score", "brier", "classification", brier_scores),
        RowLoss("mse", "mean squared error", "mse", "regression", squared_errors),
        RowLoss("mae", "mean absolute error", "mae", "regression", absolute_errors),
        RowLoss("qlike", "QLIKE", "qlike", "regression", qlike_losses, sizes=True),
    )
}


def primary_loss(metric: str | None, target: Target) -> RowLoss:
    """Return the loss that decides the verdict: log loss or mean squared error where `metric` is None.

    Raises
    ------
    InvalidInput
        If the metric is not known, or does not fit the kind of target.
    """
    chosen = metric or ("log_loss" if target.is_classification else "mse")
    fitting = [name for name, loss in ROW_LOSSES.items() if loss.fits(target)]
    if chosen not in fitting:
        raise InvalidInput(
            f"primary metric {chosen!r} is not one of {fitting} for {target.kind}" + did_you_mean(chosen, fitting)
        )
    return ROW_LOSSES[chosen]


def _of_what_happened(labels: Int64s, probabilities: Floats) -> Floats:
    happened: Floats = probabilities[np.arange(len(labels)), labels]
    return happened
