"""The outcome of a split: three parts of the rows, and what the borders cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import iso

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some of a dataset's rows.

    Attributes
    ----------
    rows : ndarray of int64
        Positions in the dataset, ascending; not empty.
    first, last : int
        Known-at moments of the first and last row (UTC nanoseconds).
    seen_until : int
        Latest label end: everything up to this moment was looked at.
    purged : int
        Rows left out at this part's end because their labels reach into a later part or its embargo.
    """

    rows: Int64s
    first: int
    last: int
    seen_until: int
    purged: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Parted:
    """Train, validation and test part of some rows.

    Attributes
    ----------
    parts : mapping of name to Part
        Exactly `PARTS`, in that order.
    cuts : tuple of int
        Moments at which validation and test begin (UTC nanoseconds).
    embargo_bars : int
        Base bars before each cut that no earlier label reaches into.
    """

    parts: Mapping[str, Part]
    cuts: tuple[int, int]
    embargo_bars: int

    @property
    def train(self) -> Int64s:
        """Rows that weights and scaling are fitted on."""
        return self.parts["train"].rows

    @property
    def validation(self) -> Int64s:
        """Rows that choose among fitted models."""
        return self.parts["validation"].rows

    @property
    def test(self) -> Int64s:
        """Rows that judge the model."""
        return self.parts["test"].rows

    @property
    def fitted_until(self) -> int:
        """Latest label end in train."""
        return self.parts["train"].seen_until

    @property
    def selected_until(self) -> int:
        """Latest label end in validation."""
        return self.parts["validation"].seen_until

    @property
    def judged_until(self) -> int:
        """Latest label end in test."""
        return self.parts["test"].seen_until

    def report(self) -> dict[str, Any]:
        """Return rows and dates of each part and what the purge took, as plain values; moments in ISO 8601, UTC."""
        return {
            "parts": {
                name: {"rows": len(part.rows), "first": iso(part.first), "last": iso(part.last)}
                for name, part in self.parts.items()
            },
            "purged": {name: self.parts[name].purged for name in PARTS[:-1]},
            "embargo_bars": self.embargo_bars,
            "cuts": [iso(cut) for cut in self.cuts],
            "fitted_until": iso(self.fitted_until),
            "selected_until": iso(self.selected_until),
            "judged_until": iso(self.judged_until),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Split(Parted):
    """The parts of one symbol's rows, in time order, disjoint.

    Raises
    ------
    InvalidInput
        If the parts are not these, are empty, or overlap.
    """

    def __post_init__(self) -> None:
        if tuple(self.parts) != PARTS or not all(len(part.rows) for part in self.parts.values()):
            raise InvalidInput(f"split: needs the parts {', '.join(PARTS)}, none of them empty")
        if not self.train[-1] < self.validation[0] <= self.validation[-1] < self.test[0]:
            raise InvalidInput("split: the parts overlap")
