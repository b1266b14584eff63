"""When a symbol usually trades, in words, and how far back its bars go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_COUNTED_DAYS = 365
_REGULAR_SHARE = 0.05
_NS_PER_MINUTE = 60 * 10**9


def completed(
    facts: SymbolCharacteristics, series: Sequence[SeriesInfo], sessions: Sessions | None
) -> SymbolCharacteristics:
    """Return the facts with what bars and calendar say: trading hours, span, and the adjustment if nobody said it.

    Parameters
    ----------
    facts : SymbolCharacteristics
    series : sequence of SeriesInfo
        The symbol's own.
    sessions : Sessions or None
        Of its calendar, at least over the last year of its bars; None where there are none.
    """
    until = max((info.last for info in series), default=0)
    hours = "" if sessions is None or not until else trading_hours(sessions, until)
    adjustment = facts.adjustment or ", ".join(sorted({info.adjustment for info in series if info.adjustment}))
    return with_span(replace(facts, trading_hours=hours, adjustment=adjustment), series)


def with_span(facts: SymbolCharacteristics, series: Sequence[SeriesInfo]) -> SymbolCharacteristics:
    """Return the facts with the span of all bars of the symbol's `series`; as they are where there are none."""
    filled = [info for info in series if info.rows]
    if not filled:
        return facts
    first, last = min(info.first for info in filled), max(info.last for info in filled)
    return replace(facts, first=iso(first), last=iso(last))


def trading_hours(sessions: Sessions, until: int) -> str:
    """Return the usual weekdays and hours of a calendar, on its own clock (``Mon-Fri, 09:30 to 16:00``).

    Usual are the hours that most sessions have; days with an early close are fewer.

    Parameters
    ----------
    sessions : Sessions
    until : int
        UTC nanoseconds; sessions of the year before are looked at.

    Returns
    -------
    str
        Empty where there is no session in that year.
    """
    newest = slice(*np.searchsorted(sessions.dates, [until - _COUNTED_DAYS * NS_PER_DAY, until], side="right").tolist())
    dates = sessions.dates[newest]
    if not len(dates):
        return ""
    hours = np.column_stack([_minutes(times[newest], dates, sessions) for times in (sessions.opens, sessions.closes)])
    pairs, counts = np.unique(hours, axis=0, return_counts=True)
    opens, closes = pairs[int(counts.argmax())].tolist()
    before = " of the day before" if opens < 0 else ""
    return f"{_weekdays(dates)}, {_clock(opens)}{before} to {_clock(closes)}"


def _minutes(moments: Int64s, dates: Int64s, sessions: Sessions) -> Int64s:
    """Return the minutes from each session date's midnight to a moment, as the exchange's clock shows them."""
    return (wall_time(moments, sessions.time_zone) - dates) // _NS_PER_MINUTE


def _clock(minutes: int) -> str:
    """Return a time of day; the end of a day is 24:00."""
    hours, left = divmod(minutes % 1440 if minutes != 1440 else minutes, 60)
    return f"{hours:02}:{left:02}"


def _weekdays(dates: Int64s) -> str:
    counts = np.bincount((dates // NS_PER_DAY + 3) % 7, minlength=7)
    days = np.flatnonzero(counts > _REGULAR_SHARE * len(dates)).tolist()
    if len(days) > 2 and days == list(range(days[0], days[-1] + 1)):
        return f"{_DAYS[days[0]]}-{_DAYS[days[-1]]}"
    return ", ".join(_DAYS[day] for day in days)
