"""Trading sessions as arrays, so that nothing downstream needs a calendar library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

_MOMENT = Timeframe("1m")


@dataclass(frozen=True, slots=True, eq=False)
class Sessions:
    """Consecutive sessions of one calendar.

    Attributes
    ----------
    dates : ndarray of int64, shape (n_sessions,)
        Session date at 00:00 UTC, nanoseconds since the epoch, strictly ascending. A label, not a moment.
    opens, closes : ndarray of int64, shape (n_sessions,)
        Moments (UTC, nanoseconds) between which the session trades; it ends when the next opens, or before.
    time_zone : str
        IANA name of the exchange's clock.
    continuous : bool
        Trades round the clock, so that a vendor's day may end later than the session does: its daily bars count as
        known only when their UTC day is over.
    breaks : ndarray of int64, shape (n_sessions, 2), or None
        Moments between which a session pauses, at midday; both its close where it does not. None: none of them does.
    """

    dates: Int64s
    opens: Int64s
    closes: Int64s
    time_zone: str = "UTC"
    continuous: bool = False
    breaks: Int64s | None = None

    def cut(self, rows: slice | NDArray[np.bool_]) -> Sessions:
        """Return some of these sessions."""
        breaks = None if self.breaks is None else self.breaks[rows]
        return replace(self, dates=self.dates[rows], opens=self.opens[rows], closes=self.closes[rows], breaks=breaks)

    def continued_by(self, more: Sessions) -> Sessions:
        """Return these sessions, and after them those of another calendar that begin later."""
        later = more.dates > self.dates[-1] if len(self.dates) else np.ones(len(more.dates), dtype=np.bool_)
        after = more.cut(later)
        pairs = ((self.dates, after.dates), (self.opens, after.opens), (self.closes, after.closes))
        dates, opens, closes = (np.concatenate(pair) for pair in pairs)
        pauses = not (self.breaks is None and after.breaks is None)
        breaks = np.concatenate((self._pauses(), after._pauses())) if pauses else None
        return Sessions(dates, opens, closes, self.time_zone, self.continuous, breaks)

    def _pauses(self) -> Int64s:
        return np.stack((self.closes, self.closes), axis=1) if self.breaks is None else self.breaks

    def locate(self, stamps: Int64s, timeframe: Timeframe) -> Int64s:
        """Return the session each bar belongs to, -1 where the bar lies outside all of them.

        Parameters
        ----------
        stamps : ndarray of int64
            Bar opens; for bars of a day or longer, session dates.
        timeframe : Timeframe
            Length of the bars; an intraday bar belongs to the first session that it overlaps.
        """
        if not len(self.dates):
            return np.full(len(stamps), -1, dtype=np.int64)
        if not timeframe.intraday:
            index = np.searchsorted(self.dates, stamps, side="left")
            inside = np.minimum(index, len(self.dates) - 1)
            return np.where(self.dates[inside] == stamps, inside, -1)
        index = np.searchsorted(self.closes, stamps, side="right")
        inside = np.minimum(index, len(self.dates) - 1)
        overlaps = (index < len(self.dates)) & (self.opens[inside] < stamps + timeframe.ns)
        return np.where(overlaps, inside, -1)


Calendar = Callable[[str, int, int], Sessions]
"""Name of a calendar, first and last moment (UTC nanoseconds) to its sessions over that span and more."""


def session_dates(stamps: Int64s, sessions: Sessions) -> Int64s:
    """Return the date of the session that each moment lies in; of one outside all of them, the exchange's local date.

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        UTC nanoseconds.
    sessions : Sessions

    Returns
    -------
    ndarray of int64, shape (n,)
        Midnights, as `Sessions.dates`.
    """
    dates = wall_time(stamps, sessions.time_zone) // NS_PER_DAY * NS_PER_DAY
    session = sessions.locate(stamps, _MOMENT)
    inside = session >= 0
    dates[inside] = sessions.dates[session[inside]]
    return dates


def known_at(stamps: Int64s, timeframe: Timeframe, sessions: Sessions | None) -> Int64s:
    """Return the moment from which each bar is known: its close.

    An intraday bar is known when it is full, or at its session's close if that comes first. A bar of a day or more is
    known at the close of the last session that its span touches; where the calendar has no such session, when its
    nominal span is over (00:00 UTC after the last day).

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        Bar opens in UTC nanoseconds, ascending; session dates for bars of a day or more.
    timeframe : Timeframe
    sessions : Sessions or None

    Returns
    -------
    ndarray of int64, shape (n,)
        Non-decreasing.
    """
    nominal = stamps + timeframe.ns
    if sessions is None or not len(sessions.dates):
        return nominal
    if timeframe.intraday:
        session = sessions.locate(stamps, timeframe)
        closes = sessions.closes[np.maximum(session, 0)]
        known = np.where((session >= 0) & (closes < nominal), closes, nominal)
    elif sessions.continuous:
        known = nominal
    else:
        last = np.maximum(np.searchsorted(sessions.dates, nominal, side="left") - 1, 0)
        in_span = (sessions.dates[last] >= stamps) & (sessions.dates[last] < nominal)
        covered = sessions.dates[-1] >= nominal - NS_PER_DAY
        known = np.where(in_span & covered, sessions.closes[last], nominal)
    return np.maximum.accumulate(known)
