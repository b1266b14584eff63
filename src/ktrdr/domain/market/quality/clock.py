"""Clocks: intraday bars that are shifted against their sessions, all of them, in summer, or for a while."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.quality.completeness import expected_bars
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, NS_PER_MINUTE

_HALF_HOUR, _HOUR = 30 * NS_PER_MINUTE, 60 * NS_PER_MINUTE
_CLOSURE = 3 * _HOUR
_SHIFTS = sorted((half * _HALF_HOUR for half in range(-24, 25) if half), key=lambda by: (by % _HOUR != 0, abs(by)))
_LEAST_ROOM = 15 * NS_PER_MINUTE
_NEARLY_ALL, _MOSTLY_THERE = 0.8, 0.6
_FEWEST, _FEWEST_BY_SEASON = 5, 3
_AGREED = 0.95
_OTHER_ZONES = ("America/New_York", "Europe/London")


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


def shifts(evidence: Evidence) -> Shifts | None:
    """Return by how much days, or weeks that trade through, are shifted; None where hours tell nothing."""
    sessions, bars = evidence.sessions, evidence.bars
    if sessions is None or not bars.timeframe.intraday or bars.timeframe.ns > _HOUR:
        return None
    begins = np.concatenate(([True], sessions.opens[1:] - sessions.closes[:-1] >= _CLOSURE))
    used = np.arange(*np.searchsorted(sessions.opens[begins], [bars.stamps[0], bars.stamps[-1]]))
    if len(used) < _FEWEST:
        return None
    by = _by_ends if len(begins) > 2 * begins.sum() else _by_fit
    shift, rows, told = by(evidence, sessions, begins)
    chosen = used[told[used]]
    return Shifts(sessions.opens[begins][chosen], shift[chosen], rows[chosen], sessions.time_zone)


def _by_fit(evidence: Evidence, sessions: Sessions, begins: Bools) -> tuple[Int64s, Int64s, Bools]:
    """Return the shift of each day, the bars that it brings into its session, and where there are any.

    It is the shift that brings most bars in, if it brings nearly as many as fit into it; a day that has all its bars,
    or has lost some without having others elsewhere, is not shifted.
    """
    bars, block = evidence.bars, np.cumsum(begins) - 1
    expected = np.bincount(block, weights=expected_bars(sessions, slice(None), bars.timeframe))
    there = np.bincount(block[evidence.traded], minlength=len(expected))
    shift, best = np.zeros(len(expected), dtype=np.int64), there.copy()
    odd, outside = there < expected, evidence.session < 0
    loose = bars.stamps[outside | odd[block[np.maximum(evidence.session, 0)]]]
    for by in _SHIFTS if outside.any() and odd.any() else ():
        session = sessions.locate(loose - by, bars.timeframe)
        found = np.bincount(block[session[session >= 0]], minlength=len(expected))
        fits = np.minimum(max(abs(by) / bars.timeframe.ns, 1), expected) * _NEARLY_ALL
        better = odd & (found > best) & (found - there >= fits) & (found >= _MOSTLY_THERE * expected)
        shift[better], best[better] = by, found[better]
    return shift, best, best > 0


def _by_ends(evidence: Evidence, sessions: Sessions, begins: Bools) -> tuple[Int64s, Int64s, Bools]:
    """Return the shift of each week, its bars, and where both its ends lie within a bar of the shifted open and close.

    A week whose ends lie within a bar of its open and close is not shifted.
    """
    bars, first_session = evidence.bars, np.flatnonzero(begins)
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


def time_zone_shift(evidence: Evidence, limit: float) -> Found | None:
    """Find that more than a share of the days is shifted against the sessions, and not by the season."""
    found = evidence.shifts
    if found is None or len(found.shift) < _FEWEST or _season(found) is not None:
        return None
    moved = found.shift != 0
    return _said(found, moved, "in another time zone, it seems") if moved.mean() > limit else None


def daylight_saving(evidence: Evidence, limit: float) -> Found | None:
    """Find that the days of one season, or of the weeks in which two zones change their clocks, are shifted."""
    found = evidence.shifts
    season = None if found is None else _season(found)
    if found is None or season is None or season.mean() <= limit:
        return None
    return _said(found, season, "as summer time begins and ends: the clock of the file changes at other dates")


def shifted_stretch(evidence: Evidence, limit: float) -> Found | None:
    """Find shifted days in a row, where most others are not shifted."""
    found = evidence.shifts
    if found is None or _season(found) is not None:
        return None
    moved = found.shift != 0
    again = np.concatenate(([False], moved[1:] & (found.shift[1:] == found.shift[:-1]), [False]))
    moved &= again[1:] | again[:-1]
    if not moved.any() or (found.shift != 0).mean() > 0.5:
        return None
    return _said(found, moved, "for a while") if moved.mean() > limit else None


def _season(found: Shifts) -> Bools | None:
    """Return which days are shifted, if those and no others are of one season, or of weeks that clocks disagree in."""
    moved: Bools = np.not_equal(found.shift, 0)
    if (
        moved.all()
        or int(moved.sum()) < _FEWEST_BY_SEASON
        or (np.abs(np.abs(found.shift[moved]) - _HOUR) > _HALF_HOUR).any()
    ):
        return None
    own, *others = (_summer(found.opens, zone) for zone in (found.zone, *_OTHER_ZONES))
    apart = [own ^ other for other in others] + [others[0] ^ others[1]]
    if any((moved & weeks).sum() >= _AGREED * moved.sum() for weeks in apart):
        return moved
    for summer in (own, *others):
        agreed = max((moved == summer).mean(), (moved != summer).mean())
        if agreed >= _AGREED and min(summer.sum(), (~summer).sum()) >= _FEWEST_BY_SEASON:
            return moved
    return None


def _summer(moments: Int64s, zone: str) -> Bools:
    """Return where the clock of a zone is ahead of its winter time."""
    ahead = wall_time(moments, zone) - moments
    years = np.unique(moments.astype("datetime64[ns]").astype("datetime64[Y]"))
    winters = (years[0] - 1).astype("datetime64[ns]").astype(np.int64) + np.array([0, 182]) * NS_PER_DAY
    usual = int((wall_time(winters, zone) - winters).min())
    summer: Bools = ahead > usual
    return summer


def _said(found: Shifts, moved: Bools, why: str) -> Found:
    rows, of = int(found.rows[moved].sum()), int(found.rows.sum())
    values, counts = np.unique(found.shift[moved], return_counts=True)
    shift = int(values[counts.argmax()])
    text = f"{abs(shift) / _HOUR:g} hour{'' if abs(shift) == _HOUR else 's'} {'late' if shift > 0 else 'early'}"
    places = found.opens[moved]
    sentence = f"{rows} of {of} bars lie {text} against their sessions from {iso(places[0])[:10]} on, {why}"
    return Found(rows, of, places, sentence, f"the session that opens at {iso(places[0])}: its bars are {text}")
