"""What a split looks at: when rows are known, how far their labels look ahead, and whose rows they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ktrdr.domain.arrays import Bools, Int32s, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.splits.parted import Parted


@dataclass(frozen=True, slots=True, eq=False)
class Spans:
    """Rows of one or more owners; those of one owner stand together, ascending in time.

    Attributes
    ----------
    known_at : ndarray of int64, shape (n_rows,)
        Moments from which the rows are known (UTC nanoseconds).
    label_end : ndarray of int64, shape (n_rows,)
        Moments at which the last bars that the labels looked at are known; `NO_LABEL` for a row that cannot be learnt
        from, and so is in no part.
    owner : ndarray of int32, shape (n_rows,)
        Number of the symbol that each row belongs to, ascending.
    bars : tuple of ndarray of int64
        Known-at moments of all base bars of each owner, ascending: an embargo counts these.
    """

    known_at: Int64s
    label_end: Int64s
    owner: Int32s
    bars: tuple[Int64s, ...]

    def __post_init__(self) -> None:
        if not len(self.known_at) == len(self.label_end) == len(self.owner):
            raise InvalidInput("spans: known_at, label_end and owner must have one entry per row")

    @property
    def learnable(self) -> Bools:
        """Which rows have a label to learn from, shape (n_rows,)."""
        has: Bools = self.label_end != NO_LABEL
        return has


Splitter = Callable[[Spans], tuple[Parted, ...]]
"""From rows to one or more ways to part them; each keeps label spans apart from later parts."""
