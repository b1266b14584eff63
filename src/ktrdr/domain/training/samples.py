"""The rows of a task as one table: for what is fitted to all of them at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.errors import InvalidInput, TrainingFailed
from ktrdr.domain.training.history import Epoch, TrainingHistory
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FitTask, FittedModel, Rows


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """One part of a task, a row a sample.

    Attributes
    ----------
    inputs : ndarray of float32, shape (n_samples, n_features)
        Scaled.
    targets : ndarray, shape (n_samples,)
        See `Rows`.
    weights : ndarray of float64, shape (n_samples,)
        What each sample counts, 1 on average: its own weight, times its class's, times what gives groups equal shares.
    """

    inputs: Float32s
    targets: NDArray[np.int64] | NDArray[np.float32]
    weights: Floats

    @classmethod
    def of(cls, rows: Rows, task: FitTask) -> Samples:
        """Return the samples of one part of a task.

        Raises
        ------
        InvalidInput
            If it has none, or targets, weights or inputs that do not fit it.
        """
        _check(rows, task)
        inputs = rows.inputs if rows.ends is None else rows.inputs[rows.ends]
        scaled = inputs if task.scaler is None else task.scaler.transform(inputs)
        return cls(np.asarray(scaled, dtype=np.float32), rows.targets, _weights(rows, task))

    def require_finite(self, n_missing: int = 0) -> None:
        """Raise TrainingFailed where inputs are not finite numbers."""
        found = int(np.count_nonzero(~np.isfinite(self.inputs))) - n_missing
        if found:
            raise TrainingFailed(
                f"training broke down: the loss is not a number, since {found} of {self.inputs.size} inputs are no "
                "finite numbers"
            )


def one_epoch(model: FittedModel, train: Samples, validation: Samples, task: FitTask) -> TrainingHistory:
    """Return the history of what is fitted in one go: a single epoch with its losses, and no reason to have ended."""
    log_weights = None if task.class_weights is None else np.log(task.class_weights)
    losses = [_loss(model.predict(part.inputs), part) for part in (train, validation)]
    accuracy = None
    if task.target.is_classification:
        logits = model.predict(validation.inputs)
        chosen = (logits if log_weights is None else logits - log_weights).argmax(axis=1)
        accuracy = float((chosen == validation.targets).mean())
    return TrainingHistory((Epoch(1, *losses, accuracy),), 1, "no_epochs")


def _loss(outputs: Floats, part: Samples) -> float:
    """Return the weighted mean cross entropy of logits, or squared error of values."""
    if outputs.ndim == 1:
        return float(np.average(np.square(outputs - part.targets), weights=part.weights))
    logits = outputs - outputs.max(axis=1, keepdims=True)
    at_target = logits[np.arange(len(logits)), part.targets.astype(np.int64)]
    return float(np.average(np.log(np.exp(logits).sum(axis=1)) - at_target, weights=part.weights))


def _weights(rows: Rows, task: FitTask) -> Floats:
    weights = np.ones(len(rows.targets)) if rows.weights is None else rows.weights.astype(np.float64)
    if rows.groups is not None:
        counts = np.bincount(rows.groups)
        weights = weights * (len(rows.groups) / (np.count_nonzero(counts) * counts[rows.groups]))
    if task.class_weights is not None:
        weights = weights * task.class_weights[rows.targets.astype(np.int64)]
    return np.asarray(weights / weights.mean())


def _check(rows: Rows, task: FitTask) -> None:
    n_samples, n_features = len(rows.targets), len(task.feature_ids)
    n_rows = n_samples if rows.ends is None else len(rows.inputs)
    if not n_features or not n_samples or rows.inputs.shape != (n_rows, n_features):
        raise InvalidInput(
            f"fit: {n_samples} targets and inputs of shape {rows.inputs.shape} for {n_features} features; needs at "
            "least 1 of each"
        )
    targets = rows.targets
    if task.target.is_classification and not 0 <= targets.min() <= targets.max() < len(task.target.classes):
        raise InvalidInput(f"fit: targets outside the classes 0 to {len(task.target.classes) - 1}")
    if rows.groups is not None and len(rows.groups) != n_samples:
        raise InvalidInput("fit: needs one group per target")
    _check_weights(rows.weights, n_samples)


def _check_weights(weights: NDArray[Any] | None, n_samples: int) -> None:
    if weights is None:
        return
    if weights.shape != (n_samples,) or not np.isfinite(weights).all() or weights.min() < 0 or not weights.any():
        raise InvalidInput("fit: needs one finite weight of 0 or more per target, not all of them 0")
