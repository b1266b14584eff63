"""Bars a year, by calendar and timeframe."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.backtest.periods import bars_per_year
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

FIRST, LAST = from_iso("2015-01-01T00:00:00Z"), from_iso("2023-12-31T00:00:00Z")


def bars(stamps: Int64s, timeframe: str, calendar: str | None) -> Bars:
    sessions = None if calendar is None else sessions_for(calendar, int(stamps[0]), int(stamps[-1]))
    ones = np.ones(len(stamps))
    return Bars("ANY", Timeframe(timeframe), stamps, ones, ones, ones, ones, ones, sessions=sessions)


def session_bars(timeframe: str, first_minute: int = 0, count: int = 1) -> Bars:
    """Return `count` bars of each New York session, from some minutes after its open on."""
    sessions = sessions_for("XNYS", FIRST, LAST)
    within = np.arange(count) * Timeframe(timeframe).ns + first_minute * 60 * 10**9
    return bars((sessions.opens[:, None] + within).ravel(), timeframe, "XNYS")


@pytest.mark.parametrize(("timeframe", "a_session"), [("5m", 78), ("1h", 7), ("4h", 2)])
def test_intraday_bars_of_an_exchange(timeframe: str, a_session: int) -> None:
    found = bars_per_year(session_bars(timeframe, count=2))
    assert found == pytest.approx(252 * a_session, rel=0.01)  # whatever the series lacks


def test_days_of_an_exchange() -> None:
    dates = sessions_for("XNYS", FIRST, LAST).dates
    assert bars_per_year(bars(dates, "1d", "XNYS")) == pytest.approx(252, rel=0.003)
    assert bars_per_year(bars(dates[:400:2], "1d", "XNYS")) == pytest.approx(252, rel=0.01)


def test_round_the_clock() -> None:
    hours = np.arange(FIRST, LAST, NS_PER_DAY // 24)
    assert bars_per_year(bars(hours, "1h", "24/7")) == pytest.approx(24 * 365.2425, rel=0.001)


def test_weeks_whatever_the_calendar() -> None:
    weeks = sessions_for("XNYS", FIRST, LAST).dates[::5]
    assert bars_per_year(bars(weeks, "1w", "XNYS")) == pytest.approx(365.2425 / 7)


def test_bars_outside_the_sessions_count_as_the_series_has_them() -> None:
    extended = session_bars("1h", first_minute=-120, count=9)  # 2 of 9 lie before the open
    assert bars_per_year(extended) == pytest.approx(252 * 9, rel=0.02)


@pytest.mark.parametrize("timeframe", ["1h", "2d"])
def test_without_a_calendar_as_many_as_there_are(timeframe: str) -> None:
    stamps = FIRST + np.arange(731) * NS_PER_DAY  # a bar a day, whatever its length
    assert bars_per_year(bars(stamps, timeframe, None)) == pytest.approx(365.2425)


FIRST_HK, LAST_HK = from_iso("2018-01-01T00:00:00Z"), from_iso("2023-12-31T00:00:00Z")


def paused(calendar: str, minutes: list[int], timeframe: str = "1h") -> Bars:
    """Return bars at those minutes after midnight, on the exchange's clock (UTC+8 or UTC+9), of every session."""
    sessions = sessions_for(calendar, FIRST_HK, LAST_HK)
    zone = {"XHKG": 8, "XSHG": 8, "XTKS": 9}[calendar]
    stamps = (sessions.dates[:, None] + (np.array(minutes) - 60 * zone) * 60 * 10**9).ravel()
    located = sessions.locate(stamps, Timeframe(timeframe))
    return bars(stamps[located >= 0], timeframe, calendar)


@pytest.mark.parametrize(
    ("calendar", "minutes", "timeframe"),
    [
        ("XHKG", [540, 600, 660, 780, 840, 900], "1h"),  # by the clock: none from 12 to 13
        ("XHKG", [570, 630, 690, 780, 840, 900], "1h"),  # from the open, and again from 13
        ("XHKG", [570, 630, 690, 750, 810, 870, 930], "1h"),  # from the open on: 12:30 to 13:30 has trades
        ("XHKG", [480, 720], "4h"),
        ("XHKG", [570, 690, 810, 930], "2h"),  # 11:30 to 13:30 lies on both sides
        ("XHKG", [*range(570, 720, 5), *range(780, 960, 5)], "5m"),
        ("XSHG", [540, 600, 660, 780, 840], "1h"),
        ("XSHG", [570, 630, 780, 840], "1h"),
        ("XTKS", [540, 600, 660, 720, 780, 840], "1h"),
    ],
)
def test_no_bar_lies_within_a_break_at_midday(calendar: str, minutes: list[int], timeframe: str) -> None:
    series = paused(calendar, minutes, timeframe)
    years = (series.stamps[-1] - series.stamps[0]) / (365.2425 * NS_PER_DAY)
    assert bars_per_year(series) == pytest.approx(len(series) / years, rel=0.015)
    some = np.arange(len(series)) % 7 < 5
    assert bars_per_year(series.take(some)) == pytest.approx(len(series) / years, rel=0.015)


def test_an_hour_of_hong_kong() -> None:
    assert bars_per_year(paused("XHKG", [540, 600, 660, 780, 840, 900])) == pytest.approx(1480, rel=0.01)
