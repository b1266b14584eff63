"""What a model loses when all columns of a group are shuffled together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.evaluation.explaining.grouping import Groups

BLOCKS = 20
"""Stretches of time over which rises are averaged, to say how sure they are."""


@dataclass(frozen=True, slots=True, eq=False)
class GroupImportance:
    """By how much the loss of each row rises when a group is shuffled.

    Attributes
    ----------
    loss : float
        With nothing shuffled.
    rises : ndarray of float64, shape (n_blocks, n_groups)
        Means over the rows of each stretch of time, and over the repeats.
    """

    loss: float
    rises: Floats

    @property
    def mean(self) -> Floats:
        """Mean rise of each group, shape (n_groups,)."""
        mean: Floats = self.rises.mean(axis=0)
        return mean

    @property
    def errors(self) -> Floats:
        """Standard errors of the means, shape (n_groups,); 0 for one block."""
        if len(self.rises) < 2:
            return np.zeros(self.rises.shape[1])
        found: Floats = self.rises.std(axis=0, ddof=1) / np.sqrt(len(self.rises))
        return found


def group_importance(
    losses: Callable[[Float32s], Floats], samples: Float32s, groups: Groups, repeats: int, rng: np.random.Generator
) -> GroupImportance:
    """Return what a model loses group by group.

    Parameters
    ----------
    losses : callable
        Samples, shape (n_samples, window, n_columns), to the loss of each.
    samples : ndarray of float32
        Ascending in time. A group comes as a whole, with all rows of its window, from another sample.
    groups : Groups
    repeats : int
    rng : numpy.random.Generator

    References
    ----------
    Breiman (2001), Random forests. Gregorutti, Michel and Saint-Pierre (2015), Grouped variable importance with random
    forests, Computational Statistics and Data Analysis 90.
    """
    intact = losses(samples)
    orders = [rng.permutation(len(samples)) for _ in range(repeats)]
    rises = np.empty((len(samples), len(groups.names)))
    for group in range(len(groups.names)):
        columns, working = groups.columns(group), samples.copy()
        shuffled = []
        for order in orders:
            working[:, :, columns] = samples[order][:, :, columns]
            shuffled.append(losses(working))
        rises[:, group] = np.mean(shuffled, axis=0) - intact
    return GroupImportance(float(intact.mean()), block_means(rises))


def block_means(values: Floats) -> Floats:
    """Return means over equal stretches of rows, shape (n_blocks, ...): `BLOCKS`, or fewer where rows are few."""
    blocks = max(min(BLOCKS, len(values)), 1)
    return np.stack([part.mean(axis=0) for part in np.array_split(values, blocks)])


def spread_rows(known_at: Int64s, count: int) -> Int64s:
    """Return places of `count` evenly spaced rows, ascending in time, whatever order they stand in."""
    order = np.argsort(known_at, kind="stable")
    places = np.linspace(0, len(order) - 1, min(count, len(order))).round().astype(np.int64)
    return order[places]
