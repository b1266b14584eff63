"""Coarser bars from finer ones, session by session."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.clocks import moments_of, wall_time
from ktrdr.domain.market.sessions import Sessions, known_at
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

_MONDAY = 4 * NS_PER_DAY
"""1970-01-05: weeks, and spans of several days, are counted from a Monday."""


@dataclass(frozen=True, slots=True)
class _Buckets:
    rows: Int64s
    """The fine bars that take part."""
    first: Int64s
    """Position in `rows` at which each bucket begins."""
    stamps: Int64s
    known_at: Int64s


def resample(bars: Bars, target: Timeframe, *, extended_hours: bool = False, until: int | None = None) -> Bars:
    """Return the bars of a coarser timeframe.

    A bucket never spans two sessions. Intraday buckets lie on the exchange's clock, at multiples of the timeframe since
    local midnight, and are stamped with their start: the first hourly bar of a US session is labelled 09:00 and covers
    09:30 to 10:00. A session that opens the evening before (forex) is counted from its open. ``1d`` is one session,
    stamped with its date; longer bars are stamped with their first day, weeks with their Monday. Without sessions,
    every UTC day is one.

    Causality: a bucket is known at its end, or at its session's close if that comes first, by the calendar and never
    before its last fine bar. The last bucket is given only once the fine bars reach that moment, so that further bars
    never change one that was given. The first bucket holds what there is of it.

    Parameters
    ----------
    bars : Bars
        Bars that do not overlap.
    target : Timeframe
        A multiple of the bars' own; from a day on, any that is longer.
    extended_hours : bool
        Take intraday bars outside the sessions too: a day then lasts to local midnight, and what lies on days without
        a session goes to the next one. Otherwise they are left out.
    until : int, optional
        Moment (UTC nanoseconds) up to which all fine bars are there; by default that of the last one.

    Returns
    -------
    Bars
        With the same sessions; open of the first, highest high, lowest low, close of the last, sum of volume.

    Raises
    ------
    InvalidInput
        If the target is finer than the bars, or no multiple of them.
    """
    _refuse_impossible(bars, target)
    source = f"{bars.source} resampled"
    if not len(bars):
        return replace(bars, timeframe=target, source=source)
    complete = int(bars.known_at[-1]) if until is None else until
    return _aggregate(bars, target, _cut(bars, target, extended_hours), source, complete)


def bucket_end(bars: Bars, target: Timeframe, *, extended_hours: bool = False) -> int | None:
    """Return when the last bucket of `resample` ends, by the calendar; None where no bar takes part in one."""
    cut = _cut(bars, target, extended_hours)
    return int(cut.known_at[-1]) if len(cut.known_at) else None


def _cut(bars: Bars, target: Timeframe, extended_hours: bool) -> _Buckets:
    sessions = bars.sessions if bars.sessions is not None and len(bars.sessions.dates) else _utc_days(bars.stamps)
    windows = _extended(sessions) if extended_hours else sessions
    return _clock_buckets(bars, target, windows, sessions) if target.intraday else _date_buckets(bars, target, windows)


def can_resample(fine: Timeframe, target: Timeframe) -> bool:
    """Return whether bars of a timeframe can be made of finer ones: of a divisor, or a day and more of any intraday."""
    any_multiple = fine.intraday and not target.intraday
    return target.ns >= fine.ns and (any_multiple or target.ns % fine.ns == 0)


def _refuse_impossible(bars: Bars, target: Timeframe) -> None:
    fine = bars.timeframe
    if not can_resample(fine, target):
        raise InvalidInput(
            f"{bars.symbol}: {target} bars cannot be made of {fine} bars ({bars.source}); "
            f"the timeframe must be a multiple of {fine}"
        )


def _clock_buckets(bars: Bars, target: Timeframe, windows: Sessions, sessions: Sessions) -> _Buckets:
    located = windows.locate(bars.stamps, bars.timeframe)
    rows = np.flatnonzero(located >= 0)
    session = located[rows]
    anchor = _anchors(sessions)[session]
    slot = (bars.stamps[rows] - anchor) // target.ns
    first = _run_starts(session, slot)
    start = anchor[first] + slot[first] * target.ns
    previous_close = np.concatenate((windows.opens[:1] - target.ns, windows.closes[:-1]))
    return _Buckets(
        rows,
        first,
        stamps=np.maximum(start, previous_close[session[first]]),
        known_at=np.minimum(start + target.ns, windows.closes[session[first]]),
    )


def _date_buckets(bars: Bars, target: Timeframe, windows: Sessions) -> _Buckets:
    if bars.timeframe.intraday:
        located = windows.locate(bars.stamps, bars.timeframe)
        rows = np.flatnonzero(located >= 0)
        dates = windows.dates[located[rows]]
    else:
        rows, dates = np.arange(len(bars)), bars.stamps
    slot = (dates - _MONDAY) // target.ns
    first = _run_starts(slot)
    stamps = _MONDAY + slot[first] * target.ns
    return _Buckets(rows, first, stamps, known_at(stamps, target, replace(windows, continuous=False)))


def _run_starts(*keys: Int64s) -> Int64s:
    """Return where a run of equal keys begins."""
    changed = np.any([np.diff(key, prepend=key[:1] - 1) != 0 for key in keys], axis=0)
    return np.flatnonzero(changed)


def _aggregate(bars: Bars, target: Timeframe, cut: _Buckets, source: str, complete: int) -> Bars:
    rows, first = cut.rows, cut.first
    if not len(first):
        return replace(bars.take(slice(0, 0)), timeframe=target, source=source)
    last = np.append(first[1:], len(rows)) - 1
    known = np.maximum(cut.known_at, bars.known_at[rows[last]])
    finished = slice(0, len(first) if known[-1] <= complete else len(first) - 1)
    return Bars(
        bars.symbol,
        target,
        stamps=cut.stamps[finished],
        open=bars.open[rows[first]][finished],
        high=np.maximum.reduceat(bars.high[rows], first)[finished],
        low=np.minimum.reduceat(bars.low[rows], first)[finished],
        close=bars.close[rows[last]][finished],
        volume=np.add.reduceat(bars.volume[rows], first)[finished],
        source=source,
        sessions=bars.sessions,
        known_at=known[finished],
    )


def _utc_days(stamps: Int64s) -> Sessions:
    """Return every UTC day of the span and of the weeks around it as a session."""
    days = np.arange(stamps[0] // NS_PER_DAY - 7, stamps[-1] // NS_PER_DAY + 8) * NS_PER_DAY
    return Sessions(days, days, days + NS_PER_DAY, "UTC", continuous=True)


@lru_cache(maxsize=8)
def _anchors(sessions: Sessions) -> Int64s:
    """Return the moment from which each session's buckets are counted."""
    wall = wall_time(sessions.opens, sessions.time_zone)
    time_of_day = wall % NS_PER_DAY
    return np.where(wall - time_of_day < sessions.dates, sessions.opens, sessions.opens - time_of_day)


@lru_cache(maxsize=8)
def _extended(sessions: Sessions) -> Sessions:
    """Return sessions that abut: each lasts to the midnight after its date, or to the next open."""
    ends = moments_of(sessions.dates + NS_PER_DAY, sessions.time_zone)
    next_opens = np.append(sessions.opens[1:], np.iinfo(np.int64).max)
    closes = np.maximum(sessions.closes, np.minimum(ends, next_opens))
    opens = np.concatenate((sessions.opens[:1] - NS_PER_DAY, closes[:-1]))
    return replace(sessions, opens=opens, closes=closes)
