"""Prices that stand still, and sessions that are there twice."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, marked

_BY_CHANCE = 1e-3
_LONGEST = 120


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
    """Find sessions whose bars are all those of the session before, to the last digit and volume."""
    bars = evidence.bars
    if bars.timeframe.intraday:
        firsts, marks = _repeated_days(evidence)
    else:
        moving = evidence.span > 0
        marks = evidence.repeats & moving & (np.diff(bars.volume, prepend=np.nan) == 0)
        marks[1:] &= ~(marks[:-1] & marks[1:])
        firsts = bars.stamps[marks]
    found = marked(bars, marks, "are those of the session before again")
    return found if found is not None and len(firsts) > limit else None


def _repeated_days(evidence: Evidence) -> tuple[Int64s, Bools]:
    bars, inside = evidence.bars, np.flatnonzero(evidence.session >= 0)
    marks = np.zeros(len(bars), dtype=np.bool_)
    if not len(inside):
        return bars.stamps[:0], marks
    session = evidence.session[inside]
    starts = np.flatnonzero(np.diff(session, prepend=-1))
    counts = np.diff(np.append(starts, len(session)))
    place = np.arange(len(session)) - np.repeat(starts, counts)
    values = np.vstack((evidence.prices, bars.volume))[:, inside]
    mixed = np.zeros(len(session), dtype=np.uint64)
    for column in values:
        bits = np.ascontiguousarray(column).view(np.uint64)
        mixed = mixed * np.uint64(0x9E3779B97F4A7C15) + (bits ^ (bits >> np.uint64(29)))
    mixed *= (2 * place + 0x51ED2701).astype(np.uint64) | np.uint64(1)
    mixed ^= mixed >> np.uint64(31)
    sums = np.add.reduceat(mixed, starts)
    moving = np.maximum.reduceat(evidence.span[inside], starts) > 0
    again = np.zeros(len(starts), dtype=np.bool_)
    again[1:] = (np.diff(sums) == 0) & (np.diff(counts) == 0) & moving[1:] & (counts[1:] > 1)
    marks[inside] = np.repeat(again, counts)
    return bars.stamps[inside[starts[again]]], marks
