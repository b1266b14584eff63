"""Which features a model leans on: what it loses when one of them is shuffled."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s


@dataclass(frozen=True, slots=True, eq=False)
class ImportanceResult:
    """By how much the loss rises when a feature is shuffled.

    Attributes
    ----------
    mean, std : ndarray of float64, shape (n_features,)
        Over the repeats; 0 means that the model does not use the feature, or that another one says the same.
    loss : float
        With nothing shuffled.
    repeats, rows, of_rows : int
        Rows that were used, of the rows that there were.
    """

    mean: Floats
    std: Floats
    loss: float
    repeats: int
    rows: int
    of_rows: int

    def as_dict(self, feature_ids: Sequence[str], metric: str) -> dict[str, Any]:
        """Return plain values for ``feature_importance.json``, features in contract order."""
        return {
            "features": [
                {"id": name, "mean": float(mean), "std": float(std)}
                for name, mean, std in zip(feature_ids, self.mean, self.std, strict=True)
            ],
            "metric": metric,
            "loss": self.loss,
            "repeats": self.repeats,
            "rows": self.rows,
            "of_rows": self.of_rows,
        }


def draw_permutations(rows: int, repeats: int, rng: np.random.Generator) -> Int64s:
    """Return `repeats` orders of `rows` rows, shape (repeats, rows)."""
    return rng.permuted(np.tile(np.arange(rows, dtype=np.int64), (repeats, 1)), axis=1)


def permutation_importance(
    predict: Callable[[Float32s, Int64s], Floats],
    inputs: Float32s,
    ends: Int64s,
    loss: Callable[[Floats], float],
    permutations: Int64s,
    of_rows: int,
) -> ImportanceResult:
    """Return the rise of the loss for each feature, with its spread.

    A feature is shuffled over all rows that the samples read: of windows the looked-back ones, too.

    Parameters
    ----------
    predict : callable
        inputs, shape (rows, n_features), and ends -> outputs, as `loss` takes them.
    inputs : ndarray of float32, shape (rows, n_features)
        The rows that the samples read; left as they are.
    ends : ndarray of int64, shape (n_samples,)
        The row that each sample is about: the last one of its window.
    loss : callable
        Outputs to the mean loss.
    permutations : ndarray of int64, shape (repeats, rows)
        Orders, shared by all features; see `draw_permutations`.
    of_rows : int
        How many samples there were to choose from.

    References
    ----------
    Breiman (2001), Random forests; Fisher, Rudin, Dominici (2019), All models are wrong, but many are useful.
    """
    working = np.array(inputs, order="C")
    intact, rises = _rises(lambda values: loss(predict(values, ends)), working, permutations)
    return ImportanceResult(rises.mean(axis=1), rises.std(axis=1), intact, len(permutations), len(ends), of_rows)


def evenly_spaced(rows: int, count: int) -> Int64s:
    """Return `count` row numbers from the first of `rows` rows to the last."""
    return np.linspace(0, rows - 1, count).round().astype(np.int64)


def _rises(score: Callable[[Float32s], float], working: Float32s, permutations: Int64s) -> tuple[float, Floats]:
    """Return the score, and by how much it rises, shape (n_features, repeats); each column is put back."""
    intact = score(working)
    rises = np.empty((working.shape[1], len(permutations)))
    for feature in range(working.shape[1]):
        column = working[:, feature].copy()
        for repeat, permutation in enumerate(permutations):
            working[:, feature] = column[permutation]
            rises[feature, repeat] = score(working) - intact
        working[:, feature] = column
    return intact, rises
