"""How far apart bars lie: never closer than their timeframe, and seldom much wider."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, NS_PER_MINUTE, Timeframe

_WEEK = 7 * NS_PER_DAY
_MONDAY = 4 * NS_PER_DAY
_MUCH_WIDER = 2


def too_close(stamps: Int64s, timeframe: Timeframe, sessions: Sessions) -> Bools:
    """Return which bars begin before the one before them is over; a short first bar of a session is over earlier.

    Such a bar is the first that overlaps a session, or its part after a break, and the next one lies at a multiple of
    the timeframe on the exchange's clock or on UTC's. A break cuts a bar, too. Weeks are compared by their numbers.

    Parameters
    ----------
    stamps : ndarray of int64, shape (n,)
        As `Bars`, with dates for bars of a day or more.
    timeframe : Timeframe
    sessions : Sessions

    Returns
    -------
    ndarray of bool, shape (n,)
        False for the first bar.
    """
    close = np.zeros(len(stamps), dtype=np.bool_)
    if timeframe.intraday:
        close[1:] = np.diff(stamps) < timeframe.ns
        if close.any() and not sessions.never_closes and len(sessions.dates):
            close[close] = ~_cut_short(stamps, np.flatnonzero(close), timeframe, sessions)
    elif timeframe.ns % _WEEK == 0:
        close[1:] = np.diff((stamps - _MONDAY) // _WEEK) < timeframe.ns // _WEEK
    else:
        close[1:] = np.diff(stamps // NS_PER_DAY) < timeframe.ns // NS_PER_DAY
    return close


def _cut_short(stamps: Int64s, rows: Int64s, timeframe: Timeframe, sessions: Sessions) -> Bools:
    """Return whether the bars before these rows end early: the first of a session, or the last before its break."""
    resumes = np.empty(0, dtype=np.int64) if sessions.breaks is None else sessions.breaks[:, 1]
    begins = np.sort(np.concatenate((sessions.opens, resumes)))
    parts = np.searchsorted(begins, stamps + timeframe.ns, side="left")
    before, now = stamps[rows - 1], stamps[rows]
    near = begins[np.maximum(parts[rows - 1], 1) - 1] > before - timeframe.ns
    first = near & (parts[rows - 1] != np.where(rows > 1, parts[rows - 2], 0))
    on_grid = (wall_time(now, sessions.time_zone) % timeframe.ns == 0) | (now % timeframe.ns == 0)
    short: Bools = (first & on_grid) | np.isin(now, resumes)
    return short


def require_spacing(bars: Bars, sessions: Sessions) -> None:
    """Refuse bars that lie closer together than their timeframe.

    Raises
    ------
    InvalidBars
        The message names the first two of them, how far apart they lie, and the timeframe that would fit.
    """
    stamps, length = bars.stamps, bars.timeframe.ns
    if bars.timeframe.intraday and (stamps[1:] - stamps[:-1] >= length).all():
        return
    close = too_close(bars.stamps, bars.timeframe, sessions)
    if not close.any():
        return
    row = int(close.argmax())
    found, usual = int(bars.stamps[row] - bars.stamps[row - 1]), int(np.median(np.diff(bars.stamps)))
    fits = f": {named(usual)} would fit" if usual < bars.timeframe.ns else ""
    raise InvalidBars(
        f"{bars.source}: {bars.place_of(row)} lies {_minutes(found)} after {bars.place_of(row - 1)}, closer together "
        f"than bars of {bars.timeframe} can be; most bars lie {_minutes(usual)} apart{fits}"
    )


def much_wider(bars: Bars) -> str | None:
    """Return a sentence where most bars lie at least twice their timeframe apart within sessions, else None."""
    if len(bars) < 3 or bars.sessions is None or not len(bars.sessions.dates):
        return None
    gaps, length = np.diff(bars.stamps), bars.timeframe.ns
    if bars.timeframe.intraday:
        session = bars.sessions.locate(bars.stamps, bars.timeframe)
        gaps = gaps[np.diff(session) == 0]
    elif length == NS_PER_DAY:
        gaps = np.diff(np.searchsorted(bars.sessions.dates, bars.stamps)) * NS_PER_DAY
    usual = int(np.median(gaps)) if len(gaps) else 0
    if usual < _MUCH_WIDER * length:
        return None
    if length == NS_PER_DAY:
        usual = int(np.median(np.diff(bars.stamps)))
    return f"most {bars.timeframe} bars lie {_minutes(usual)} apart: they look like {named(usual)} bars"


def named(length: int) -> str:
    """Return a length of time as a timeframe is written, ``90m``."""
    minutes = max(length // NS_PER_MINUTE, 1)
    unit, size = next((unit, size) for unit, size in _UNITS if minutes % size == 0)
    return f"{minutes // size}{unit}"


_UNITS = (("w", 7 * 1440), ("d", 1440), ("h", 60), ("m", 1))


def _minutes(length: int) -> str:
    minutes = length / NS_PER_MINUTE
    if minutes >= 2880:
        return f"{minutes / 1440:g} days"
    if minutes >= 120 and minutes % 60 == 0:
        return f"{minutes / 60:g} hours"
    return f"{minutes:g} minute{'' if minutes == 1 else 's'}"
