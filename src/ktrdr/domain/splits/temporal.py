"""The temporal holdout: train, then validation, then test, with the label spans kept apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import iso
from ktrdr.domain.splits.parted import PARTS, Part, Parted
from ktrdr.domain.splits.spans import Spans

MINIMUM_ROWS = 10
"""Fewest rows a part may have after the purge."""
Shares = tuple[float, float, float]
_NEVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True)
class TemporalHoldout:
    """Splits rows at two moments, the same for all symbols, and drops rows whose labels reach across one of them.

    Parameters
    ----------
    shares : tuple of float
        Shares of train, validation and test, above 0, together 1, in rows that are weighted so that every symbol weighs
        the same, before the purge.
    embargo_bars : int
        Base bars to keep free before a later part, of the symbol whose bars reach furthest back for it, among those
        that have bars on both sides of the cut.
    held_out : frozenset of int
        Symbols that take no part in training, in choosing the epoch, or in placing the cuts.

    Raises
    ------
    InvalidInput
        If shares or embargo are out of bounds.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 7: purging and embargo.
    """

    shares: Shares
    embargo_bars: int = 0
    held_out: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if min(self.shares) <= 0 or not math.isclose(sum(self.shares), 1, abs_tol=1e-6):
            found = f"found {self.shares}, which sum to {sum(self.shares):g}"
            raise InvalidInput(f"split: shares must be above 0 and sum to 1; {found}")
        _check_embargo(self.embargo_bars)

    def __call__(self, spans: Spans) -> tuple[Parted, ...]:
        """Return one way to part the rows.

        A row belongs to the part that its known-at moment lies in; train and validation lose the rows, of whatever
        symbol, whose label ends at or after the next part's first moment, or at or after the base bar `embargo_bars`
        before it. Every later part begins later still, so that train is kept apart from test as well.

        Raises
        ------
        InvalidInput
            If a part keeps fewer than `MINIMUM_ROWS` rows; the message says how many rows there are, how many were
            purged, and, of one symbol, how many are needed.
        """
        placing = spans.learnable & ~np.isin(spans.owner, list(self.held_out))
        cuts = self._cuts(spans, placing)
        if cuts is None:
            raise InvalidInput(self._too_few(spans, placing, dict.fromkeys(PARTS, 0)))
        rows = _Parting(spans, placing, cuts, self.embargo_bars)
        if rows.fewest < MINIMUM_ROWS:
            raise InvalidInput(self._too_few(spans, placing, rows.purged, rows.counts))
        return (rows.parted(),)

    def _cuts(self, spans: Spans, placing: Bools) -> tuple[int, int] | None:
        """Return the moments before which a share of the rows, every symbol weighing the same, lies most nearly.

        Of two that are equally near, the one with an even number of rows before it; None where there is no room.
        """
        known_at, owner = spans.known_at[placing], spans.owner[placing]
        if not len(known_at):
            return None
        counts = np.bincount(owner)
        order = np.argsort(known_at, kind="stable")
        moments = known_at[order]
        weights = (len(owner) / (counts[counts > 0].size * np.maximum(counts, 1)))[owner[order]]
        first = np.flatnonzero(np.concatenate(([True], np.diff(moments) > 0)))
        before = np.concatenate(([0.0], weights.cumsum()))[first]
        wanted = (len(owner) * self.shares[0], len(owner) * (self.shares[0] + self.shares[1]))
        places = [int(first[_nearest(before, rank, first)]) for rank in wanted]
        return (int(moments[places[0]]), int(moments[places[1]])) if 0 < places[0] < places[1] else None

    def _too_few(
        self, spans: Spans, placing: Bools, purged: Mapping[str, int], left: Mapping[str, int] | None = None
    ) -> str:
        n_rows, n_symbols = int(placing.sum()), len(spans.bars)
        taken = f"label spans and embargo take {purged['train']} of train, {purged['validation']} of validation"
        if n_symbols == 1:
            needed = self._needed(spans.known_at[placing], spans.label_end[placing])
            return (
                f"split: {n_rows} labelled rows are too few for {MINIMUM_ROWS} in each part; {taken}; about {needed} "
                "rows are needed"
            )
        kept = ", ".join(f"{(left or purged)[name]} in {name}" for name in PARTS)
        return (
            f"split: {n_rows} labelled rows of {n_symbols} symbols leave {kept} after one common cut; {taken}; "
            f"{MINIMUM_ROWS} are needed in each part"
        )

    def _needed(self, known_at: Int64s, label_end: Int64s) -> int:
        """Return about how many rows of one symbol would leave enough in each part."""
        spans = np.searchsorted(known_at, label_end, side="right") - 1 - np.arange(len(known_at))
        reach = int(spans.max(initial=0)) + self.embargo_bars
        lost = zip((reach, reach, 0), self.shares, strict=True)
        return max(math.ceil((MINIMUM_ROWS + rows) / share) for rows, share in lost)


@dataclass(frozen=True, slots=True)
class CutAt:
    """Splits rows like `TemporalHoldout`, at moments that were decided elsewhere.

    Parameters
    ----------
    cuts : tuple of int
        Moments at which validation and test begin (UTC nanoseconds).
    embargo_bars : int
    cut_there : str
        What was cut at these moments, for the message.
    held_out : frozenset of int
        See `TemporalHoldout`.
    """

    cuts: tuple[int, int]
    embargo_bars: int = 0
    cut_there: str = "the split"
    held_out: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        _check_embargo(self.embargo_bars)

    def __call__(self, spans: Spans) -> tuple[Parted, ...]:
        """Return one way to part the rows.

        Raises
        ------
        InvalidInput
            If a part keeps fewer than `MINIMUM_ROWS` rows.
        """
        placing = spans.learnable & ~np.isin(spans.owner, list(self.held_out))
        rows = _Parting(spans, placing, self.cuts, self.embargo_bars)
        if rows.fewest < MINIMUM_ROWS:
            first, last = (iso(pick(pick(bars) for bars in spans.bars)) for pick in (min, max))
            kept = ", ".join(f"{rows.counts[name]} {'rows ' * (name == 'train')}in {name}" for name in PARTS)
            raise InvalidInput(
                f"split: {self.cut_there} was cut at {iso(self.cuts[0])} and {iso(self.cuts[1])}; the bars go from "
                f"{first} to {last}: {kept}; {MINIMUM_ROWS} are needed in each part"
            )
        return (rows.parted(),)


class _Parting:
    """Rows placed by two cuts and purged."""

    def __init__(self, spans: Spans, placing: Bools, cuts: tuple[int, int], embargo_bars: int) -> None:
        self._spans, self._cuts, self._embargo = spans, cuts, embargo_bars
        first, second = (_limit(spans, placing, cut, embargo_bars) for cut in cuts)
        self._limits = first, second
        part_of_row = np.searchsorted(np.array(cuts), spans.known_at, side="right").astype(np.int8)
        kept = spans.learnable & (spans.label_end < np.array([first, second, _NEVER])[part_of_row])
        in_train = np.bincount(spans.owner[kept & placing & (part_of_row == 0)], minlength=len(spans.bars))
        self._seen = np.flatnonzero(in_train)
        of_seen = (in_train > 0)[spans.owner]
        inside = {name: part_of_row == place for place, name in enumerate(PARTS)}
        self._rows = {name: np.flatnonzero(kept & of_seen & here) for name, here in inside.items()}
        self._beside = {name: np.flatnonzero(kept & ~of_seen & here) for name, here in inside.items()}
        self.purged = {name: int((placing & ~kept & here).sum()) for name, here in inside.items()}

    @property
    def counts(self) -> dict[str, int]:
        return {name: len(rows) for name, rows in self._rows.items()}

    @property
    def fewest(self) -> int:
        return min(self.counts.values())

    def parted(self) -> Parted:
        parts = {name: self._part(name) for name in PARTS}
        seen = tuple(int(owner) for owner in self._seen)
        until = int(self._spans.label_end[self._beside["test"]].max(initial=0))
        return Parted(parts, self._cuts, self._embargo, self._limits, self._beside, seen, until)

    def _part(self, name: str) -> Part:
        rows = self._rows[name]
        known_at, label_end = self._spans.known_at[rows], self._spans.label_end[rows]
        return Part(rows, int(known_at.min()), int(known_at.max()), int(label_end.max()), self.purged[name])


def _limit(spans: Spans, placing: Bools, cut: int, embargo_bars: int) -> int:
    """Return the moment that no label before the cut may reach: the cut, or earlier by the embargo."""
    limit = cut
    for owner in np.unique(spans.owner[placing]) if embargo_bars else ():
        bars = spans.bars[owner]
        at = int(np.searchsorted(bars, cut))
        if 0 < at < len(bars):
            limit = min(limit, int(bars[max(at - embargo_bars, 0)]))
    return limit


def _nearest(ranks: Int64s, wanted: float, first: Int64s) -> int:
    """Return the place of the rank nearest to `wanted`; of two equally near, that of the even row."""
    distance = np.abs(ranks - wanted)
    near = np.flatnonzero(distance == distance.min())
    return int(next((place for place in near if first[place] % 2 == 0), near[0]))


def _check_embargo(embargo_bars: int) -> None:
    if embargo_bars < 0:
        raise InvalidInput(f"split: embargo_bars must be 0 or more; found {embargo_bars}")
