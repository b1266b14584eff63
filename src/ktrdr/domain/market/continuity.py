"""Where a series of bars has a hole: which bar follows its predecessor with no expected bar missing between them."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe


def follows(bars: Bars, break_at_session: bool = False) -> Bools:
    """Return for each bar whether no bar is missing between the one before and it.

    An intraday bar is missing where a session trades after the end of the bar before and before this one opens; a bar
    of a day or more, where a session date lies between. Overnight, at weekends and on holidays nothing trades, and
    nothing is missing. Bars outside the sessions are never expected.

    Parameters
    ----------
    bars : Bars
        Without a calendar an intraday bar is missing where a step within one UTC day is longer than a bar, and of
        longer bars none is: nothing is known of the days.
    break_at_session : bool
        Whether the end of a session counts as a hole, too. Bars of a day or more have one session each, or several.

    Returns
    -------
    ndarray of bool, shape (n_bars,)
        False for the first bar.

    Notes
    -----
    Causality: each entry depends on two stamps and the calendar alone. A lunch break that a calendar's sessions run
    across counts as missing bars.
    """
    stamps = bars.stamps
    result = np.zeros(len(stamps), dtype=np.bool_)
    if len(stamps) > 1:
        before, now = stamps[:-1], stamps[1:]
        result[1:] = ~_missing(before, now, bars.timeframe, bars.sessions)
        if break_at_session:
            result[1:] &= ~_session_ends(before, now, bars.timeframe, bars.sessions)
    return result


def run_lengths(unbroken: Bools) -> Int64s:
    """Return for each row how many rows up to it follow each other; 1 where the row itself does not follow.

    Parameters
    ----------
    unbroken : ndarray of bool, shape (n_rows,)
        Whether each row follows the one before.
    """
    rows = np.arange(len(unbroken), dtype=np.int64)
    starts: Int64s = np.maximum.accumulate(np.where(unbroken, 0, rows))
    return rows - starts + 1


def _missing(before: Int64s, now: Int64s, timeframe: Timeframe, sessions: Sessions | None) -> Bools:
    due = before + timeframe.ns
    if sessions is None or not len(sessions.dates):
        same_day = before // NS_PER_DAY == now // NS_PER_DAY
        return (now > due) & same_day if timeframe.intraday else np.zeros(len(now), dtype=np.bool_)
    if timeframe.intraday:
        session = np.searchsorted(sessions.closes, due, side="right")
        begins = sessions.opens
    else:
        session = np.searchsorted(sessions.dates, due, side="left")
        begins = sessions.dates
    inside = np.minimum(session, len(begins) - 1)
    missing: Bools = (now > due) & (session < len(begins)) & (begins[inside] < now)
    return missing


def _session_ends(before: Int64s, now: Int64s, timeframe: Timeframe, sessions: Sessions | None) -> Bools:
    if not timeframe.intraday:
        return np.ones(len(now), dtype=np.bool_)
    if sessions is None or not len(sessions.dates):
        first, second = before // NS_PER_DAY, now // NS_PER_DAY
    else:
        first, second = (np.searchsorted(sessions.closes, stamps, side="right") for stamps in (before, now))
    ended: Bools = np.not_equal(first, second)
    return ended
