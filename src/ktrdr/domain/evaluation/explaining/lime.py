"""A straight line through what a model says near one sample, and how well and how steadily it fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.evaluation.explaining.shapley import Function
from ktrdr.domain.evaluation.explaining.stability import agreement

KERNEL_WIDTH = 0.75
"""Times the root of the number of columns: the distance at which a neighbour counts 1/e."""
RIDGE = 1e-3
"""Penalty on squared slopes, beside neighbours that weigh 1 on average."""
GOOD_FIT, GOOD_AGREEMENT = 0.5, 0.6
"""Below either, a line must not be trusted."""


@dataclass(frozen=True, slots=True, eq=False)
class Lime:
    """Lines through neighbours that were drawn anew for each seed.

    Attributes
    ----------
    slopes : ndarray of float64, shape (n_seeds, n_columns)
        By how much the output rises where a column rises by its spread.
    fit : ndarray of float64, shape (n_seeds,)
        Weighted R2 of each line on its neighbours.
    """

    slopes: Floats
    fit: Floats

    @property
    def slope(self) -> Floats:
        """The mean over the seeds, shape (n_columns,)."""
        mean: Floats = self.slopes.mean(axis=0)
        return mean

    @property
    def in_common(self) -> float:
        """Share of the five largest slopes that two seeds have in common."""
        return agreement(np.abs(self.slopes))[0]

    @property
    def rank_correlation(self) -> float:
        """Spearman's correlation of the sizes of the slopes between two seeds."""
        return agreement(np.abs(self.slopes))[1]

    @property
    def unstable(self) -> bool:
        """Whether the line fits badly, or other seeds put other columns first."""
        return bool(self.fit.mean() < GOOD_FIT or self.in_common < GOOD_AGREEMENT)


def lime(
    function: Function, sample: Float32s, spread: Floats, seeds: Sequence[int], neighbours: int | None = None
) -> Lime:
    """Return lines through a function near a sample.

    Parameters
    ----------
    function : callable
    sample : ndarray of float32, shape (window, n_columns)
    spread : ndarray of float64, shape (n_columns,)
        Standard deviation of each column on train rows; one that does not move, 0, gets a slope of 0.
    seeds : sequence of int
        A line each.
    neighbours : int, optional
        Drawn per line; by default 500 and ten per column.

    Notes
    -----
    Neighbours are normal around the sample, each column with its spread; a column moves in all rows of a window alike.
    Weights are ``exp(-(d / w)^2)`` of the distance d in spreads, with w `KERNEL_WIDTH` times the root of the number of
    columns; the line is a weighted ridge regression with an intercept.

    References
    ----------
    Ribeiro, Singh and Guestrin (2016), "Why should I trust you?", KDD. Visani et al. (2022), Statistical stability
    indices for LIME, Journal of the Operational Research Society 73.
    """
    count = neighbours or 500 + 10 * len(spread)
    lines = [_line(function, sample, spread, count, np.random.default_rng(seed)) for seed in seeds]
    return Lime(np.stack([slopes for slopes, _ in lines]), np.array([fit for _, fit in lines]))


def _line(
    function: Function, sample: Float32s, spread: Floats, count: int, rng: np.random.Generator
) -> tuple[Floats, float]:
    """Return slopes and weighted R2 of one line."""
    moving = np.flatnonzero(spread > 0)
    steps = rng.normal(size=(count, len(moving)))
    moves = np.zeros((count, len(spread)))
    moves[:, moving] = steps * spread[moving]
    outputs = function((sample + moves[:, None, :]).astype(np.float32))
    width = KERNEL_WIDTH * np.sqrt(max(len(moving), 1))
    distances = np.square(steps).sum(axis=1)
    weights = np.exp(-(distances - distances.min()) / width**2)
    weights *= count / weights.sum()
    across, up = steps - weights @ steps / count, outputs - weights @ outputs / count
    normal = (across * weights[:, None]).T @ across + RIDGE * np.eye(len(moving))
    found = np.zeros(len(spread))
    found[moving] = np.linalg.solve(normal, (across * weights[:, None]).T @ up)
    whole = float(weights @ np.square(up))
    left = float(weights @ np.square(up - across @ found[moving]))
    return found, 1.0 - left / whole if whole > 1e-24 else 1.0
