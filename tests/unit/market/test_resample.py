"""Coarser bars by value: labels, sums, clocks, unfinished ends and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, from_iso, iso
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe


def bars_over(start: str, end: str, timeframe: str, calendar: str | None = None) -> Bars:
    """Return a bar for every step of [start, end); closes count up from 1, volume is 1."""
    step = Timeframe(timeframe)
    stamps = np.arange(from_iso(start), from_iso(end), step.ns, dtype=np.int64)
    close = np.arange(1.0, len(stamps) + 1)
    sessions = sessions_for(calendar, int(stamps[0]), int(stamps[-1])) if calendar else None
    return Bars("X", step, stamps, close - 0.5, close + 1, close - 1, close, np.ones(len(stamps)), sessions=sessions)


def labels(bars: Bars) -> list[str]:
    return [iso(stamp)[:16] for stamp in bars.stamps]


def known(bars: Bars) -> list[str]:
    return [iso(moment)[:16] for moment in bars.known_at]


def test_hours_of_a_us_session_lie_on_the_exchanges_clock() -> None:
    session = bars_over("2024-07-02T13:30:00Z", "2024-07-02T20:00:00Z", "5m", "XNYS")
    hours = resample(session, Timeframe("1h"))
    assert labels(hours) == [f"2024-07-02T{hour}:00" for hour in range(13, 20)]
    assert known(hours) == [f"2024-07-02T{hour}:00" for hour in range(14, 21)]
    assert hours.volume.tolist() == [6.0] + [12.0] * 6
    assert hours.open.tolist() == [0.5, 6.5, 18.5, 30.5, 42.5, 54.5, 66.5]
    assert hours.high.tolist() == [7.0, 19.0, 31.0, 43.0, 55.0, 67.0, 79.0]
    assert hours.low.tolist() == [0.0, 6.0, 18.0, 30.0, 42.0, 54.0, 66.0]
    assert hours.close.tolist() == [6.0, 18.0, 30.0, 42.0, 54.0, 66.0, 78.0]
    assert hours.source == "memory resampled"
    assert hours.sessions is session.sessions


def test_the_clock_follows_daylight_saving() -> None:
    four_hours = [
        labels(resample(bars_over(f"{day}T13:30:00Z", f"{day}T21:00:00Z", "30m", "XNYS"), Timeframe("4h")))
        for day in ("2024-03-08", "2024-03-11")
    ]
    assert four_hours == [
        ["2024-03-08T13:00", "2024-03-08T17:00"],
        ["2024-03-11T12:00", "2024-03-11T16:00"],
    ]


def test_an_early_close_ends_the_bar_and_the_day() -> None:
    day = bars_over("2024-11-29T14:30:00Z", "2024-11-29T18:00:00Z", "5m", "XNYS")
    assert known(resample(day, Timeframe("4h"))) == ["2024-11-29T17:00", "2024-11-29T18:00"]
    assert labels(resample(day, Timeframe("1d"))) == ["2024-11-29T00:00"]
    assert known(resample(day, Timeframe("1d"))) == ["2024-11-29T18:00"]


def test_a_week_is_labelled_with_its_monday_and_known_at_its_last_close() -> None:
    days = bars_over("2024-07-01T00:00:00Z", "2024-07-13T00:00:00Z", "1d", "XNYS")
    weeks = resample(days.take(np.isin(days.stamps, days.sessions.dates)), Timeframe("1w"))
    assert labels(weeks) == ["2024-07-01T00:00", "2024-07-08T00:00"]
    assert known(weeks) == ["2024-07-05T20:00", "2024-07-12T20:00"]
    assert weeks.volume.tolist() == [4.0, 5.0]


def test_forex_days_run_from_five_to_five_in_new_york() -> None:
    week = bars_over("2024-01-07T22:00:00Z", "2024-01-10T22:00:00Z", "1h", "24/5")
    days = resample(week, Timeframe("1d"))
    assert labels(days) == ["2024-01-08T00:00", "2024-01-09T00:00", "2024-01-10T00:00"]
    assert known(days) == ["2024-01-08T22:00", "2024-01-09T22:00", "2024-01-10T22:00"]
    assert days.volume.tolist() == [24.0, 24.0, 24.0]
    assert [stamp[11:] for stamp in labels(resample(week, Timeframe("4h")))[:7]] == [
        *("22:00", "02:00", "06:00", "10:00", "14:00", "18:00"),
        "22:00",
    ]


def test_without_sessions_buckets_are_utc() -> None:
    hours = bars_over("2024-01-01T00:00:00Z", "2024-01-09T00:00:00Z", "1h")
    assert labels(resample(hours, Timeframe("4h")))[:3] == [f"2024-01-01T{hour}:00" for hour in ("00", "04", "08")]
    assert labels(resample(hours, Timeframe("1w"))) == ["2024-01-01T00:00"]
    assert known(resample(hours, Timeframe("1d")))[0] == "2024-01-02T00:00"


def test_bars_outside_the_session_join_only_with_extended_hours() -> None:
    day = bars_over("2024-07-02T12:00:00Z", "2024-07-02T22:00:00Z", "30m", "XNYS")
    after = bars_over("2024-07-03T13:30:00Z", "2024-07-03T14:00:00Z", "30m", "XNYS")
    assert resample(day, Timeframe("1d")).volume.tolist() == [13.0]
    assert resample(day, Timeframe("1h")).volume.tolist() == [1.0] + [2.0] * 6
    assert resample(day, Timeframe("1d"), extended_hours=True).volume.tolist() == []
    both = Bars(
        "X",
        day.timeframe,
        *(
            np.concatenate([getattr(day, n), getattr(after, n)])
            for n in ("stamps", "open", "high", "low", "close", "volume")
        ),
        sessions=day.sessions,
    )
    whole = resample(both, Timeframe("1d"), extended_hours=True)
    assert (whole.volume.tolist(), known(whole)) == ([20.0], ["2024-07-03T04:00"])
    assert resample(day, Timeframe("1h"), extended_hours=True).volume.tolist() == [2.0] * 10


def test_an_unfinished_bar_is_not_given() -> None:
    day = bars_over("2024-07-02T13:30:00Z", "2024-07-02T20:00:00Z", "5m", "XNYS")
    assert len(resample(day.take(slice(0, 5)), Timeframe("1h"))) == 0
    assert len(resample(day.take(slice(0, 6)), Timeframe("1h"))) == 1
    assert len(resample(day.take(slice(0, 77)), Timeframe("1d"))) == 0
    assert len(resample(day, Timeframe("1d"))) == 1


def test_a_bar_that_reaches_past_the_end_of_its_bucket_delays_it() -> None:
    hours = bars_over("2024-07-02T13:30:00Z", "2024-07-02T19:30:00Z", "1h", "XNYS")
    two_hours = resample(hours, Timeframe("2h"))
    assert labels(two_hours)[0] == "2024-07-02T12:00"
    assert known(two_hours)[0] == "2024-07-02T14:30"


def test_no_bars_give_no_bars() -> None:
    empty = bars_over("2024-07-02T13:30:00Z", "2024-07-02T20:00:00Z", "5m", "XNYS").take(slice(0, 0))
    assert len(resample(empty, Timeframe("1h"))) == 0
    night = bars_over("2024-07-02T01:00:00Z", "2024-07-02T08:00:00Z", "5m", "XNYS")
    assert len(resample(night, Timeframe("1h"))) == len(resample(night, Timeframe("1d"))) == 0


@pytest.mark.parametrize(("fine", "coarse"), [("1h", "5m"), ("5m", "7m"), ("1d", "4h"), ("2d", "1w")])
def test_what_cannot_be_made_is_refused(fine: str, coarse: str) -> None:
    bars = bars_over("2024-01-01T00:00:00Z", "2024-01-09T00:00:00Z", fine)
    with pytest.raises(InvalidInput, match=f"{coarse} bars cannot be made of {fine} bars"):
        resample(bars, Timeframe(coarse))
