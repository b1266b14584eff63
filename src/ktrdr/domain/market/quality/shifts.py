"""By how much intraday bars are shifted against their sessions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality.expected import expected_bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_MINUTE

FEWEST = 5
"""Fewer days, or weeks, tell nothing."""
_HALF_HOUR, _HOUR = 30 * NS_PER_MINUTE, 60 * NS_PER_MINUTE
_CLOSURE = 3 * _HOUR
_SHIFTS = sorted((half * _HALF_HOUR for half in range(-24, 25) if half), key=lambda by: (by % _HOUR != 0, abs(by)))
_LEAST_ROOM = 15 * NS_PER_MINUTE
_NEARLY_ALL, _MOSTLY_THERE = 0.8, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Shifts:
    """By how much the bars between two closures of the market are shifted.

    Attributes
    ----------
    opens : ndarray of int64, shape (n,)
        When the market opens (UTC nanoseconds).
    shift : ndarray of int64, shape (n,)
        Nanoseconds, whole half hours.
    rows : ndarray of int64, shape (n,)
        How many bars there are.
    zone : str
        The exchange's.
    """

    opens: Int64s
    shift: Int64s
    rows: Int64s
    zone: str


def shifts(bars: Bars, sessions: Sessions, session: Int64s) -> Shifts | None:
    """Return by how much days, or weeks that trade through, are shifted; None where hours tell nothing.

    Parameters
    ----------
    bars : Bars
    sessions : Sessions
    session : ndarray of int64, shape (n_bars,)
        In which each bar lies, -1 outside all of them.
    """
    if not bars.timeframe.intraday or bars.timeframe.ns > _HOUR:
        return None
    begins = np.concatenate(([True], sessions.opens[1:] - sessions.closes[:-1] >= _CLOSURE))
    used = np.arange(*np.searchsorted(sessions.opens[begins], [bars.stamps[0], bars.stamps[-1]]))
    if len(used) < FEWEST:
        return None
    trades_through = len(begins) > 2 * begins.sum()
    found = _by_ends(bars, sessions, begins) if trades_through else _by_fit(bars, sessions, session, begins)
    shift, rows, told = found
    chosen = used[told[used]]
    return Shifts(sessions.opens[begins][chosen], shift[chosen], rows[chosen], sessions.time_zone)


def _by_fit(bars: Bars, sessions: Sessions, session: Int64s, begins: Bools) -> tuple[Int64s, Int64s, Bools]:
    """Return the shift of each day, the bars that it brings into its session, and where there are any.

    It is the shift that brings most bars in, if it brings nearly as many as fit into it; a day that has all its bars,
    or has lost some without having others elsewhere, is not shifted.
    """
    block = np.cumsum(begins) - 1
    expected = np.bincount(block, weights=expected_bars(sessions, slice(None), bars.timeframe))
    there = np.bincount(block[session[session >= 0]], minlength=len(expected))
    shift, best = np.zeros(len(expected), dtype=np.int64), there.copy()
    odd, outside = there < expected, session < 0
    loose = bars.stamps[outside | odd[block[np.maximum(session, 0)]]]
    for by in _SHIFTS if outside.any() and odd.any() else ():
        brought = sessions.locate(loose - by, bars.timeframe)
        found = np.bincount(block[brought[brought >= 0]], minlength=len(expected))
        fits = np.minimum(max(abs(by) / bars.timeframe.ns, 1), expected) * _NEARLY_ALL
        better = odd & (found > best) & (found - there >= fits) & (found >= _MOSTLY_THERE * expected)
        shift[better], best[better] = by, found[better]
    return shift, best, best > 0


def _by_ends(bars: Bars, sessions: Sessions, begins: Bools) -> tuple[Int64s, Int64s, Bools]:
    """Return the shift of each week, its bars, and where both its ends lie within a bar of the shifted open and close.

    A week whose ends lie within a bar of its open and close is not shifted.
    """
    first_session = np.flatnonzero(begins)
    opens, closes = sessions.opens[begins], sessions.closes[np.append(first_session[1:] - 1, len(begins) - 1)]
    stretch = np.searchsorted((closes[:-1] + opens[1:]) // 2, bars.stamps, side="right")
    there, first, count = np.unique(stretch, return_index=True, return_counts=True)
    at_open = bars.stamps[first] - opens[there]
    at_close = bars.stamps[first + count - 1] + bars.timeframe.ns - closes[there]
    by = np.rint((at_open + at_close) / 2 / _HALF_HOUR).astype(np.int64) * _HALF_HOUR
    room = max(bars.timeframe.ns, _LEAST_ROOM)
    by[(np.abs(at_open) <= room) & (np.abs(at_close) <= room)] = 0
    shift, rows = np.zeros(len(opens), dtype=np.int64), np.zeros(len(opens), dtype=np.int64)
    told = np.zeros(len(opens), dtype=np.bool_)
    shift[there], rows[there] = by, count
    told[there] = (np.abs(at_open - by) <= room) & (np.abs(at_close - by) <= room)
    return shift, rows, told
