"""Trading sessions as arrays, so that nothing downstream needs a calendar library."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

MOMENT = Timeframe("1m")
"""What a moment is taken for where bars are looked up in sessions."""
_AFTER_HOURS_BARS = 5
"""So many bars outside the sessions say that a series goes on after the close."""


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

    @property
    def never_closes(self) -> bool:
        """Whether every day of UTC is one session, and ends when the next one begins."""
        return self.continuous and self.time_zone == "UTC"

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
        if len(stamps) > len(self.dates) and (stamps[1:] >= stamps[:-1]).all():
            return self._locate_ascending(stamps, timeframe)
        index = np.searchsorted(self.closes, stamps, side="right")
        inside = np.minimum(index, len(self.dates) - 1)
        overlaps = (index < len(self.dates)) & (self.opens[inside] < stamps + timeframe.ns)
        return np.where(overlaps, inside, -1)

    def _locate_ascending(self, stamps: Int64s, timeframe: Timeframe) -> Int64s:
        """Return what `locate` does, by where the sessions begin and end among the stamps."""
        ends = np.searchsorted(stamps, self.closes, side="left")
        before = np.concatenate(([0], ends[:-1]))
        begins = np.clip(np.searchsorted(stamps, self.opens - timeframe.ns, side="right"), before, ends)
        gaps = np.full(len(ends), -1)
        owners = np.stack((gaps, np.arange(len(ends))), axis=1).ravel()
        lengths = np.stack((begins - before, ends - begins), axis=1).ravel()
        return np.repeat(np.append(owners, -1), np.append(lengths, len(stamps) - ends[-1]))


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
    session = sessions.locate(stamps, MOMENT)
    inside = session >= 0
    dates[inside] = sessions.dates[session[inside]]
    return dates


def known_at(stamps: Int64s, timeframe: Timeframe, sessions: Sessions | None, outside: int | None = None) -> Int64s:
    """Return the moment from which each bar is known: its close.

    An intraday bar is known when it is full. It is known at its session's close, if that comes first, only where its
    session counts its bars from its open, or from the end of its break, and the series has next to none outside the
    sessions: other bars run on past a close. A bar of a day or more is known at the close of the last session that its
    span touches; where the calendar has no such session, or hardly closes, when its nominal span is over (for dates
    00:00 UTC after the last day).

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        Bar opens in UTC nanoseconds, ascending; session dates for bars of a day or more.
    timeframe : Timeframe
    sessions : Sessions or None
    outside : int, optional
        How many bars of their series lie outside the sessions, where these are not all of it.

    Returns
    -------
    ndarray of int64, shape (n,)
        Non-decreasing.
    """
    nominal = stamps + timeframe.ns
    if sessions is None or not len(sessions.dates):
        return nominal
    if timeframe.intraday:
        return _when_full(stamps, nominal, timeframe, sessions, outside)
    if sessions.continuous:
        return nominal
    last = np.maximum(np.searchsorted(sessions.dates, nominal, side="left") - 1, 0)
    in_span = (sessions.dates[last] >= stamps) & (sessions.dates[last] < nominal)
    covered = sessions.dates[-1] >= nominal - NS_PER_DAY
    return np.maximum.accumulate(np.where(in_span & covered, sessions.closes[last], nominal))


def over_at(stamps: Int64s, timeframe: Timeframe, sessions: Sessions) -> Int64s:
    """Return the moment at which each intraday bar is over at the earliest: full, or at its session's close."""
    closes = sessions.closes[np.maximum(sessions.locate(stamps, timeframe), 0)]
    nominal = stamps + timeframe.ns
    return np.where((stamps < closes) & (closes < nominal), closes, nominal)


def _when_full(
    stamps: Int64s, nominal: Int64s, timeframe: Timeframe, sessions: Sessions, outside: int | None
) -> Int64s:
    first = np.searchsorted(stamps, sessions.closes - timeframe.ns, side="right")
    if sessions.never_closes or (first == np.searchsorted(stamps, sessions.closes, side="left")).all():
        return nominal  # none runs past a close
    session = sessions.locate(stamps, timeframe)
    if (np.count_nonzero(session < 0) if outside is None else outside) >= _AFTER_HOURS_BARS:
        return nominal
    over = over_at(stamps, timeframe, sessions)
    cut = (over < nominal) & _counted_from_open(stamps, timeframe, sessions, session)
    return np.maximum.accumulate(np.where(cut, over, nominal))


def _counted_from_open(stamps: Int64s, timeframe: Timeframe, sessions: Sessions, session: Int64s) -> Bools:
    """Return which bars lie a whole number of lengths after their session's open, or after the end of its break."""
    counted: Bools = (stamps - sessions.opens[session]) % timeframe.ns == 0
    if sessions.breaks is not None:
        after = stamps - sessions.breaks[session, 1]
        counted |= (after >= 0) & (after % timeframe.ns == 0)
    return counted
