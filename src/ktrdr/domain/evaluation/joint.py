"""Intervals for several symbols at once: blocks of time that are drawn for all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.evaluation.significance import MAX_BLOCKS, MIN_BLOCKS, RESAMPLES, Difference, interval_of

CELLS = 2**16
"""Moments at which a block may begin: so many that blocks begin about anywhere, so few that symbols are quick."""


@dataclass(frozen=True, slots=True, eq=False)
class Resampled:
    """Mean differences of one series of rows, or of a group of them, and how they vary over the resamples.

    Attributes
    ----------
    mean : float
    short, long : ndarray of float64, shape (RESAMPLES,)
        From blocks of one and of two lengths; NaN where no row was drawn.
    blocks : int
        In how many of the blocks there are rows.
    """

    mean: float
    short: Floats
    long: Floats
    blocks: int


@dataclass(frozen=True, slots=True, eq=False)
class TimeBlocks:
    """Draws of circular blocks of time over the span of all symbols; see `mean_difference` for how they are used.

    Attributes
    ----------
    origin, span : int
        Where time begins, and how long it lasts (UTC nanoseconds).
    count : int
        Blocks that fit into the span.
    short, long : ndarray of int64, shape (RESAMPLES, count) and (RESAMPLES, count // 2)
        Where the drawn blocks begin: the number of one of the `CELLS` cells into which the span is cut.
    """

    origin: int
    span: int
    count: int
    short: Int64s
    long: Int64s

    @classmethod
    def draw(cls, times: Sequence[Int64s], block_ns: int, rng: np.random.Generator) -> TimeBlocks:
        """Draw blocks of at least `block_ns`, of which at most `MAX_BLOCKS` fit into the span of all times.

        Parameters
        ----------
        times : sequence of ndarray of int64
            When the rows of each symbol were known, ascending, none of them empty.
        block_ns : int
        rng : numpy.random.Generator
        """
        origin = min(int(moments[0]) for moments in times)
        last = max(int(moments[-1]) for moments in times)
        span = last - origin + min(_usual_step(moments) for moments in times)
        count = min(max(span // max(block_ns, 1), 1), MAX_BLOCKS)
        short, long = (rng.integers(0, CELLS, size=(RESAMPLES, n)) for n in (count, max(count // 2, 1)))
        return cls(origin, span, count, short, long)

    @property
    def block_ns(self) -> int:
        """Length of a block."""
        return self.span // self.count

    def resample(self, times: Int64s, values: Floats) -> Resampled:
        """Return the mean of one symbol's values and its resamples.

        Parameters
        ----------
        times : ndarray of int64, shape (n,)
            Ascending.
        values : ndarray of float64, shape (n,)
        """
        moments = times - self.origin
        edges = np.arange(CELLS + 1) * (self.span / CELLS)
        rows = np.searchsorted(moments, edges.astype(np.int64))
        sums = np.concatenate(([0.0], np.cumsum(values)))[rows]
        around = (np.concatenate((column, column[1:] + column[-1])) for column in (rows, sums))
        counted, total = around
        occupied = len(np.unique(moments // self.block_ns))
        short, long = (_means(counted, total, starts) for starts in (self.short, self.long))
        return Resampled(float(values.mean()), short, long, occupied)

    def difference(self, found: Resampled) -> Difference:
        """Return the mean with its 95 % interval; none where rows lie in fewer than `MIN_BLOCKS` blocks.

        See `interval_of` for differences that do not vary.
        """
        if found.blocks < MIN_BLOCKS:
            return Difference(found.mean, None, found.blocks, self.block_ns)
        short, long = (means[~np.isnan(means)] - found.mean for means in (found.short, found.long))
        interval = interval_of(found.mean, short, long, found.blocks)
        return Difference(found.mean, interval, found.blocks, self.block_ns)


def group_of(members: Sequence[Resampled]) -> Resampled:
    """Return the mean over symbols, each of which weighs the same; resamples of all come from the same blocks.

    A symbol that has no row in a resample takes no part in that one.
    """
    short, long = (np.stack([getattr(member, name) for member in members]) for name in ("short", "long"))
    return Resampled(
        float(np.mean([member.mean for member in members])),
        _mean_over_symbols(short),
        _mean_over_symbols(long),
        max(member.blocks for member in members),
    )


def _mean_over_symbols(means: Floats) -> Floats:
    there = ~np.isnan(means)
    counts = there.sum(axis=0)
    total = np.where(there, means, 0.0).sum(axis=0)
    found: Floats = np.where(counts > 0, total / np.maximum(counts, 1), np.nan)
    return found


def _means(counted: Int64s, total: Floats, starts: Int64s) -> Floats:
    """Return the mean of each resample from the rows before each cell, and the sum of their values, twice around."""
    ends = starts + CELLS // starts.shape[1]
    rows = (counted[ends] - counted[starts]).sum(axis=1)
    sums = (total[ends] - total[starts]).sum(axis=1)
    means: Floats = np.where(rows > 0, sums / np.maximum(rows, 1), np.nan)
    return means


def _usual_step(moments: Int64s) -> int:
    steps = np.diff(moments)
    steps = steps[steps > 0]
    return int(np.median(steps)) if len(steps) else 1
