"""Session calendars by name: those of exchange_calendars, and the two of markets that hardly close."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput, Unavailable, did_you_mean, in_one_line, shown
from ktrdr.domain.market.clocks import moments_of
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY

if TYPE_CHECKING:
    import pandas as pd

OWN_CALENDARS = ("24/5", "24/7")
_MARGIN = 15 * NS_PER_DAY
_FIRST_YEAR, _LAST_YEAR = 1990, 2030
_EARLIEST, _LATEST = (int(np.datetime64(text, "ns").astype(np.int64)) for text in ("1680-01-01", "2260-01-01"))
_FOREX_ZONE = "America/New_York"
_FOREX_CLOSE = 17 * NS_PER_DAY // 24


def sessions_for(calendar: str, first: int, last: int) -> Sessions:
    """Return the sessions of a calendar from a fortnight before `first` to a fortnight after `last`.

    Parameters
    ----------
    calendar : str
        ``24/7`` (UTC days), ``24/5`` (forex: Monday to Friday, from 17:00 New York on the evening before to 17:00), or
        any name that exchange_calendars knows (``XNYS``).
    first, last : int
        Moments in UTC nanoseconds. What lies before or after the years that a calendar knows has no sessions.

    Raises
    ------
    InvalidInput
        If no calendar has that name.
    Unavailable
        If exchange_calendars cannot build it.
    """
    start, end = max(first - _MARGIN, _EARLIEST), min(last + _MARGIN, _LATEST)
    whole = _build(calendar, min(_FIRST_YEAR, _year(start)), max(_LAST_YEAR, _year(end)))
    return whole.cut(slice(*np.searchsorted(whole.dates, [start, end]).tolist()))


@lru_cache(maxsize=32)
def _build(calendar: str, first_year: int, last_year: int) -> Sessions:
    start, end = f"{first_year}-01-01", f"{last_year}-12-31"
    if calendar not in OWN_CALENDARS:
        from ktrdr.adapters.data.calendar_cache import remembered

        return remembered(calendar, first_year, last_year, lambda: _from_exchange(calendar, start, end))
    days = np.arange(start, np.datetime64(end) + 1, dtype="datetime64[D]").astype(np.int64) * NS_PER_DAY
    if calendar == "24/7":
        return Sessions(days, days, days + NS_PER_DAY, "UTC", continuous=True)
    days = days[(days // NS_PER_DAY + 3) % 7 < 5]
    opens, closes = (moments_of(days + close, _FOREX_ZONE) for close in (_FOREX_CLOSE - NS_PER_DAY, _FOREX_CLOSE))
    return Sessions(days, opens, closes, _FOREX_ZONE, continuous=True)


def _year(moment: int) -> int:
    return int(str(np.datetime64(moment, "ns").astype("datetime64[Y]")))


def _from_exchange(calendar: str, start: str, end: str) -> Sessions:
    import exchange_calendars
    from exchange_calendars.errors import InvalidCalendarName

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of pandas, for the library's own use of it
            built = _build_within_bounds(exchange_calendars.get_calendar, calendar, start, end)
    except InvalidCalendarName as error:
        names = [*OWN_CALENDARS, *exchange_calendars.get_calendar_names()]
        raise InvalidInput(
            f"no calendar is named {shown(calendar)}{did_you_mean(calendar, names)} (known: 24/7, 24/5, and "
            "exchanges by their market identifier code, such as XNYS)"
        ) from error
    except (ValueError, NotImplementedError) as error:
        raise Unavailable(f"calendar {calendar}: exchange_calendars cannot build it ({in_one_line(error)})") from error
    times = built.schedule
    pauses = times["break_start"].notna().to_numpy()
    moments = (np.where(pauses, _ns(times[name]), _ns(times["close"])) for name in ("break_start", "break_end"))
    breaks = np.stack(tuple(moments), axis=1) if pauses.any() else None
    return Sessions(_ns(times.index), _ns(times["open"]), _ns(times["close"]), str(built.tz), breaks=breaks)


def _build_within_bounds(get_calendar: Callable[..., Any], calendar: str, start: str, end: str) -> Any:
    """Return the calendar over that span, or over the years that it knows of it."""
    import pandas as pd

    try:
        return get_calendar(calendar, start=start, end=end)
    except ValueError:
        known = type(get_calendar(calendar))
        first = max(filter(None, (pd.Timestamp(start), known.bound_min())))
        last = min(filter(None, (pd.Timestamp(end), known.bound_max())))
        return get_calendar(calendar, start=first, end=last)


def _ns(times: pd.DatetimeIndex | pd.Series) -> Int64s:
    import pandas as pd

    return pd.DatetimeIndex(times).as_unit("ns").asi8
