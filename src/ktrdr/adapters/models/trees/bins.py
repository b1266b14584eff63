"""Features cut into bins of equally many train rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s


@dataclass(frozen=True, slots=True, eq=False)
class Bins:
    """Where each feature is cut: a value is in the bin whose number is that of the edges below it.

    Attributes
    ----------
    edges : tuple of ndarray of float64
        By feature, ascending; each lies half way between two values that follow each other in the train rows.
    """

    edges: tuple[Floats, ...]

    @classmethod
    def of(cls, inputs: Float32s, most: int) -> Bins:
        """Return at most `most` bins a feature, of train rows; a NaN is in none."""
        return cls(tuple(_edges(column, most) for column in inputs.T))

    def cut(self, inputs: Float32s) -> Float32s:
        """Return the bin of every value, shape (n_rows, n_features); NaN stays NaN."""
        found = np.empty(inputs.shape, dtype=np.float32)
        for place, edges in enumerate(self.edges):
            column = inputs[:, place]
            found[:, place] = np.where(np.isnan(column), np.nan, np.searchsorted(edges, column))
        return found

    def thresholds(self, feature: Int64s, at_most: Floats) -> Floats:
        """Return what values are compared with in the features' own units, so that they go where their bins go.

        Parameters
        ----------
        feature : ndarray of int64, shape (n_splits,)
        at_most : ndarray of float64, shape (n_splits,)
            Thresholds of bins; any number from one bin up to the next means the same, and one beyond all bins that
            every value goes left, and NaN alone does not.
        """
        beyond = np.finfo(np.float64).max
        starts = np.cumsum([0, *(len(edges) + 1 for edges in self.edges)])
        flat = np.concatenate([[*edges, beyond] for edges in self.edges])
        within = np.minimum(at_most, np.diff(starts)[feature] - 1)
        return np.asarray(flat[starts[feature] + np.floor(within).astype(np.int64)])


def _edges(column: Float32s, most: int) -> Floats:
    values = np.sort(column[~np.isnan(column)]).astype(np.float64)
    if not len(values):
        return values
    cuts = values[np.arange(1, most) * len(values) // most]
    lower = np.unique(cuts) if len(np.unique(values)) > most else np.unique(values)
    lower = lower[lower < values[-1]]
    upper = values[np.searchsorted(values, lower, side="right")]
    middle: Floats = lower + (upper - lower) / 2
    return middle
