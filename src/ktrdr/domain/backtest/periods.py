"""How many bars a year has: by the calendar and the timeframe."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

NS_PER_YEAR = 365.2425 * NS_PER_DAY


def bars_per_year(bars: Bars) -> float:
    """Return how many bars such a series has in a year.

    Intraday bars and days: sessions a year, times bars a session; a bar that its session's close cuts short counts
    whole, and none lies wholly within a break at midday. Bars outside the sessions (extended hours) count in the
    proportion in which the series has them. A year has 52.18 weeks. Without a calendar, and for other multiples of
    days: as many as the series has, by its stamps.

    Parameters
    ----------
    bars : Bars
        The longer, the surer.

    Returns
    -------
    float
        Above 0; NaN for fewer than two bars of which no calendar is known.
    """
    timeframe, sessions = bars.timeframe, bars.sessions
    days = timeframe.ns // NS_PER_DAY
    if days >= 7 and days % 7 == 0:
        return float(NS_PER_YEAR / timeframe.ns)
    if sessions is not None and len(sessions.dates) > 1 and days <= 1:
        inside = float((sessions.locate(bars.stamps, timeframe) >= 0).mean()) if len(bars) else 0.0
        if inside:
            return _expected(sessions, timeframe, bars.stamps) / inside
    if len(bars) < 2:
        return float("nan")
    return float((len(bars) - 1) * NS_PER_YEAR / (bars.stamps[-1] - bars.stamps[0]))


def _expected(sessions: Sessions, timeframe: Timeframe, stamps: Int64s) -> float:
    years = (sessions.dates[-1] - sessions.dates[0]) / NS_PER_YEAR
    a_year = (len(sessions.dates) - 1) / years
    if not timeframe.intraday:
        return float(a_year)
    slots = np.ceil((sessions.closes - sessions.opens) / timeframe.ns)
    if sessions.breaks is not None:
        slots = np.where(np.diff(sessions.breaks)[:, 0] > 0, _around_breaks(sessions, timeframe, stamps), slots)
    return float(a_year * slots.mean())


def _around_breaks(sessions: Sessions, timeframe: Timeframe, stamps: Int64s) -> Int64s:
    """Return how many bars each session has before and after its break, on the grids that the series has there."""
    starts, ends = np.asarray(sessions.breaks).T
    located = sessions.locate(stamps, timeframe)
    stamps, at = stamps[located >= 0], located[located >= 0]
    grids = [_grid(stamps[after], timeframe) for after in (stamps < starts[at], stamps >= starts[at])]
    early, late = ((moments - grid) // timeframe.ns for moments, grid in zip((starts - 1, ends), grids, strict=True))
    before = early - (sessions.opens - grids[0]) // timeframe.ns + 1
    after = (sessions.closes - 1 - grids[1]) // timeframe.ns - late + 1
    shared = early * timeframe.ns + grids[0] == late * timeframe.ns + grids[1]
    counts: Int64s = before + after - shared
    return counts


def _grid(stamps: Int64s, timeframe: Timeframe) -> int:
    """Return the commonest remainder of stamps by the length of a bar; 0 where there are none."""
    found, counts = np.unique(stamps % timeframe.ns, return_counts=True)
    return int(found[counts.argmax()]) if len(found) else 0
