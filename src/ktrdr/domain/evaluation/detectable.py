"""The smallest difference that test rows can show: what a verdict could not have seen."""

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
"""How often a difference of that size is seen."""


@dataclass(frozen=True, slots=True)
class Detectable:
    """What would be seen in four of five test parts like this one; what is smaller most likely would not.

    Attributes
    ----------
    rows, independent : int
        Test rows, and how many separate ones they are as good as; see `independent_outcomes`.
    difference : float or None
        In the mean loss of a row; None where the losses do not say, as with too few blocks.
    share : float or None
        The same as a fraction of the baseline's loss: a skill.
    correlation : float or None
        Of forecasts with what the baseline leaves open, by squared errors; None for classes, and where none would do.
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
    """Return what a verdict on these rows can show.

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
    -p^2 - 2 p e of a row, with e the error of p, has the variance 4 r^2 - 2 r^4 for normal p and e. Rows of several
    symbols at one time count once, which errs on the side of caution.

    References
    ----------
    Bloom (1995), Minimum detectable effects: a simple way to report the statistical power of experimental designs.
    Diebold, Mariano (1995), Comparing predictive accuracy. Clark, West (2007), Approximately normal tests for equal
    predictive accuracy in nested models.
    """
    independent = independent_outcomes(known_at, label_end)
    least = _least_difference(difference)
    share = None if least is None or baseline_loss <= 0 else least / baseline_loss
    correlation = least_correlation(independent) if loss.kind == "regression" else None
    said = _sentence(len(known_at), independent, difference, loss, least, share, correlation)
    return Detectable(len(known_at), independent, least, share, correlation, said)


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


def _sentence(
    rows: int,
    independent: int,
    difference: Difference,
    loss: RowLoss,
    least: float | None,
    share: float | None,
    correlation: float | None,
) -> str:
    here = f"With {rows:,} test rows, {independent:,} of which share no outcome, "
    if difference.blocks < MIN_BLOCKS:
        return f"{here}no difference would be seen, however large."
    smaller = (
        [] if correlation is None else [f"a correlation below {correlation:.2g} with what the baseline leaves open"]
    )
    if least is not None:
        of_it = "" if share is None else f" ({_percent(share)} of the baseline's)"
        smaller.append(f"a difference in {loss.words} below {least:.2g}{of_it}")
    if not smaller:
        return f"{here}it cannot be said what would be seen: model and baseline differ by the same on every row."
    return f"{here}{' or '.join(smaller)} would most likely not be seen."


def _percent(share: float) -> str:
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:,.0f} %"
