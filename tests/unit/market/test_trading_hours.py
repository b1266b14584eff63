"""Usual hours by the calendar, and the span of all bars of a symbol."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.market.trading_hours import completed, trading_hours

UNTIL = from_iso("2023-12-29T00:00:00Z")
FACTS = SymbolCharacteristics("X", "stock", "XNYS", "XNYS", "America/New_York")
HOUR = NS_PER_DAY // 24


# Hours as the venues publish them; summer time and early closes are in the year that is looked at.
@pytest.mark.parametrize(
    ("calendar", "expected"),
    [
        ("XNYS", "Mon-Fri, 09:30 to 16:00"),
        ("XLON", "Mon-Fri, 08:00 to 16:30"),
        ("XETR", "Mon-Fri, 09:00 to 17:30"),
        ("24/7", "Mon-Sun, 00:00 to 24:00"),
        ("24/5", "Mon-Fri, 17:00 of the day before to 17:00"),
    ],
)
def test_hours_are_those_of_the_exchange_on_its_own_clock(calendar: str, expected: str) -> None:
    assert trading_hours(sessions_for(calendar, UNTIL - 365 * NS_PER_DAY, UNTIL), UNTIL) == expected


def test_what_happens_on_few_days_is_not_usual() -> None:
    days = np.arange(100, dtype=np.int64) * NS_PER_DAY + from_iso("2023-01-02T00:00:00Z")
    weekday = np.arange(100) % 7
    opened = np.isin(weekday, [0, 2]) | (np.arange(100) == 5)
    dates = days[opened]
    closes = dates + 15 * HOUR
    closes[3] = dates[3] + 12 * HOUR
    sessions = Sessions(dates, dates + 9 * HOUR, closes)
    assert trading_hours(sessions, int(dates[-1])) == "Mon, Wed, 09:00 to 15:00"


def test_without_a_session_in_the_last_year_nothing_is_said() -> None:
    assert trading_hours(sessions_for("XNYS", UNTIL, UNTIL), UNTIL + 800 * NS_PER_DAY) == ""


def test_the_span_is_that_of_all_timeframes() -> None:
    hourly = SeriesInfo("X", Timeframe("1h"), 5, from_iso("2022-01-03T00:00:00Z"), UNTIL + HOUR, "a")
    daily = SeriesInfo("X", Timeframe("1d"), 5, from_iso("2010-01-04T00:00:00Z"), UNTIL, "b")
    empty = SeriesInfo("X", Timeframe("1w"), 0, 0, 0, "c")
    found = completed(FACTS, [hourly, daily, empty], None)
    assert (found.first, found.last) == ("2010-01-04T00:00:00Z", "2023-12-29T01:00:00Z")
    assert found.trading_hours == ""
    assert completed(FACTS, [empty], None) == FACTS
