"""Which stamps of a series of days are dates and which are moments, and which of its rows are not over."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.day_clock import DayClock
from ktrdr.domain.market.reading import Reading
from ktrdr.domain.market.sessions import Sessions, known_at, session_dates
from ktrdr.domain.market.spacing import require_spacing, too_close
from ktrdr.domain.market.timeframe import NS_PER_DAY, NS_PER_MINUTE
from ktrdr.domain.market.zone_shift import require_zone

_FEW = 0.01
_ADVICE = "leave it out with --drop-unfinished, or take it out of the file"


def settled(bars: Bars, sessions: Sessions, drop_unfinished: bool = False) -> Bars:
    """Return bars as they are kept: of a day or more, with dates (00:00 UTC) for midnights, and moments for the rest.

    A midnight of the source's own clock is a date there, whatever the venue; another stamp is one if it is a midnight
    of the venue's clock. Where a market never closes, moments stay moments, and all days begin at one time of day.
    Elsewhere a moment stays what it is if it is no session's open, or if the market hardly closes and its date begins
    earlier, so that it is known no earlier.
    Settled bars stay as they are.

    Parameters
    ----------
    bars : Bars
        Without sessions; those that carry some already are left as they are.
    sessions : Sessions
        Of the venue, over the span of the bars.
    drop_unfinished : bool
        Leave out the rows that are not over, and say so in the remarks of the `reading`.

    Raises
    ------
    InvalidBars
        If a row is not over: a clock time among dates, another time of day than that of most days, or a last intraday
        bar that does not lie where the others do; or if two rows get one date. The message names them.
    """
    if bars.sessions is not None or not len(bars):
        return bars
    if bars.timeframe.intraday:
        plain = bars if bars.written is None else replace(bars, written=None)
        return _without(plain, *_last_not_over(bars, sessions), drop_unfinished)
    days = _Days.of(bars, sessions)
    kept, stamps = _without(bars, days.odd, days.why, drop_unfinished), days.kept[~days.odd]
    _require_one_a_session(kept, stamps)
    return replace(kept, stamps=stamps, known_at=np.empty(0, dtype=np.int64), written=None)


def in_sessions(bars: Bars, sessions: Sessions) -> Bars:
    """Return bars with the sessions of their calendar, see `Bars.in_sessions`."""
    if bars.sessions is not None or not len(bars):
        return bars
    kept = settled(bars, sessions)
    if kept.timeframe.intraday:
        require_zone(kept, sessions)
        require_spacing(kept, sessions)
    elif sessions.never_closes:
        sessions = DayClock.of(kept.stamps).days(sessions)
        require_spacing(kept, sessions)
    else:
        return _dated(kept, sessions)
    return kept.with_sessions(sessions)


def dates_of(stamps: Int64s, sessions: Sessions) -> Int64s:
    """Return the stamps that a series of days has once it is in sessions, of some of its stamps as its source has them.

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        UTC nanoseconds; of 00:00 are dates.
    sessions : Sessions

    Returns
    -------
    ndarray of int64, shape (n,)
        Where the market never closes, the stamps themselves.
    """
    if sessions.never_closes:
        return stamps
    wall = wall_time(stamps, sessions.time_zone)
    dates = np.where(wall % NS_PER_DAY == 0, wall, session_dates(stamps, sessions))
    return np.where(stamps % NS_PER_DAY == 0, stamps, dates)


def _dated(bars: Bars, sessions: Sessions) -> Bars:
    """Return settled bars with the dates of their sessions.

    What begins at another moment than a session's open is known once it is full and the sessions that it touches are.
    """
    days = _Days.of(bars, sessions)
    _require_one_a_session(bars, days.dates)
    known = known_at(days.dates, bars.timeframe, sessions)
    ends = bars.stamps + bars.timeframe.ns
    if sessions.continuous:
        known = np.maximum(known, ends)
    elif days.moments.any():
        _require_open_days(bars, days, sessions)
        full = days.moments & ~np.isin(bars.stamps, sessions.opens)
        known = np.where(full, np.maximum(known, _touched_until(ends, sessions)), known)
    dated = replace(bars, stamps=days.dates, sessions=sessions, known_at=np.maximum.accumulate(known))
    require_spacing(dated, sessions)
    return dated


@dataclass(frozen=True, slots=True)
class _Days:
    """Stamps of a series of days, row by row: dates, what is kept, and which rows are of another kind than most."""

    dates: Int64s
    kept: Int64s
    moments: Bools
    odd: Bools
    why: str = ""

    @classmethod
    def of(cls, bars: Bars, sessions: Sessions) -> _Days:
        stamps = bars.stamps
        if sessions.never_closes:
            clock = DayClock.of(stamps)
            return cls(stamps, stamps, np.ones(len(stamps), dtype=np.bool_), ~clock.shown_at(stamps), _among(clock))
        written = stamps if bars.written is None else bars.written
        wall, local = wall_time(stamps, sessions.time_zone), session_dates(stamps, sessions)
        own, utc = written % NS_PER_DAY == 0, stamps % NS_PER_DAY == 0
        utc_dates = utc & ((local == stamps) | (utc.all() and len(np.unique(written % NS_PER_DAY)) > 1))
        clock_times = ~(own | utc_dates | (wall % NS_PER_DAY == 0))
        _require_told(bars, utc & clock_times)
        opens = np.isin(stamps, sessions.opens)
        if np.count_nonzero(clock_times & opens) > np.count_nonzero(~clock_times & ~opens):
            clock_times |= opens  # an open at 00:00 UTC, among opens at other times
        moments, odd, why = _kinds(stamps, clock_times, sessions)
        dates = np.select([moments, own, utc_dates], [local, written, stamps], wall)
        lost = (dates < stamps) if sessions.continuous else moments & ~opens
        stays = (moments | sessions.continuous) & lost.any()
        return cls(dates, np.where(stays, stamps, dates), moments, odd, why)


def _require_open_days(bars: Bars, days: _Days, sessions: Sessions) -> None:
    """Refuse moments whose dates are days on which the market is closed: they are midnights of some other clock."""
    closed = days.moments & ~np.isin(days.dates, sessions.dates)
    if bars.timeframe.ns != NS_PER_DAY or np.count_nonzero(closed) <= max(1, _FEW * len(closed)):
        return
    row, many = int(closed.argmax()), np.count_nonzero(closed)
    raise InvalidBars(
        f"{bars.source}: {bars.place_of(row)} is a moment of {iso(days.dates[row])[:10]}, when the "
        f"market is closed, and so are {many} of {len(closed)} rows; if these are midnights of another clock than the "
        "market's, write them as dates, or with that clock's offset"
    )


def _touched_until(ends: Int64s, sessions: Sessions) -> Int64s:
    """Return the ends of spans, or the closes of the last sessions that begin before them, if these are later."""
    last = np.searchsorted(sessions.opens, ends, side="left") - 1
    closes = np.where(last >= 0, sessions.closes[np.maximum(last, 0)], ends)
    return np.maximum(ends, closes)


def _require_told(bars: Bars, unclear: Bools) -> None:
    """Refuse days that begin at a midnight of UTC which the source's clock shows as another day's time."""
    if unclear.any():
        row = int(unclear.argmax())
        raise InvalidBars(
            f"{bars.source}: row {bars.row_of(row)} at {_shown(bars, row)} of the file's clock is "
            f"{iso(bars.stamps[row])}: it can not be told whether that is a moment or a date; write dates such as "
            "2024-01-31"
        )


def _kinds(stamps: Int64s, moments: Bools, sessions: Sessions) -> tuple[Bools, Bools, str]:
    """Return which rows are moments, which are of another kind than most, and what is odd about these."""
    if 2 * np.count_nonzero(moments) <= len(moments):
        return moments, moments, "a clock time among dates"
    clock = DayClock.of(stamps[moments], sessions.time_zone)
    usual = clock.shown_at(stamps)
    regular = usual | np.isin(stamps, sessions.opens) | np.isin(stamps, sessions.closes)
    agree = 2 * np.count_nonzero(regular) > len(regular)
    return moments | usual, ~regular if agree else np.zeros_like(moments), _among(clock)


def _among(clock: DayClock) -> str:
    return f"most days begin at {clock}" if clock.time else "a clock time among dates"


def _last_not_over(bars: Bars, sessions: Sessions) -> tuple[Bools, str]:
    """Return whether the last intraday bar is that of a clock that was looked at before the bar was over."""
    stamps, odd = bars.stamps, np.zeros(len(bars), dtype=np.bool_)
    if len(stamps) < 3 or (stamps[-1] - stamps[-2] >= bars.timeframe.ns and not stamps[-1] % NS_PER_MINUTE):
        return odd, ""
    close = too_close(stamps, bars.timeframe, sessions)
    off = stamps[-1] % NS_PER_MINUTE and not (stamps[:-1] % NS_PER_MINUTE).any()
    odd[-1] = off or (close[-1] and not close[:-1].any())
    return odd, f"it does not lie a {bars.timeframe} bar after the one before"


def _without(bars: Bars, odd: Bools, why: str, drop: bool) -> Bars:
    """Return the bars without the odd ones, said aloud; refuse them where they are not to be dropped."""
    if not odd.any():
        return bars
    rows = np.flatnonzero(odd)
    named = ", ".join(f"row {bars.row_of(row)} at {_shown(bars, row)}" for row in rows[:3].tolist())
    more = f" and {len(rows) - 3} more rows" if len(rows) > 3 else ""
    if not drop:
        raise InvalidBars(f"{bars.source}: {named}{more}: unfinished, a bar that is not over ({why}); {_ADVICE}")
    reading = bars.reading or Reading()
    said = f"{named}{more} left out: unfinished, a bar that is not over ({why})"
    return replace(bars.take(~odd), reading=replace(reading, remarks=(*reading.remarks, said)))


def _shown(bars: Bars, row: int) -> str:
    """Return a stamp as the source's clock shows it."""
    return iso(bars.stamps[row]) if bars.written is None else iso(bars.written[row]).removesuffix("Z")


def _require_one_a_session(bars: Bars, dates: Int64s) -> None:
    again = np.flatnonzero(np.diff(dates) <= 0)
    if len(again):
        row = int(again[0]) + 1
        raise InvalidBars(
            f"{bars.source}: {bars.place_of(row)} and {bars.place_of(row - 1)} belong to one session, that of "
            f"{iso(dates[row])[:10]}; a series of {bars.timeframe} has one bar of it"
        )
