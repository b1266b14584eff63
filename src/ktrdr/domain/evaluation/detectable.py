"""The smallest difference that test rows show reliably: what a verdict may well have missed."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import NormalDist
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.evaluation.losses import RowLoss
from ktrdr.domain.evaluation.significance import (
    MIN_BLOCKS,
    TAIL,
    Difference,
    block_length,
    student_quantile,
    whole_blocks,
)

POWER = 0.8
"""How often a difference of that size is seen; a smaller one is missed more often than once in five."""
_MISSED = "be missed more often than once in five"


@dataclass(frozen=True, slots=True)
class Detectable:
    """What would be seen in four of five test parts like this one; what is smaller, in fewer of them.

    Attributes
    ----------
    rows, independent : int
        Test rows, and how many separate ones they are as good as; see `independent_outcomes`.
    difference : float or None
        In the mean loss of a row, for numbers what the correlation comes to; None where the losses do not say, as with
        too few blocks.
    share : float or None
        The same as a fraction of the baseline's loss: a skill.
    correlation : float or None
        Of forecasts with what the baseline leaves open, by squared errors; None for classes, for QLIKE, and where none
        would do.
    sentence : str
        The same in words.
    """

    rows: int
    independent: int
    difference: float | None
    share: float | None
    correlation: float | None
    sentence: str

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def detectable(
    difference: Difference, baseline_loss: float, loss: RowLoss, known_at: Int64s, label_end: Int64s
) -> Detectable:
    """Return what a verdict on these rows shows reliably.

    Parameters
    ----------
    difference : Difference
        What the verdict rests on.
    baseline_loss : float
    loss : RowLoss
    known_at, label_end : ndarray of int64, shape (n,)

    Notes
    -----
    With s the standard error of the verdict's interval and t Student's quantiles for its blocks, the difference is
    s (t(0.975) + t(0.8)). Of two quantiles' sum k and n independent outcomes, the correlation is 2 k / sqrt(n + 2 k^2):
    a forecast p with correlation r to a target of variance 1 has the squared error lowered by r^2, while the difference
    -p^2 - 2 p e of a row, with e the error of p, has the variance 4 r^2 - 2 r^4 for normal p and e. So a regression's
    difference is r^2 of the baseline's squared error, whatever the model at hand forecasts. Rows whose labels
    overlap, and rows of several symbols at one time, count as the independent ones among them: so they do where a
    forecast changes slowly; one that changes from row to row is seen at smaller correlations.

    References
    ----------
    Bloom (1995), Minimum detectable effects: a simple way to report the statistical power of experimental designs.
    Diebold, Mariano (1995), Comparing predictive accuracy. Clark, West (2007), Approximately normal tests for equal
    predictive accuracy in nested models.
    """
    rows, independent = len(known_at), independent_outcomes(known_at, label_end)
    judged = difference.blocks >= MIN_BLOCKS
    if loss.kind == "regression" and not loss.sizes:
        correlation = least_correlation(independent) if judged else None
        share = None if correlation is None or baseline_loss <= 0 else loss.lowered_by(correlation**2)
        least = None if share is None else share * baseline_loss
        missed = _too_small_correlation(loss, correlation, share, "would" if independent == rows else "may")
    else:
        correlation, least = None, _least_difference(difference)
        share = None if least is None or baseline_loss <= 0 else least / baseline_loss
        missed = _too_small_difference(loss, least, share)
    said = f"{_here(rows, independent)}, {missed if judged else 'no difference would be seen, however large'}."
    return Detectable(rows, independent, least, share, correlation, said)


def independent_outcomes(known_at: Int64s, label_end: Int64s) -> int:
    """Return how many rows share no outcome; where outcomes overlap, no more than the verdict has blocks of time.

    Parameters
    ----------
    known_at, label_end : ndarray of int64, shape (n,)
        In any order; n >= 1.
    """
    moments, separate = np.unique(known_at), separate_outcomes(known_at, label_end)
    if separate == len(moments):
        return separate
    return min(separate, whole_blocks(moments, block_length(known_at, label_end)))


def separate_outcomes(known_at: Int64s, label_end: Int64s) -> int:
    """Return the largest number of rows of which each is known when the outcome of the one before has ended.

    Parameters
    ----------
    known_at, label_end : ndarray of int64, shape (n,)
        In any order.

    References
    ----------
    Kleinberg, Tardos (2006), Algorithm Design, 4.1: of the rows that may follow, the one that ends first.
    """
    order = np.argsort(known_at, kind="stable")
    moments, ends = known_at[order], label_end[order]
    earliest = np.minimum.accumulate(ends[::-1])[::-1]
    after = np.maximum(np.searchsorted(moments, earliest), np.arange(1, len(moments) + 1)).tolist()
    row = count = 0
    while row < len(after):
        row, count = after[row], count + 1
    return count


def least_correlation(independent: int) -> float | None:
    """Return the correlation that squared errors of so many independent rows show; None where not even 1 would do."""
    if independent < MIN_BLOCKS:
        return None
    quantiles = sum(_quantiles(independent))
    found = 2.0 * quantiles / (independent + 2.0 * quantiles**2) ** 0.5
    return found if found < 1.0 else None


def _least_difference(difference: Difference) -> float | None:
    return difference.error * sum(_quantiles(difference.blocks)) if difference.error else None


def _quantiles(blocks: int) -> tuple[float, float]:
    normal = NormalDist()
    sure, seen = (student_quantile(normal.inv_cdf(share), blocks - 1) for share in (1.0 - TAIL, POWER))
    return sure, seen


def _here(rows: int, independent: int) -> str:
    apart = (
        "" if independent == rows else f", whose labels overlap (they count for at least {independent:,} separate ones)"
    )
    return f"With {rows:,} test rows{apart}"


def _too_small_correlation(loss: RowLoss, correlation: float | None, share: float | None, verb: str) -> str:
    if correlation is None:
        return f"even a perfect forecast {verb} {_MISSED}"
    of_it = "" if share is None else f" ({_percent(share)} of its {loss.words})"
    return f"a correlation below {correlation:.2g} with what the baseline leaves open{of_it} {verb} {_MISSED}"


def _too_small_difference(loss: RowLoss, least: float | None, share: float | None) -> str:
    if least is None:
        return "it cannot be said what would be seen: model and baseline differ by the same on every row"
    of_it = "" if share is None else f" ({_percent(share)} of the baseline's)"
    return f"a difference in {loss.words} below {least:.2g}{of_it} would {_MISSED}"


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:,.0f} %"
