"""Clocks: intraday bars that are shifted against their sessions, all of them, in summer, or for a while."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found
from ktrdr.domain.market.quality.shifts import FEWEST, Shifts
from ktrdr.domain.market.timeframe import NS_PER_DAY, NS_PER_MINUTE

_HALF_HOUR, _HOUR = 30 * NS_PER_MINUTE, 60 * NS_PER_MINUTE
_FEWEST_BY_SEASON = 3
_AGREED = 0.95
_OTHER_ZONES = ("America/New_York", "Europe/London")


def time_zone_shift(evidence: Evidence, limit: float) -> Found | None:
    """Find that more than a share of the days is shifted against the sessions, and not by the season."""
    found = evidence.shifts
    if found is None or len(found.shift) < FEWEST or _season(found) is not None:
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
