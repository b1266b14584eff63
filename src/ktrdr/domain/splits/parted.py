"""The outcome of a split: three parts of the rows, and what the borders cost."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import iso

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Some of the rows.

    Attributes
    ----------
    rows : ndarray of int64
        Their positions, ascending; not empty.
    first, last : int
        Known-at moments of the earliest and the latest row (UTC nanoseconds).
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
    """Train, validation and test part of the rows of one or more symbols.

    Attributes
    ----------
    parts : mapping of name to Part
        Exactly `PARTS`, in that order: rows of the symbols that are trained on.
    cuts : tuple of int
        Moments at which validation and test begin (UTC nanoseconds).
    embargo_bars : int
        Base bars before each cut that no earlier label reaches into.
    limits : tuple of int
        Moments before which the labels of train and validation must have ended: the cuts, or with an embargo earlier.
    beside : mapping of name to ndarray of int64
        Rows of the other symbols, purged alike: those held out, and those without any train row.
    seen : tuple of int
        Numbers of the symbols that are trained on.
    beside_until : int
        Latest label end among the test rows of the other symbols; 0 where there are none.

    Raises
    ------
    InvalidInput
        If the parts are not these, are empty, or overlap.
    """

    parts: Mapping[str, Part]
    cuts: tuple[int, int]
    embargo_bars: int
    limits: tuple[int, int]
    beside: Mapping[str, Int64s]
    seen: tuple[int, ...]
    beside_until: int = 0

    def __post_init__(self) -> None:
        if tuple(self.parts) != PARTS or not all(len(part.rows) for part in self.parts.values()):
            raise InvalidInput(f"split: needs the parts {', '.join(PARTS)}, none of them empty")
        taken = np.zeros(max(int(part.rows[-1]) for part in self.parts.values()) + 1, dtype=np.bool_)
        for part in self.parts.values():
            if taken[part.rows].any():
                raise InvalidInput("split: the parts overlap")
            taken[part.rows] = True

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
        """Latest label end among the rows that judge the model."""
        return max(self.parts["test"].seen_until, self.beside_until)

    def of(self, symbol: slice, name: str) -> Int64s:
        """Return the rows of one symbol, given by where its rows stand, in a part, be it trained on or not."""
        for rows in (self.parts[name].rows, self.beside[name]):
            first, last = np.searchsorted(rows, (symbol.start, symbol.stop))
            if first < last:
                return rows[first:last]
        return np.empty(0, dtype=np.int64)

    def counts(self, symbols: Mapping[str, slice]) -> dict[str, dict[str, int]]:
        """Return how many rows each symbol has in each part; one that is not trained on has test rows at most."""
        numbered = enumerate(symbols.items())
        return {
            symbol: {name: len(self.of(rows, name)) if place in self.seen or name == "test" else 0 for name in PARTS}
            for place, (symbol, rows) in numbered
        }

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


def absent_notes(counts: Mapping[str, Mapping[str, int]], held_out: Collection[str] = ()) -> tuple[str, ...]:
    """Return one sentence per symbol that has no rows in a part, though it was not held out.

    Parameters
    ----------
    counts : mapping of symbol to mapping of part to int
        See `Parted.counts`.
    held_out : collection of str
    """
    found = []
    for symbol, rows in counts.items():
        empty = [name for name in PARTS if not rows[name]]
        if empty and symbol not in held_out:
            unseen = "" if rows["train"] else "; it counts as never seen"
            found.append(f"{symbol} has no rows in {' and '.join(empty)}{unseen}")
    return tuple(found)
