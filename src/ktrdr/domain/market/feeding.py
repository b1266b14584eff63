"""What bars that are fed to a predictor must be, one by one, as history, or out of a saved state."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.day_clock import DayClock
from ktrdr.domain.market.sessions import Sessions, known_at, over_at
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

LATE = 366 * NS_PER_DAY
"""How long after its end a bar may become known."""


def earliest_known(stamps: Int64s, timeframe: Timeframe, sessions: Sessions | None) -> Int64s:
    """Return the moments before which bars can not be known: those at which they are over.

    An intraday bar is over when it is full, or at its session's close if that comes first: whoever makes bars of finer
    ones ends them there. Without any calendar it must be full. Of a bar of a day or more without one, and of those
    before the calendar begins, the close is not known: they must have begun, and a session can begin on the day before.

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        See `known_at`.
    timeframe : Timeframe
    sessions : Sessions or None

    Returns
    -------
    ndarray of int64, shape (n,)
    """
    if sessions is None or not len(sessions.dates):
        return stamps + timeframe.ns if timeframe.intraday else stamps - NS_PER_DAY
    first = int(np.searchsorted(stamps, sessions.dates[0]))
    begun = stamps[:first] - (0 if timeframe.intraday else NS_PER_DAY)
    over = over_at if timeframe.intraday else known_at
    return np.concatenate((begun, np.maximum.accumulate(over(stamps[first:], timeframe, sessions))))


def calendar_of(bars: Bars, sessions: Sessions | None) -> Sessions | None:
    """Return the sessions of a fed series: those given, from its own time of day on where a market never closes."""
    if sessions is None or bars.timeframe.intraday or not sessions.never_closes or not len(bars):
        return sessions
    return DayClock.of(bars.stamps).days(sessions)


def require_dates(bars: Bars, sessions: Sessions | None) -> None:
    """Refuse bars of a day or more that are not stamped as a series with a calendar is: with dates of sessions.

    Where a market never closes they are stamped with moments, at one time of day.

    Raises
    ------
    InvalidBars
    """
    if sessions is None or bars.timeframe.intraday or not len(bars):
        return
    clock = DayClock.of(bars.stamps) if sessions.never_closes else DayClock("UTC", 0)
    odd = np.flatnonzero(~clock.shown_at(bars.stamps))
    if len(odd):
        carried = f"begins at {clock}" if sessions.never_closes else "carries the date of its session, 00:00 UTC"
        raise InvalidBars(
            f"{bars.source}: {bars.symbol} {bars.timeframe}: row {odd[0]} is stamped {iso(bars.stamps[odd[0]])}; a bar "
            f"of a day or more {carried}"
        )


def require_moments(bars: Bars, sessions: Sessions | None) -> None:
    """Refuse bars that are said to be known before they are over, before the one before, or more than a year late.

    Raises
    ------
    InvalidBars
    """
    known, disorder = bars.known_at, np.zeros(len(bars), dtype=np.bool_)
    disorder[1:] = known[1:] < known[:-1]
    early = known < earliest_known(bars.stamps, bars.timeframe, sessions)
    wrong = disorder | early | (known > bars.stamps + bars.timeframe.ns + LATE)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise InvalidBars(
            f"{bars.source}: {bars.symbol} {bars.timeframe}: row {row} at {iso(bars.stamps[row])} can not be known at "
            f"{iso(known[row])}: before it is over, before the row before it, or more than a year after it was over"
        )
