"""Whether the days on which bars lie contradict the calendar that was guessed for them."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput, KtrdrError
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.characteristics import CATALOGUE_NAME, SymbolCharacteristics
from ktrdr.domain.market.sessions import Calendar, Sessions, session_dates
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.market.venues import VENUES, Venue

_CLOSED_SHARE, _CLOSED_DATES = 0.01, 2
_DAY = Timeframe("1d")


def require_fitting(bars: Bars, facts: SymbolCharacteristics, calendar: Calendar) -> None:
    """Refuse a guessed calendar of which more than one in a hundred dates of the bars, and two, are no session.

    Parameters
    ----------
    bars : Bars
        In the sessions of the guessed calendar; those longer than a day say nothing of days.
    facts : SymbolCharacteristics
        Of a calendar that somebody states, nothing is refused here.
    calendar : Calendar
        By which the others are tried, once there is a contradiction.

    Raises
    ------
    InvalidInput
        The message names the first such date, the calendar that fits best, and what to write into the catalogue.
    """
    sessions = bars.sessions
    if not facts.inferred or sessions is None or sessions.continuous or bars.timeframe > _DAY:
        return
    dates = _dates(bars, sessions)
    closed = _closed(dates, sessions)
    if len(closed) < _CLOSED_DATES or len(closed) <= _CLOSED_SHARE * len(dates):
        return
    better = _best(bars, len(closed), calendar)
    raise InvalidInput(
        f"{bars.source}: {bars.symbol} is taken to trade by the calendar {facts.calendar}, but {len(closed)} of its "
        f"{len(dates)} dates are no sessions of it, such as {iso(closed[0])[:10]}; {_advice(bars.symbol, better)}"
    )


def _dates(bars: Bars, sessions: Sessions) -> Int64s:
    """Return the dates on which there are bars; of intraday ones, by the first and the last of each day of UTC."""
    if not bars.timeframe.intraday:
        return bars.stamps
    days = np.arange(bars.stamps[0] // NS_PER_DAY, bars.stamps[-1] // NS_PER_DAY + 2) * NS_PER_DAY
    borders = np.searchsorted(bars.stamps, days)
    filled = borders[1:] > borders[:-1]
    ends = np.stack((borders[:-1][filled], borders[1:][filled] - 1), axis=1).ravel()
    dates = np.sort(session_dates(bars.stamps[ends], sessions))
    return dates[np.diff(dates, prepend=dates[0] - 1) > 0]


def _closed(dates: Int64s, sessions: Sessions) -> Int64s:
    """Return the dates that are no session, within the years that the calendar knows."""
    if not len(sessions.dates):
        return dates[:0]
    known = (dates >= sessions.dates[0]) & (dates <= sessions.dates[-1])
    closed: Int64s = dates[known & (sessions.locate(dates, _DAY) < 0)]
    return closed


def _best(bars: Bars, closed: int, calendar: Calendar) -> Venue | None:
    """Return the venue that fits the days best; None where none has fewer dates that are no session."""
    first, last = int(bars.stamps[0]), int(bars.stamps[-1])
    misfits: dict[Venue, int] = {}
    for venue in VENUES:
        with suppress(KtrdrError):
            sessions = calendar(venue.calendar, first, last)
            dates = _dates(bars, sessions)
            shut = len(_closed(dates, sessions))
            if len(sessions.dates) and shut < closed and shut <= _CLOSED_SHARE * len(dates):
                misfits[venue] = shut + _missing(dates, sessions) + _outside(bars, sessions)
    return min(misfits, key=lambda venue: misfits[venue], default=None)


def _missing(dates: Int64s, sessions: Sessions) -> int:
    """Return of how many sessions between the first and the last date there is none."""
    spanned = (sessions.dates >= dates[0]) & (sessions.dates <= dates[-1])
    return int(np.count_nonzero(spanned & ~np.isin(sessions.dates, dates)))


def _outside(bars: Bars, sessions: Sessions) -> int:
    """Return on how many days intraday bars lie outside the sessions."""
    if not bars.timeframe.intraday:
        return 0
    outside = sessions.locate(bars.stamps, bars.timeframe) < 0
    return len(np.unique(bars.stamps[outside] // NS_PER_DAY))


def _advice(symbol: str, better: Venue | None) -> str:
    if better is None:
        return f"no calendar that is known here fits; write an entry for {symbol} into {CATALOGUE_NAME}"
    asset_class = {"24/7": "crypto", "24/5": "forex"}.get(better.calendar, "stock")
    return (
        f"{better.calendar} fits better; write into {CATALOGUE_NAME}: "
        f'"{symbol}": {{asset_class: {asset_class}, exchange: {better.exchange}, calendar: {better.calendar}, '
        f"time_zone: {better.time_zone}}}"
    )
