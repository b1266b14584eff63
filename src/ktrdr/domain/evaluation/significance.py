"""How sure a mean difference is when neighbouring rows are not independent."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.resolution import resolution

Outcome = Literal["better", "worse", "not_distinguishable", "too_little_data", "look_for_a_leak"]
RESAMPLES = 2000
MIN_BLOCKS = 10
MAX_BLOCKS = 200
TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Difference:
    """A mean difference per row and its 95 % interval.

    Attributes
    ----------
    mean : float
    interval : tuple of float, or None
        None where there are fewer than `MIN_BLOCKS` blocks, or the differences vary by no more than their roundings;
        0 to 0 where all of them are 0.
    blocks : int
        Into how many blocks the rows' span of time can be cut.
    block_ns : int
        Length of a block, nanoseconds.
    """

    mean: float
    interval: tuple[float, float] | None
    blocks: int
    block_ns: int

    @property
    def error(self) -> float | None:
        """The standard error that the interval comes to: half its width over Student's quantile."""
        if self.interval is None:
            return None
        low, high = self.interval
        return (high - low) / 2.0 / student_quantile(NormalDist().inv_cdf(1.0 - TAIL), self.blocks - 1)


def block_length(known_at: Int64s, label_end: Int64s) -> int:
    """Return the 95th percentile of the label spans (nanoseconds): rows further apart share no outcome.

    Parameters
    ----------
    known_at, label_end : ndarray of int64, shape (n,)
        n >= 1.
    """
    return int(np.quantile(label_end - known_at, 0.95, method="higher"))


def paired_differences(own: Floats, theirs: Floats) -> Floats:
    """Return one loss minus another, row by row; exactly 0 where they differ by no more than their `resolution`."""
    differences = own - theirs
    return np.where(np.abs(differences) <= resolution(own, theirs), 0.0, differences)


def mean_difference(differences: Floats, times: Int64s, block_ns: int, rng: np.random.Generator) -> Difference:
    """Return the mean of paired differences with a block-bootstrap interval.

    Blocks are stretches of time, so that unevenly spaced rows, and rows of several symbols at one time, stay together.
    They begin anywhere and run over the end into the beginning, so that every row is drawn equally often. They are at
    least `block_ns` long and at most `MAX_BLOCKS` fit into the span.

    Parameters
    ----------
    differences : ndarray of float64, shape (n,)
        See `paired_differences`; n >= 1.
    times : ndarray of int64, shape (n,)
        When each row was known (UTC nanoseconds), in any order.
    block_ns : int
        See `block_length`.
    rng : numpy.random.Generator

    Notes
    -----
    Blocks of finite length miss part of the dependence, by an amount proportional to 1 / length: the variance is taken
    from blocks of one and two lengths and extrapolated. Few blocks: the quantiles are widened as Student's are.

    References
    ----------
    Politis, Romano (1992), A circular block-resampling procedure for stationary data; (1995), Bias-corrected
    nonparametric spectral estimation. Diebold, Mariano (1995), Comparing predictive accuracy.
    """
    order = np.argsort(times, kind="stable")
    values, moments = differences[order], times[order]
    span = _span(moments)
    blocks = min(whole_blocks(moments, block_ns), MAX_BLOCKS)
    mean = float(values.mean())
    if blocks < MIN_BLOCKS:
        return Difference(mean, None, blocks, block_ns)
    short = _resampled_means(values, moments, span, blocks, rng) - mean
    long = _resampled_means(values, moments, span, blocks // 2, rng) - mean
    return Difference(mean, interval_of(mean, short, long, blocks), blocks, span // blocks)


def interval_of(mean: float, short: Floats, long: Floats, blocks: int) -> tuple[float, float] | None:
    """Return the 95 % interval of a mean; None where resamples vary by no more than roundings, unless all are 0.

    Parameters
    ----------
    mean : float
    short, long : ndarray of float64
        See `widening`.
    blocks : int
    """
    if short.std() <= resolution(mean):
        return None if mean or short.any() else (0.0, 0.0)
    low, high = np.quantile(short, [TAIL, 1.0 - TAIL]) * widening(short, long, blocks)
    return float(mean + low), float(mean + high)


def whole_blocks(moments: Int64s, block_ns: int) -> int:
    """Return how many blocks of a length follow each other within the time of some rows; at least 1.

    Parameters
    ----------
    moments : ndarray of int64, shape (n,)
        When the rows were known (UTC nanoseconds), ascending; n >= 1.
    block_ns : int
        See `block_length`.
    """
    return max(_span(moments) // max(block_ns, 1), 1)


def _span(moments: Int64s) -> int:
    return int(moments[-1] - moments[0]) + _usual_step(moments)


def _usual_step(moments: Int64s) -> int:
    steps = np.diff(moments)
    steps = steps[steps > 0]
    return int(np.median(steps)) if len(steps) else 1


def _resampled_means(values: Floats, moments: Int64s, span: int, blocks: int, rng: np.random.Generator) -> Floats:
    """Return the mean of each resample: `blocks` circular stretches of time that together last `span`."""
    around = np.concatenate((moments, moments + span)) - moments[0]
    sums = np.concatenate(([0.0], np.cumsum(np.concatenate((values, values)))))
    starts = rng.integers(0, span, size=(RESAMPLES, blocks))
    first = np.searchsorted(around, starts)
    last = np.searchsorted(around, starts + span // blocks)
    rows = (last - first).sum(axis=1)
    drawn = rows > 0
    means: Floats = (sums[last] - sums[first]).sum(axis=1)[drawn] / rows[drawn]
    return means


def widening(short: Floats, long: Floats, blocks: int) -> float:
    """Return the factor for the quantiles of `short`: missed dependence, small-sample bias, Student's quantile.

    Parameters
    ----------
    short, long : ndarray of float64
        Deviations of resampled figures from `blocks` blocks, and from half as many of twice the length.
    blocks : int
    """
    one = short.var() * blocks / (blocks - 1)
    two = long.var() * (blocks // 2) / (blocks // 2 - 1)
    missed = max(2.0 * two - one, one) / one if one > 0 else 1.0
    normal = NormalDist().inv_cdf(1.0 - TAIL)
    return float(np.sqrt(missed * blocks / (blocks - 1)) * student_quantile(normal, blocks - 1) / normal)


def student_quantile(normal: float, degrees: int) -> float:
    """Return Student's quantile, to 1e-3 from 9 degrees of freedom on.

    Parameters
    ----------
    normal : float
        The standard normal quantile of the same probability.
    degrees : int
        Degrees of freedom.

    References
    ----------
    Abramowitz, Stegun (1964), Handbook of Mathematical Functions, 26.7.5.
    """
    z = normal
    return (
        z
        + (z**3 + z) / (4 * degrees)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * degrees**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * degrees**3)
    )
