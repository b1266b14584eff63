"""What a fuzzy set makes of the values that its indicator really takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Float32s
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.strategy.document import MembershipFunction

SPEAKS = 0.01
"""A membership whose degrees vary by less than this over all rows tells a model nothing."""


@dataclass(frozen=True, slots=True)
class MembershipUse:
    """The degrees of one membership over the rows.

    Attributes
    ----------
    name, type : str
    parameters : tuple of float
    lowest, highest, mean : float
    strongest : float
        Share of the rows on which no other membership of the set is stronger, itself above 0 (fractions).
    """

    name: str
    type: str
    parameters: tuple[float, ...]
    lowest: float
    highest: float
    mean: float
    strongest: float

    @property
    def dead(self) -> bool:
        """Whether it is 0, or as good as 0, on every row."""
        return self.highest < SPEAKS

    @property
    def constant(self) -> bool:
        """Whether it is the same on every row, and not 0."""
        return not self.dead and self.highest - self.lowest < SPEAKS


@dataclass(frozen=True, slots=True)
class SetUse:
    """All memberships of a set over the rows; `uncovered` is the share on which every one is 0 (a fraction)."""

    rows: int
    uncovered: float
    memberships: tuple[MembershipUse, ...]


def measure_use(memberships: Sequence[MembershipFunction], values: Float32s) -> SetUse:
    """Return how the memberships of one set are used on these rows.

    Parameters
    ----------
    memberships : sequence of MembershipFunction
    values : ndarray of float32, shape (n,), n at least 1
        Finite values of the indicator.

    Notes
    -----
    Degrees are float32, as in the feature matrix, so that what counts as 0 here is 0 for a model.
    """
    degrees = np.empty((len(memberships), len(values)), dtype=np.float32)
    for row, item in zip(degrees, memberships, strict=True):
        membership_degrees(Membership(item.type, item.parameters), values, out=row)
    top = degrees.max(axis=0)
    used = [
        MembershipUse(
            item.name,
            item.type,
            item.parameters,
            float(row.min()),
            float(row.max()),
            float(row.mean(dtype=np.float64)),
            float(((row == top) & (row > 0)).mean()),
        )
        for row, item in zip(degrees, memberships, strict=True)
    ]
    return SetUse(len(values), float((top == 0).mean()), tuple(used))
