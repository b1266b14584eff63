"""Dates and moments of series of days, rows that are not over, and from when they are known: worked by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars, from_iso, iso
from ktrdr.domain.market.dating import settled
from ktrdr.domain.market.reading import Reading
from ktrdr.domain.market.timeframe import Timeframe


def moments(*texts: str) -> np.ndarray:
    return np.array([from_iso(text) for text in texts], dtype=np.int64)


def bars_at(*texts: str, timeframe: str = "1d", shown: tuple[str, ...] | None = None) -> Bars:
    close = np.full(len(texts), 100.0)
    written = None if shown is None else moments(*shown)
    return Bars("X", Timeframe(timeframe), moments(*texts), close, close, close, close, close, written=written)


def read(bars: Bars, calendar: str) -> list[tuple[str, str]]:
    """Return stamps and moments from which bars are known, by their calendar."""
    found = bars.in_sessions(sessions_for(calendar, int(bars.stamps[0]), int(bars.stamps[-1])))
    return [(iso(stamp), iso(known)) for stamp, known in zip(found.stamps, found.known_at, strict=True)]


TOKYO = bars_at(
    *("2024-03-17T15:00:00Z", "2024-03-18T15:00:00Z", "2024-03-20T15:00:00Z"),
    shown=("2024-03-18T00:00:00Z", "2024-03-19T00:00:00Z", "2024-03-21T00:00:00Z"),
)


def test_a_midnight_of_the_files_clock_is_a_date_whatever_the_venue() -> None:
    dates = ["2024-03-18T00:00:00Z", "2024-03-19T00:00:00Z", "2024-03-21T00:00:00Z"]
    assert read(TOKYO, "XTKS") == [(date, date.replace("T00", "T06")) for date in dates]
    assert read(TOKYO, "XNYS") == [(date, date.replace("T00", "T20")) for date in dates]


def test_a_midnight_of_the_venues_clock_is_a_date_across_the_change_of_clocks() -> None:
    polygon = bars_at("2024-03-07T05:00:00Z", "2024-03-08T05:00:00Z", "2024-03-11T04:00:00Z")
    assert read(polygon, "XNYS") == [
        ("2024-03-07T00:00:00Z", "2024-03-07T21:00:00Z"),
        ("2024-03-08T00:00:00Z", "2024-03-08T21:00:00Z"),
        ("2024-03-11T00:00:00Z", "2024-03-11T20:00:00Z"),
    ]


def test_opens_of_sydney_and_seoul_are_moments_of_their_days_whatever_hour_they_are_by_utc() -> None:
    sydney = bars_at("2024-04-03T23:00:00Z", "2024-04-04T23:00:00Z", "2024-04-08T00:00:00Z", "2024-04-09T00:00:00Z")
    assert read(sydney, "XASX") == [
        ("2024-04-04T00:00:00Z", "2024-04-04T05:00:00Z"),
        ("2024-04-05T00:00:00Z", "2024-04-05T05:00:00Z"),
        ("2024-04-08T00:00:00Z", "2024-04-08T06:00:00Z"),
        ("2024-04-09T00:00:00Z", "2024-04-09T06:00:00Z"),
    ]
    seoul = bars_at("2023-12-28T00:00:00Z", "2024-01-02T01:00:00Z", "2024-01-03T00:00:00Z")
    days = ["2023-12-28", "2024-01-02", "2024-01-03"]
    assert read(seoul, "XKRX") == [(f"{day}T00:00:00Z", f"{day}T06:30:00Z") for day in days]


def test_a_moment_within_a_session_that_is_not_its_open_is_known_when_its_day_is_full_without_a_neighbour() -> None:
    karachi = bars_at("2024-04-01T19:00:00Z", "2024-04-02T19:00:00Z")
    assert [known for _, known in read(karachi, "XNYS")] == ["2024-04-02T20:00:00Z", "2024-04-03T20:00:00Z"]


def test_dates_before_1970_are_dates() -> None:
    old = bars_at("1962-01-02T00:00:00Z", "1962-01-03T00:00:00Z", "1962-01-04T00:00:00Z")
    stamps = ["1962-01-02T00:00:00Z", "1962-01-03T00:00:00Z", "1962-01-04T00:00:00Z"]
    assert [stamp for stamp, _ in read(old, "XNYS")] == stamps
    eastern = bars_at("1962-01-02T05:00:00Z", "1962-01-03T05:00:00Z", "1962-01-04T05:00:00Z", shown=tuple(stamps))
    assert [stamp for stamp, _ in read(eastern, "XNYS")] == stamps


def test_a_moment_inside_a_session_has_its_date_and_one_outside_is_known_once_it_is_full() -> None:
    opens = bars_at("2024-03-07T14:30:00Z", "2024-03-08T14:30:00Z", "2024-03-11T13:30:00Z")
    assert read(opens, "XNYS")[2] == ("2024-03-11T00:00:00Z", "2024-03-11T20:00:00Z")
    before = bars_at("2024-03-07T11:00:00Z", "2024-03-08T11:00:00Z", "2024-03-11T11:00:00Z")
    assert read(before, "XNYS")[0] == ("2024-03-07T00:00:00Z", "2024-03-08T11:00:00Z")
    kept = settled(before, sessions_for("XNYS", int(before.stamps[0]), int(before.stamps[-1])))
    assert kept.stamps.tolist() == before.stamps.tolist()


def test_days_of_a_market_that_never_closes_keep_their_time_of_day() -> None:
    stamps = ["2024-01-01T16:00:00Z", "2024-01-02T16:00:00Z", "2024-01-03T16:00:00Z"]
    bars = bars_at(*stamps)
    assert read(bars, "24/7") == list(zip(stamps, [*stamps[1:], "2024-01-04T16:00:00Z"], strict=True))
    sessions = bars.in_sessions(sessions_for("24/7", int(bars.stamps[0]), int(bars.stamps[-1]))).sessions
    assert sessions is not None
    assert sessions.locate(bars.stamps, Timeframe("1d")).tolist() == [14, 15, 16]
    assert (sessions.opens == sessions.dates).all()
    assert (sessions.closes[:-1] == sessions.opens[1:]).all()


def test_days_that_begin_on_a_clock_with_seasons_keep_their_moments() -> None:
    stamps = ["2024-03-08T05:00:00Z", "2024-03-09T05:00:00Z", "2024-03-10T05:00:00Z", "2024-03-11T04:00:00Z"]
    assert read(bars_at(*stamps), "24/7")[3] == ("2024-03-11T04:00:00Z", "2024-03-12T04:00:00Z")


def test_a_day_of_a_market_that_hardly_closes_is_known_no_earlier_than_it_is_full() -> None:
    new_york = bars_at(
        "2024-01-02T05:00:00Z", "2024-01-03T05:00:00Z", shown=("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z")
    )
    assert read(new_york, "24/5") == [
        ("2024-01-02T00:00:00Z", "2024-01-03T05:00:00Z"),
        ("2024-01-03T00:00:00Z", "2024-01-04T05:00:00Z"),
    ]
    athens = bars_at(
        "2024-01-01T22:00:00Z", "2024-01-02T22:00:00Z", shown=("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z")
    )
    assert read(athens, "24/5")[0] == ("2024-01-02T00:00:00Z", "2024-01-03T00:00:00Z")


@pytest.mark.parametrize(
    ("first", "known"),
    [
        ("2024-01-29T00:00:00Z", "2024-02-02T21:00:00Z"),
        ("2024-02-02T00:00:00Z", "2024-02-08T21:00:00Z"),
        ("2024-02-03T00:00:00Z", "2024-02-09T21:00:00Z"),
        ("2024-02-04T00:00:00Z", "2024-02-09T21:00:00Z"),
    ],
)
def test_a_week_is_known_at_the_last_close_of_its_seven_days(first: str, known: str) -> None:
    stamp = from_iso(first)
    bars = bars_at(*(iso(stamp + week * 7 * 86_400 * 10**9) for week in range(3)), timeframe="1w")
    assert read(bars, "XNYS")[0] == (first, known)


LIVE = ("2024-03-05T00:00:00Z", "2024-03-06T00:00:00Z", "2024-03-07T15:10:03Z")


@pytest.mark.parametrize(
    ("texts", "calendar", "why"),
    [
        (LIVE, "XNYS", "a clock time among dates"),
        (LIVE, "24/7", "a clock time among dates"),
        (("2024-03-05T16:00:00Z", "2024-03-06T16:00:00Z", "2024-03-07T15:10:03Z"), "24/7", "begin at 16:00 UTC"),
        (("2024-03-05T14:30:00Z", "2024-03-06T14:30:00Z", "2024-03-07T15:10:03Z"), "XNYS", "begin at 14:30 UTC"),
    ],
)
def test_a_row_that_is_not_over_is_refused_or_left_out_and_named(
    texts: tuple[str, ...], calendar: str, why: str
) -> None:
    bars = replace(bars_at(*texts), reading=Reading(remarks=("said before",)))
    sessions = sessions_for(calendar, int(bars.stamps[0]), int(bars.stamps[-1]))
    with pytest.raises(InvalidBars, match=f"memory: row 2 at 2024-03-07T15:10:03Z: unfinished.*not over.*{why}"):
        bars.in_sessions(sessions)
    kept = settled(bars, sessions, drop_unfinished=True)
    assert kept.reading is not None
    assert kept.reading.remarks[0] == "said before"
    assert kept.reading.remarks[1].startswith("row 2 at 2024-03-07T15:10:03Z left out: unfinished")
    alone = bars.take(slice(0, 2)).in_sessions(sessions)
    assert kept.in_sessions(sessions).known_at.tolist() == alone.known_at.tolist()
    assert kept.in_sessions(sessions).stamps.tolist() == alone.stamps.tolist()


@pytest.mark.parametrize("last", ["2024-03-07T15:58:23Z", "2024-03-07T17:30:01Z"])
def test_the_last_intraday_bar_of_a_clock_that_was_looked_at_is_not_over(last: str) -> None:
    bars = bars_at("2024-03-07T14:30:00Z", "2024-03-07T15:30:00Z", last, timeframe="1h")
    sessions = sessions_for("XNYS", int(bars.stamps[0]), int(bars.stamps[-1]))
    with pytest.raises(InvalidBars, match=f"row 2 at {last}: unfinished"):
        bars.in_sessions(sessions)
    assert settled(bars, sessions, drop_unfinished=True).stamps.tolist() == bars.stamps[:2].tolist()


def test_two_rows_of_one_date_are_refused() -> None:
    with pytest.raises(InvalidBars, match=r"row 2 at 2024-03-08T21:00:00Z and row 1 .* belong to one session"):
        read(bars_at("2024-03-07T14:30:00Z", "2024-03-08T14:30:00Z", "2024-03-08T21:00:00Z"), "XNYS")


def test_a_midnight_of_utc_that_the_files_clock_calls_an_evening_is_refused() -> None:
    evenings = ("2024-01-02T19:00:00Z", "2024-01-03T19:00:00Z", "2024-01-04T19:00:00Z")
    utc = ("2024-01-03T00:00:00Z", "2024-01-04T00:00:00Z", "2024-01-05T00:00:00Z")
    with pytest.raises(InvalidBars, match=r"row 0 at 2024-01-02T19:00:00 of the file's clock is 2024-01-03T00:00:00Z"):
        read(bars_at(*utc, shown=evenings), "XNYS")
    hong_kong = ("2024-01-03T08:00:00Z", "2024-01-04T08:00:00Z", "2024-01-05T08:00:00Z")
    assert read(bars_at(*utc, shown=hong_kong), "XHKG")[0] == ("2024-01-03T00:00:00Z", "2024-01-03T08:00:00Z")


FOUR_HOURS = [f"2024-11-{day}T{hour:02}:00:00Z" for day in (26, 27, 29) for hour in (9, 13, 17)]


def test_a_bar_that_runs_past_the_close_of_a_half_day_is_known_at_its_own_end() -> None:
    assert read(bars_at(*FOUR_HOURS, timeframe="4h"), "XNYS")[-1] == ("2024-11-29T17:00:00Z", "2024-11-29T21:00:00Z")


def test_a_bar_counted_from_the_open_is_known_at_the_close_unless_there_are_bars_after_hours() -> None:
    hours = [f"2024-11-{day}T{hour:02}:30:00Z" for day in (26, 27) for hour in range(14, 21)]
    assert read(bars_at(*hours, timeframe="1h"), "XNYS")[-1] == ("2024-11-27T20:30:00Z", "2024-11-27T21:00:00Z")
    later = [f"2024-11-27T{hour:02}:30:00Z" for hour in (21, 22, 23)]
    early = [f"2024-11-26T{hour:02}:30:00Z" for hour in (11, 12)]
    found = dict(read(bars_at(*early, *hours, *later, timeframe="1h"), "XNYS"))
    assert found["2024-11-27T20:30:00Z"] == "2024-11-27T21:30:00Z"


def test_a_bar_counted_from_the_end_of_the_break_is_known_at_the_close() -> None:
    afternoon = [f"2024-06-10T{time}:00Z" for time in ("00:00", "01:00", "02:00", "03:30", "04:30", "05:30")]
    assert read(bars_at(*afternoon, timeframe="1h"), "XTKS")[-1] == ("2024-06-10T05:30:00Z", "2024-06-10T06:00:00Z")
