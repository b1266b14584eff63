"""Prices that stand still, and sessions that are there twice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, marked

_BY_CHANCE = 1e-3
_LONGEST = 120
_TELLING = 0.5
_ODD = np.uint64(0x9E3779B97F4A7C15)


def stale(evidence: Evidence, limit: float) -> Found | None:
    """Find runs of equal bars, longer than the limit and than chance makes them where bars often repeat."""
    same = evidence.repeats
    share, needed = float(same.mean()), limit - 1
    if 0 < share < 1:
        needed = max(needed, min(np.log(_BY_CHANCE / len(same)) / np.log(share), _LONGEST))
    edges = np.flatnonzero(np.diff(np.concatenate(([False], same, [False])).astype(np.int8)))
    begins, ends = edges[::2], edges[1::2]
    long = ends - begins >= needed
    if not long.any():
        return None
    starts = np.zeros(len(same) + 1, dtype=np.int64)
    np.add.at(starts, begins[long], 1)
    np.add.at(starts, ends[long], -1)
    longest = int((ends - begins)[long].max()) + 1
    text = f"repeat the bar before them, in runs of up to {longest}"
    return marked(evidence.bars, np.cumsum(starts[:-1]) > 0, text)


def repeated_sessions(evidence: Evidence, limit: float) -> Found | None:
    """Find sessions whose bars are all those of an earlier one, to the last digit and volume.

    Of days whose volumes tell little only the one right before counts, for prices of one bar come back by chance.
    """
    bars, inside = evidence.bars, np.flatnonzero(evidence.session >= 0)
    if not bars.timeframe.intraday:
        inside = np.arange(len(bars))
    starts = np.flatnonzero(np.diff(evidence.session[inside], prepend=-2)) if bars.timeframe.intraday else inside
    if not len(starts):
        return None
    counts = np.diff(np.append(starts, len(inside)))
    prints = _fingerprints(evidence, inside[starts], np.ones_like(starts))
    alike = _shared(prints)
    if not alike.any():
        return None
    prints[alike] = _fingerprints(evidence, inside[np.repeat(alike, counts)], counts[alike])
    moving = np.maximum.reduceat(evidence.span[inside], starts) > 0
    telling = bars.timeframe.intraday or len(np.unique(bars.volume)) > _TELLING * len(bars)
    again = _again(prints, moving, telling)
    marks = np.zeros(len(bars), dtype=np.bool_)
    marks[inside] = np.repeat(again, counts)
    found = marked(bars, marks, "are those of an earlier session again")
    return found if found is not None and again.sum() > limit else None


def _again(prints: NDArray[np.uint64], moving: Bools, far: bool) -> Bools:
    """Return which sessions are there before: anywhere, or else right before; flat ones never count."""
    again = np.zeros(len(prints), dtype=np.bool_)
    if far:
        _, first = np.unique(prints, return_index=True)
        again[:] = True
        again[first] = False
    else:
        again[1:] = np.diff(prints) == 0
        again[1:] &= ~again[:-1]
    return again & moving


def _shared(prints: NDArray[np.uint64]) -> Bools:
    """Return which numbers are there more than once."""
    _, place, count = np.unique(prints, return_inverse=True, return_counts=True)
    return count[place] > 1


def _fingerprints(evidence: Evidence, rows: Int64s, counts: Int64s) -> NDArray[np.uint64]:
    """Return a number for each run of so many rows that depends on every bit of prices and volumes, in their order."""
    starts = np.cumsum(counts) - counts
    place = np.arange(len(rows)) - np.repeat(starts, counts)
    mixed = np.zeros(len(rows), dtype=np.uint64)
    for column in (*evidence.prices, evidence.bars.volume):
        bits = column[rows].view(np.uint64)
        mixed = mixed * _ODD + (bits ^ (bits >> np.uint64(29)))
    mixed *= (2 * place + 0x51ED2701).astype(np.uint64)
    mixed ^= mixed >> np.uint64(31)
    prints: NDArray[np.uint64] = np.add.reduceat(mixed, starts) * _ODD + counts.astype(np.uint64)
    return prints
