"""Bars that are missing: sessions, weekdays, and bars inside sessions."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.expected import expected_bars
from ktrdr.domain.market.quality.finding import Found, counted, named
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

_DAYS = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
_ENOUGH_BARS, _ENOUGH_WEEKS = 50, 8
_OVER_THE_COUNTER = ("forex", "metal")
_QUIET_DAYS = ((12, 25), (1, 1))


def incomplete(evidence: Evidence, limit: float) -> Found | None:
    """Find a series that lacks more than a share of the bars that its calendar expects between its first and last."""
    sessions, traded = evidence.sessions, evidence.traded
    if sessions is None or not len(traded):
        return None
    expected, present = expected_and_present(sessions, traded, evidence.bars.timeframe)
    lacking = np.maximum(expected - present, 0)
    lacking[[0, -1]] = 0  # a series may begin and end within a session
    lacking[_quiet(evidence, sessions.dates[traded[0] : traded[-1] + 1])] = 0
    total, missing = int(np.maximum(expected, present).sum()), int(lacking.sum())
    if total < _ENOUGH_BARS or missing <= limit * total:
        return None
    dates = sessions.dates[traded[0] + np.flatnonzero(lacking)]
    are = "is" if missing == 1 else "are"
    sentence = f"{missing} of {total} bars that the calendar expects {are} missing ({missing / total:.1%})"
    return Found(
        missing, total, dates, sentence, f"{iso(dates[0])[:10]} lacks {counted(int(lacking[lacking > 0][0]), 'bar')}"
    )


def missing_sessions(evidence: Evidence, limit: float) -> Found | None:
    """Find sessions without any bar, between the first and the last bar."""
    sessions, traded = evidence.sessions, evidence.traded
    if sessions is None or not len(traded):
        return None
    dates = sessions.dates[traded[0] + np.flatnonzero(np.bincount(traded - traded[0]) == 0)]
    dates = dates[~_quiet(evidence, dates)]
    total = int(traded[-1] - traded[0]) + 1
    if len(dates) <= limit * total:
        return None
    sentence = (
        f"{counted(len(dates), 'session')} {'has' if len(dates) == 1 else 'have'} no bars: {named(dates, days=True)}"
    )
    return Found(len(dates), total, dates, sentence, iso(dates[0])[:10])


def missing_bars(evidence: Evidence, limit: float) -> Found | None:
    """Find holes between two bars of one session."""
    bars, session = evidence.bars, evidence.session
    if evidence.sessions is None or not bars.timeframe.intraday:
        return None
    steps = np.diff(bars.stamps) - _pause(evidence)
    whole = steps // bars.timeframe.ns
    holes = (np.diff(session) == 0) & (session[1:] >= 0) & (whole > 1)
    missing = int((whole[holes] - 1).sum())
    if missing <= limit * len(bars):
        return None
    places = bars.stamps[1:][holes]
    count = int(holes.sum())
    example = f"{int(whole[holes][0]) - 1} before {iso(places[0])}"
    are = "is" if missing == 1 else "are"
    said = f"{counted(missing, 'bar')} {are} missing in {counted(count, 'gap')} inside sessions"
    return Found(missing, len(bars) + missing, places, said, example)


def missing_weekdays(evidence: Evidence, limit: float) -> Found | None:
    """Find weekdays of which at most a share of the sessions has bars, over eight weeks or more."""
    sessions, traded = evidence.sessions, evidence.traded
    if sessions is None or not len(traded):
        return None
    counts = np.bincount(traded - traded[0])
    dates = sessions.dates[traded[0] : traded[-1] + 1]
    weekday = (dates // NS_PER_DAY + 3) % 7
    expected = np.bincount(weekday, minlength=7)
    present = np.bincount(weekday, weights=counts > 0, minlength=7)
    coverage = present / np.maximum(expected, 1)
    lacking = (expected >= _ENOUGH_WEEKS) & (coverage <= limit * coverage.max())
    if not lacking.any():
        return None
    places = dates[lacking[weekday] & (counts == 0)]
    days = " and ".join(_DAYS[day] for day in np.flatnonzero(lacking))
    return Found(len(places), len(dates), places, f"there are no bars of {days}", iso(places[0])[:10])


def expected_and_present(sessions: Sessions, traded: Int64s, timeframe: Timeframe) -> tuple[Int64s, Int64s]:
    """Return the bars that each session from the first to the last traded one should have, and has."""
    some = slice(int(traded[0]), int(traded[-1]) + 1)
    return expected_bars(sessions, some, timeframe), np.bincount(traded - traded[0])


def _quiet(evidence: Evidence, dates: Int64s) -> Bools:
    """Return on which dates a market without holidays of its own does not trade all the same."""
    days = np.zeros(len(dates), dtype=np.bool_)
    if evidence.facts is not None and evidence.facts.asset_class in _OVER_THE_COUNTER:
        months = dates.astype("datetime64[ns]").astype("datetime64[M]")
        day = (dates.astype("datetime64[ns]").astype("datetime64[D]") - months.astype("datetime64[D]")).astype(int) + 1
        month = months.astype(np.int64) % 12 + 1
        for quiet_month, quiet_day in _QUIET_DAYS:
            days |= (month == quiet_month) & (day == quiet_day)
    return days


def _pause(evidence: Evidence) -> Int64s:
    """Return for each step from a bar to the next how much of it is a pause of their session."""
    sessions, stamps = evidence.sessions, evidence.bars.stamps
    if sessions is None or sessions.breaks is None:
        return np.zeros(len(stamps) - 1, dtype=np.int64)
    stops, resumes = sessions.breaks[np.maximum(evidence.session[1:], 0)].T
    before, now = stamps[:-1] + evidence.bars.timeframe.ns, stamps[1:]
    pauses: Int64s = np.maximum(np.minimum(now, resumes) - np.maximum(before, stops), 0)
    return pauses
