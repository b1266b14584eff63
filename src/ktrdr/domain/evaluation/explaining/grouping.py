"""Groups of features whose shares cannot be told apart: those of one indicator, and those that move together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Bools, Float32s, Floats, Int64s

CORRELATED = 0.9
"""Features whose Pearson correlation is beyond this, up or down, stand in one group."""


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """Columns in groups.

    Attributes
    ----------
    names : tuple of str
    of_column : ndarray of int64, shape (n_columns,)
        Place in `names`.
    """

    names: tuple[str, ...]
    of_column: Int64s

    def summed(self, values: Floats) -> Floats:
        """Return sums over the columns of each group of the last axis: shape (..., n_columns) to (..., n_groups)."""
        total = np.zeros((*values.shape[:-1], len(self.names)))
        for column, group in enumerate(self.of_column):
            total[..., group] += values[..., column]
        return total

    def columns(self, group: int) -> Int64s:
        """Return the columns of a group."""
        return np.flatnonzero(self.of_column == group)


def grouped(names: Sequence[str], values: Float32s, threshold: float = CORRELATED) -> Groups:
    """Return columns in groups: of equal names, joined where a column of one moves with a column of another.

    Parameters
    ----------
    names : sequence of str, length n_columns
        Such as the indicator of each column.
    values : ndarray of float32, shape (n_rows, n_columns)
        Rows on which it is looked whether columns move together; with fewer than 3, or for a column that does not move
        on them, only names count. What is missing counts as the column's mean.
    threshold : float
        Absolute Pearson correlation.

    Notes
    -----
    Groups are the connected components: where a moves with b and b with c, all three stand together. A joined group is
    named by its parts, in their order.
    """
    numbers = {name: place for place, name in enumerate(dict.fromkeys(names))}
    own = np.array([numbers[name] for name in names], dtype=np.int64)
    label = np.arange(len(numbers))
    for one, other in np.argwhere(_together(values, threshold)):
        low, high = sorted((label[own[one]], label[own[other]]))
        label[label == high] = low
    kept = np.unique(label)
    joined = [" + ".join(name for name, place in numbers.items() if label[place] == group) for group in kept]
    return Groups(tuple(joined), np.searchsorted(kept, label[own]))


def _together(values: Float32s, threshold: float) -> Bools:
    """Return which pairs of columns are correlated beyond the threshold, each pair once."""
    n_columns = values.shape[1]
    if len(values) < 3:
        return np.zeros((n_columns, n_columns), dtype=np.bool_)
    known = np.isfinite(values)
    values = np.where(known, values, 0.0)
    mean = values.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, values - mean, 0.0)
    length = np.sqrt(np.square(centred).sum(axis=0))
    moves = length > np.sqrt(len(values)) * 1e-6 * np.maximum(np.abs(values).max(axis=0), 1e-300)
    scaled = np.divide(centred, length, out=np.zeros_like(centred), where=moves)
    return np.triu(np.abs(scaled.T @ scaled) > threshold, 1)
