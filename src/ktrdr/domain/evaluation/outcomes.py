"""What happened on some rows, and when it was known: all that judging needs besides a model's outputs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import Naive, Target
from ktrdr.domain.training.pool.pool import Pool


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """Labelled rows.

    Attributes
    ----------
    labels : ndarray, shape (n_rows,)
        int64 class numbers or float64 targets.
    known_at : ndarray of int64, shape (n_rows,)
        Moments from which the rows are known (UTC nanoseconds).
    label_end : ndarray of int64, shape (n_rows,)
        Moments at which the last bars that the labels looked at are known.
    target : Target
    naive : tuple of Naive
        See `Pool.naive`.
    """

    labels: NDArray[np.int64] | NDArray[np.float64]
    known_at: Int64s
    label_end: Int64s
    target: Target
    naive: tuple[Naive, ...] = ()

    def __post_init__(self) -> None:
        if not len(self.labels) == len(self.known_at) == len(self.label_end):
            raise InvalidInput("outcomes: labels, known_at and label_end must have one entry per row")

    @classmethod
    def of(cls, pool: Pool, rows: Int64s) -> Outcomes:
        """Return those of some rows of a pool, in their order."""
        naive = tuple(one.at(rows) for one in pool.naive)
        return cls(pool.labels_of(rows), pool.known_at[rows], pool.label_end[rows], pool.target, naive)

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.labels)
