"""One cut in time for all symbols of a pool, with the label spans of each kept apart from the later parts of all."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.splits.split import PARTS, Part, Parted
from ktrdr.domain.splits.temporal import MINIMUM_ROWS, Shares, check_shares
from ktrdr.domain.training.pool.pool import Pool

_NEVER = int(np.iinfo(np.int64).max)


@dataclass(frozen=True, slots=True, eq=False)
class PooledSplit(Parted):
    """The parts of a pool: of the symbols that are trained on; rows are ascending, symbol by symbol.

    Attributes
    ----------
    limits : tuple of int
        Moments before which the labels of train and validation must have ended: with an embargo they lie earlier than
        the cuts (UTC nanoseconds).
    counts : mapping of symbol to mapping of part to int
        Rows that each symbol has in each part; an unseen one has some in ``test`` at most.
    seen : tuple of str
        Symbols with train rows.
    unseen : ndarray of int64
        Rows of the other symbols that lie in the test part's time: what the model is tried on besides.
    unseen_until : int
        Latest label end of these; 0 where there are none.
    """

    limits: tuple[int, int]
    counts: Mapping[str, Mapping[str, int]]
    seen: tuple[str, ...]
    unseen: Int64s
    unseen_until: int

    @property
    def judged_until(self) -> int:
        """Latest label end among the rows that judge the model."""
        return max(self.parts["test"].seen_until, self.unseen_until)

    def own(self, pool: Pool, symbol: str, name: str) -> Int64s:
        """Return the rows of one symbol in ``train``, ``validation`` or ``test``, purged, be it unseen or not."""
        rows = pool.rows_of(symbol)
        begins, ends = ((0, self.cuts[0]), self.cuts, (self.cuts[1], _NEVER))[PARTS.index(name)]
        limit = (*self.limits, _NEVER)[PARTS.index(name)]
        known_at, label_end = pool.known_at[rows], pool.label_end[rows]
        inside = (known_at >= begins) & (known_at < ends) & (label_end != NO_LABEL) & (label_end < limit)
        found: Int64s = np.flatnonzero(inside) + rows.start
        return found

    def report(self) -> dict[str, Any]:
        """Return rows and dates of each part, of each symbol, and what the purge took; moments in ISO 8601, UTC."""
        symbols = {symbol: dict(counts) for symbol, counts in self.counts.items()}
        return Parted.report(self) | {"symbols": symbols}

    def notes(self, held_out: Collection[str] = ()) -> tuple[str, ...]:
        """Return one sentence per symbol that has no rows in a part, though it was not held out."""
        found = []
        for symbol, counts in self.counts.items():
            empty = [name for name in PARTS if not counts[name]]
            if not empty or symbol in held_out:
                continue
            unseen = "" if symbol in self.seen else "; it counts as never seen"
            found.append(f"{symbol} has no rows in {' and '.join(empty)}{unseen}")
        return tuple(found)


def pooled_split(pool: Pool, shares: Shares, embargo_bars: int = 0, held_out: Collection[str] = ()) -> PooledSplit:
    """Split a pool at two moments that are the same for all symbols.

    Parameters
    ----------
    pool : Pool
    shares : tuple of float
        Shares of train, validation and test, above 0, together 1, in rows that are weighted so that every symbol
        weighs the same, before the purge.
    embargo_bars : int
        Rows to keep free before a later part, of the symbol whose rows reach furthest back for it, among those that
        have rows on both sides of the cut.
    held_out : collection of str
        Symbols of the pool that take no part in training, in choosing the epoch, or in placing the cuts.

    Returns
    -------
    PooledSplit
        A row belongs to the part that its known-at moment lies in; train and validation lose the rows, of whatever
        symbol, whose label ends at or after the limit of the next part. A symbol without train rows is unseen: of it
        only the rows from the second cut on are kept.

    Raises
    ------
    InvalidInput
        If shares or embargo are out of bounds, or a part keeps fewer than `MINIMUM_ROWS` rows.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 7: purging and embargo.
    """
    check_shares(shares, embargo_bars)
    owner = pool.symbol_of_row
    out = np.array([symbol in held_out for symbol in pool.symbols], dtype=np.bool_)
    labelled = pool.label_end != NO_LABEL
    placing = labelled & ~out[owner]
    cuts = _cuts(pool.known_at[placing], owner[placing], shares)
    limits = tuple(_limit(pool, placing, cut, embargo_bars) for cut in cuts)
    part_of_row = np.searchsorted(np.array(cuts), pool.known_at, side="right").astype(np.int8)
    kept = labelled & (pool.label_end < np.array([*limits, _NEVER])[part_of_row])
    in_train = np.bincount(owner[kept & (part_of_row == 0) & ~out[owner]], minlength=len(pool.symbols))
    of_seen = (in_train > 0)[owner]
    rows = {name: np.flatnonzero(kept & of_seen & (part_of_row == place)) for place, name in enumerate(PARTS)}
    if min(map(len, rows.values())) < MINIMUM_ROWS:
        raise InvalidInput(_too_few(rows, int(placing.sum()), pool.symbols))
    lost = placing & ~kept
    purged = {name: int((lost & (part_of_row == place)).sum()) for place, name in enumerate(PARTS)}
    unseen = np.flatnonzero(kept & ~of_seen & (part_of_row == len(PARTS) - 1))
    parts = {name: _part(pool, rows[name], purged[name]) for name in PARTS}
    counted = rows | {"test": np.concatenate((rows["test"], unseen))}
    return PooledSplit(
        parts,
        cuts,
        embargo_bars,
        (limits[0], limits[1]),
        _counts(pool, counted, owner),
        tuple(symbol for symbol, count in zip(pool.symbols, in_train, strict=True) if count),
        unseen,
        int(pool.label_end[unseen].max(initial=0)),
    )


def _cuts(known_at: Int64s, owner: NDArray[np.int32], shares: Shares) -> tuple[int, int]:
    """Return the moments before which a share of the rows, every symbol weighing the same, lies most nearly."""
    if not len(known_at):
        raise InvalidInput("split: there are no labelled rows")
    counts = np.bincount(owner)
    order = np.argsort(known_at, kind="stable")
    moments = known_at[order]
    weight = (1.0 / counts[owner[order]]).cumsum()
    first = np.flatnonzero(np.concatenate(([True], np.diff(moments) > 0)))
    before = np.concatenate(([0.0], weight))[first] / weight[-1]
    wanted = (shares[0], shares[0] + shares[1])
    places = [int(first[np.abs(before - share).argmin()]) for share in wanted]
    return int(moments[places[0]]), int(moments[places[1]])


def _limit(pool: Pool, placing: Bools, cut: int, embargo_bars: int) -> int:
    """Return the moment that no label before the cut may reach: the cut, or earlier by the embargo."""
    limit = cut
    for place in range(len(pool.symbols)):
        rows = slice(int(pool.starts[place]), int(pool.starts[place + 1]))
        known_at = pool.known_at[rows]
        at = int(np.searchsorted(known_at, cut))
        if 0 < at < len(known_at) and placing[rows].any():
            limit = min(limit, int(known_at[max(at - embargo_bars, 0)]))
    return limit


def _part(pool: Pool, rows: Int64s, purged: int) -> Part:
    known_at = pool.known_at[rows]
    return Part(rows, int(known_at.min()), int(known_at.max()), int(pool.label_end[rows].max()), purged)


def _counts(pool: Pool, rows: Mapping[str, Int64s], owner: NDArray[np.int32]) -> dict[str, dict[str, int]]:
    found = {name: np.bincount(owner[rows[name]], minlength=len(pool.symbols)) for name in PARTS}
    return {symbol: {name: int(found[name][place]) for name in PARTS} for place, symbol in enumerate(pool.symbols)}


def _too_few(rows: Mapping[str, Int64s], placed: int, symbols: tuple[str, ...]) -> str:
    left = ", ".join(f"{len(rows[name])} in {name}" for name in PARTS)
    return (
        f"split: {placed} labelled rows of {len(symbols)} symbols leave {left} after one common cut, purge and "
        f"embargo; {MINIMUM_ROWS} are needed in each part"
    )
