"""What bars that are fed to a predictor must be, one by one, as history, or out of a saved state."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.sessions import Sessions, known_at
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

LATE = 366 * NS_PER_DAY
"""How long after its end a bar may become known."""


def earliest_known(stamps: Int64s, timeframe: Timeframe, sessions: Sessions | None) -> Int64s:
    """Return the moments before which bars can not be known: those at which they are over.

    Without any calendar an intraday bar must be full. Of a bar of a day or more without one, and of those before the
    calendar begins, the close is not known: they must have begun, and a session can begin on the day before.

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
    return np.concatenate((begun, known_at(stamps[first:], timeframe, sessions)))


def require_dates(bars: Bars, sessions: Sessions | None) -> None:
    """Refuse bars of a day or more that are not stamped as a series with a calendar is: with dates of sessions.

    Raises
    ------
    InvalidBars
    """
    odd = np.flatnonzero(bars.stamps % NS_PER_DAY)
    if sessions is not None and not bars.timeframe.intraday and len(odd):
        raise InvalidBars(
            f"{bars.source}: {bars.symbol} {bars.timeframe}: row {odd[0]} is stamped {iso(bars.stamps[odd[0]])}; a bar "
            "of a day or more carries the date of its session, 00:00 UTC"
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
