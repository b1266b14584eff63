"""Features and labels joined: the rows a model may learn from or be judged on."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.labels.labelset import LabelSet, Target


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """Labelled rows, ascending in time.

    Attributes
    ----------
    matrix : FeatureMatrix, n_rows rows
    labels : ndarray, shape (n_rows,)
        int64 class numbers or float64 targets.
    label_end : ndarray of int64, shape (n_rows,)
        Moment at which the last bar that the label looked at is known (UTC nanoseconds).
    label_end_rows : ndarray of int64, shape (n_rows,)
        The same bar's position in the base series.
    target : Target
    """

    matrix: FeatureMatrix
    labels: NDArray[np.int64] | NDArray[np.float64]
    label_end: Int64s
    label_end_rows: Int64s
    target: Target

    def __post_init__(self) -> None:
        if not (len(self.matrix) == len(self.labels) == len(self.label_end) == len(self.label_end_rows)):
            raise InvalidInput("dataset: matrix, labels and label ends must have one entry per row")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)

    def take(self, rows: NDArray[np.bool_] | Int64s) -> Dataset:
        """Return some of the rows."""
        return replace(
            self,
            matrix=self.matrix.take(rows),
            labels=self.labels[rows],
            label_end=self.label_end[rows],
            label_end_rows=self.label_end_rows[rows],
        )


def join(
    matrix: FeatureMatrix, labels: LabelSet, base_known_at: Int64s, usable: NDArray[np.bool_] | None = None
) -> Dataset:
    """Keep the rows that have both features and a label.

    Parameters
    ----------
    matrix : FeatureMatrix
    labels : LabelSet
        One entry per base bar.
    base_known_at : ndarray of int64, shape (n_bars,)
        Known-at moments of the base bars.
    usable : ndarray of bool, shape (n_rows,), or None
        Which rows of the matrix a model can read: those whose window is whole. None: all.

    Notes
    -----
    Rows without a label, the newest ones above all, are left out; they can still be predicted.
    """
    chosen = labels.defined[matrix.base_rows] if usable is None else labels.defined[matrix.base_rows] & usable
    kept = matrix if chosen.all() else matrix.take(chosen)
    end_rows = labels.end_rows[kept.base_rows]
    return Dataset(kept, labels.values[kept.base_rows], base_known_at[end_rows], end_rows, labels.target)
