"""The rows of a task as growers take them: one matrix, targets, weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.model import FitTask, Rows


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Samples that count.

    Attributes
    ----------
    inputs : ndarray of float32, shape (n_samples, n_features)
        Scaled.
    targets : ndarray, shape (n_samples,)
    weights : ndarray of float64, shape (n_samples,), or None
        Above 0, 1 on average; None: all the same.
    """

    inputs: Float32s
    targets: NDArray[np.int64] | NDArray[np.float32]
    weights: Floats | None

    @classmethod
    def of(cls, rows: Rows, task: FitTask, *, grouped: bool) -> Samples:
        """Return the samples of a part, without those that count nothing.

        What a sample counts is its own weight times that of its class, times (`grouped`) what gives all groups equal
        shares.

        Raises
        ------
        InvalidInput
            If the rows do not fit together, or none counts.
        """
        _check(rows, task)
        weights = _weights(rows, task, grouped=grouped)
        kept = None if weights is None else weights > 0
        ends = np.arange(len(rows.targets)) if rows.ends is None else rows.ends
        everything = rows.ends is None and (kept is None or bool(kept.all()))
        inputs = rows.inputs if everything else rows.inputs[ends if kept is None else ends[kept]]
        if task.scaler is not None:
            inputs = task.scaler.transform(inputs)
        if weights is None or kept is None:
            return cls(inputs, rows.targets, None)
        counted = weights[kept]
        alike = bool((counted == counted[0]).all())
        return cls(inputs, rows.targets[kept], None if alike else counted / counted.mean())

    def __len__(self) -> int:
        return len(self.targets)

    def every(self, most: int) -> Samples:
        """Return at most so many of them, evenly spread."""
        if len(self) <= most:
            return self
        some = np.linspace(0, len(self) - 1, most).astype(np.intp)
        weights = None if self.weights is None else self.weights[some]
        return Samples(self.inputs[some], self.targets[some], weights)


def _weights(rows: Rows, task: FitTask, *, grouped: bool) -> Floats | None:
    factors: list[NDArray[np.float64]] = []
    if rows.weights is not None:
        factors.append(rows.weights.astype(np.float64))
    if task.class_weights is not None:
        factors.append(task.class_weights[rows.targets])
    if grouped and rows.groups is not None:
        counts = np.bincount(rows.groups)
        factors.append(len(rows.groups) / (np.count_nonzero(counts) * counts[rows.groups]))
    return np.prod(factors, axis=0) if factors else None


def _check(rows: Rows, task: FitTask) -> None:
    n_samples, n_features = len(rows.targets), len(task.feature_ids)
    if not n_features:
        raise InvalidInput("fit: there are no features")
    n_rows = n_samples if rows.ends is None else len(rows.inputs)
    if not n_samples or rows.inputs.shape != (n_rows, n_features):
        raise InvalidInput(f"fit: {n_samples} targets do not fit inputs of shape {rows.inputs.shape}; needs 1 or more")
    if rows.ends is not None and not (len(rows.ends) == n_samples and 0 <= rows.ends.min() <= rows.ends.max() < n_rows):
        raise InvalidInput(f"fit: {n_samples} targets need as many ends, of rows 0 to {n_rows - 1}")
    n_classes = len(task.target.classes)
    if task.target.is_classification and not 0 <= rows.targets.min() <= rows.targets.max() < n_classes:
        raise InvalidInput(f"fit: there are targets outside the classes 0 to {n_classes - 1}")
    weights = rows.weights
    is_wrong = weights is not None and (
        weights.shape != (n_samples,) or not np.isfinite(weights).all() or weights.min() < 0 or not weights.any()
    )
    if is_wrong:
        raise InvalidInput("fit: needs one finite weight of 0 or more per target, not all of them 0")
