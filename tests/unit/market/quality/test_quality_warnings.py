"""Sentences about odd bars, by value."""

from __future__ import annotations

import numpy as np

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.quality import findings, quality_warnings
from ktrdr.domain.market.timeframe import Timeframe


def bars_at(stamps: np.ndarray, timeframe: str, calendar: str | None = None, **columns: list[float]) -> Bars:
    """Return bars of 10 plus a hundredth a bar, a spread of 1, and a volume of 1, but for the given columns."""
    level = 10 + 0.01 * np.arange(len(stamps))
    usual = {"open": level, "high": level + 0.5, "low": level - 0.5, "close": level, "volume": np.ones(len(stamps))}
    given = {name: np.array(columns.get(name, values), float) for name, values in usual.items()}
    sessions = sessions_for(calendar, int(stamps[0]), int(stamps[-1])) if calendar else None
    return Bars("X", Timeframe(timeframe), stamps, **given, sessions=sessions)


def steps(start: str, count: int, timeframe: str) -> np.ndarray:
    return from_iso(start) + Timeframe(timeframe).ns * np.arange(count, dtype=np.int64)


def notes(bars: Bars) -> tuple[str, ...]:
    return tuple(finding.sentence for finding in findings(bars) if finding.severity == "info")


def test_good_bars_have_no_warnings() -> None:
    session = steps("2024-07-02T13:30:00Z", 78, "5m")
    assert findings(bars_at(session, "5m", "XNYS")) == ()
    assert quality_warnings(bars_at(session[:0], "5m")) == ()
    assert quality_warnings(bars_at(session[:1], "5m", "XNYS")) == ()


def test_moves_by_more_than_half_are_named_both_ways() -> None:
    close = [10.0, 15.0, 15.1, 30.3, 14.9, 10.0, 6.6]
    found = quality_warnings(
        bars_at(steps("2024-07-01T00:00:00Z", 7, "1d"), "1d", close=close, high=[40.0] * 7, low=[1.0] * 7)
    )
    expected = (
        "3 of 7 bars move by more than half against the close before: 2024-07-04T00:00:00Z (x 2.01), "
        "2024-07-05T00:00:00Z (x 0.49), 2024-07-07T00:00:00Z (x 0.66)"
    )
    assert found[0] == expected


def test_a_wild_move_is_named_in_few_digits() -> None:
    close = [10.0, 10.0, 1e17, 1e17, 1e17, 1e17]
    found = quality_warnings(
        bars_at(steps("2024-07-01T00:00:00Z", 6, "1d"), "1d", close=close, high=[1e17] * 6, low=[1.0] * 6)
    )
    assert found[0].endswith("2024-07-03T00:00:00Z (x 1e+16)")


def test_volume() -> None:
    days = steps("2024-07-01T00:00:00Z", 4, "1d")
    silent = bars_at(days, "1d", volume=[1, 0, 1, 0])
    assert quality_warnings(silent) == ("2 of 4 bars have no volume: 2024-07-02T00:00:00Z, 2024-07-04T00:00:00Z",)
    assert notes(bars_at(days, "1d", volume=[0] * 4)) == ("no bar has volume",)


def test_bodies_outside_the_range_and_worthless_prices() -> None:
    days = steps("2024-07-01T00:00:00Z", 3, "1d")
    beyond = quality_warnings(bars_at(days, "1d", open=[10, 11, 9], high=[10.5] * 3, low=[9.5] * 3))
    assert beyond == (
        "2 of 3 bars have an open or close outside low and high: 2024-07-02T00:00:00Z, 2024-07-03T00:00:00Z",
    )
    worthless = quality_warnings(bars_at(days, "1d", low=[10, 0, -1]))
    assert "2 of 3 bars have a price at or below 0: 2024-07-02T00:00:00Z, 2024-07-03T00:00:00Z" in worthless


def test_many_are_named_in_short() -> None:
    days = steps("2024-07-01T00:00:00Z", 9, "1d")
    (found,) = quality_warnings(bars_at(days, "1d", open=[11] * 9))
    assert found.endswith("2024-07-05T00:00:00Z and 4 more")


def test_gaps_inside_sessions_and_sessions_without_bars() -> None:
    first, last = steps("2024-07-02T13:30:00Z", 78, "5m"), steps("2024-07-08T13:30:00Z", 78, "5m")
    kept = np.concatenate((np.delete(first, [3, 4, 10]), last, last[-1:] + 300 * 10**9))
    bars = bars_at(kept, "5m", "XNYS")
    assert quality_warnings(bars) == (
        # 42 bars of the half day before the holiday, and 78 of the day after it
        "120 of 276 bars that the calendar expects are missing (43.5%)",
        "2 sessions have no bars: 2024-07-03, 2024-07-05",
        "3 bars are missing in 2 gaps inside sessions",
    )
    assert notes(bars) == ("1 of 154 bars lies outside the hours of its session: 2024-07-08T20:00:00Z",)


def test_daily_bars_on_holidays_and_missing_days() -> None:
    days = np.array([from_iso(f"2024-07-0{day}T00:00:00Z") for day in (1, 3, 4, 5)])
    assert quality_warnings(bars_at(days, "1d", "XNYS")) == (
        "1 session has no bars: 2024-07-02",
        "1 of 4 bars lies on days without a session: 2024-07-04T00:00:00Z",
    )


def test_one_bar_is_told_as_one() -> None:
    first = steps("2024-07-02T13:30:00Z", 78, "5m")
    assert quality_warnings(bars_at(np.delete(first, 3), "5m", "XNYS")) == (
        "1 bar is missing in 1 gap inside sessions",
    )


def test_bars_of_weeks_that_are_called_days_look_like_weeks() -> None:
    fridays = steps("2023-01-06T00:00:00Z", 60, "1w")
    told = "most 1d bars lie 7 days apart: they look like 1w bars"
    assert told in quality_warnings(bars_at(fridays[1:12], "1d", "XNYS"))
