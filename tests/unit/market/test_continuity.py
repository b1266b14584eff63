"""Which bar follows its predecessor with none missing between them, by value."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.continuity import follows, run_lengths
from ktrdr.domain.market.timeframe import Timeframe


def bars(timeframe: str, calendar: str | None, *stamps: str) -> Bars:
    moments = np.array([from_iso(text if "T" in text else f"{text}T00:00:00Z") for text in stamps], dtype=np.int64)
    flat = np.full(len(moments), 10.0)
    sessions = sessions_for(calendar, int(moments[0]), int(moments[-1])) if calendar else None
    return Bars("X", Timeframe(timeframe), moments, flat, flat, flat, flat, flat, sessions=sessions)


@pytest.mark.parametrize(
    ("timeframe", "calendar", "before", "now", "expected"),
    [
        pytest.param("1d", "XNYS", "2024-01-05", "2024-01-08", True, id="daily stock over a weekend"),
        pytest.param("1d", "XNYS", "2024-07-03", "2024-07-05", True, id="daily stock over a holiday"),
        pytest.param("1d", "XNYS", "2024-07-02", "2024-07-05", False, id="daily stock, a session missing"),
        pytest.param("1d", "24/7", "2024-01-05", "2024-01-06", True, id="daily crypto"),
        pytest.param("1d", "24/7", "2024-01-05", "2024-01-08", False, id="daily crypto, a weekend missing"),
        pytest.param("1d", "24/5", "2024-01-05", "2024-01-08", True, id="daily forex over a weekend"),
        pytest.param("1w", "XNYS", "2024-01-01", "2024-01-08", True, id="weeks"),
        pytest.param("1w", "XNYS", "2024-01-01", "2024-01-15", False, id="a week missing"),
        pytest.param("5m", "XNYS", "2024-07-02T13:30:00Z", "2024-07-02T13:35:00Z", True, id="next five minutes"),
        pytest.param("5m", "XNYS", "2024-07-02T13:30:00Z", "2024-07-02T13:40:00Z", False, id="hole in a session"),
        pytest.param("5m", "XNYS", "2024-07-02T19:55:00Z", "2024-07-03T13:30:00Z", True, id="overnight"),
        pytest.param("5m", "XNYS", "2024-07-02T19:50:00Z", "2024-07-03T13:30:00Z", False, id="last bar missing"),
        pytest.param("5m", "XNYS", "2024-07-02T19:55:00Z", "2024-07-03T13:35:00Z", False, id="first bar missing"),
        pytest.param("5m", "XNYS", "2024-07-03T16:55:00Z", "2024-07-05T13:30:00Z", True, id="early close, holiday"),
        pytest.param("5m", "XNYS", "2024-07-02T16:55:00Z", "2024-07-03T13:30:00Z", False, id="no early close that day"),
        pytest.param("5m", "XNYS", "2024-07-01T19:55:00Z", "2024-07-03T13:30:00Z", False, id="a session missing"),
        pytest.param("5m", "XNYS", "2024-07-02T20:10:00Z", "2024-07-02T21:00:00Z", True, id="hole after the close"),
        pytest.param(
            "1h", "XNYS", "2024-07-02T19:30:00Z", "2024-07-03T13:30:00Z", True, id="half an hour to the close"
        ),
        pytest.param("1h", "XNYS", "2024-07-02T13:30:00Z", "2024-07-02T14:00:00Z", True, id="bars on the full hour"),
        pytest.param("5m", "24/7", "2024-01-06T23:55:00Z", "2024-01-07T00:00:00Z", True, id="crypto at midnight"),
        pytest.param("5m", "24/7", "2024-01-06T23:55:00Z", "2024-01-07T00:05:00Z", False, id="crypto, a bar missing"),
        pytest.param("1h", "24/5", "2024-01-05T21:00:00Z", "2024-01-07T22:00:00Z", True, id="forex over a weekend"),
        pytest.param("1h", "24/5", "2024-01-05T20:00:00Z", "2024-01-07T22:00:00Z", False, id="forex, Friday's last"),
        pytest.param("1h", "24/5", "2024-01-05T21:00:00Z", "2024-01-08T00:00:00Z", False, id="forex, Sunday missing"),
        pytest.param("1h", "24/5", "2024-01-03T21:00:00Z", "2024-01-03T22:00:00Z", True, id="forex day to day"),
        pytest.param("5m", None, "2024-01-03T21:00:00Z", "2024-01-03T21:10:00Z", False, id="no calendar, same day"),
        pytest.param("5m", None, "2024-01-03T21:00:00Z", "2024-01-04T14:30:00Z", True, id="no calendar, next day"),
        pytest.param("1d", None, "2024-01-03", "2024-01-08", True, id="no calendar, days"),
    ],
)
def test_a_bar_is_missing_where_a_session_trades_between(
    timeframe: str, calendar: str | None, before: str, now: str, expected: bool
) -> None:
    assert follows(bars(timeframe, calendar, before, now)).tolist() == [False, expected]


@pytest.mark.parametrize(
    ("timeframe", "calendar", "before", "now", "expected"),
    [
        pytest.param("5m", "XNYS", "2024-07-02T19:55:00Z", "2024-07-03T13:30:00Z", False, id="overnight"),
        pytest.param("5m", "XNYS", "2024-07-02T19:50:00Z", "2024-07-02T19:55:00Z", True, id="within a session"),
        pytest.param("1h", "24/5", "2024-01-03T21:00:00Z", "2024-01-03T22:00:00Z", False, id="forex day to day"),
        pytest.param("5m", "24/7", "2024-01-06T23:55:00Z", "2024-01-07T00:00:00Z", False, id="crypto at midnight"),
        pytest.param("5m", None, "2024-01-06T23:55:00Z", "2024-01-07T00:00:00Z", False, id="no calendar, midnight"),
        pytest.param("1d", "XNYS", "2024-07-02", "2024-07-03", False, id="each day is a session"),
    ],
)
def test_the_end_of_a_session_breaks_where_asked_for(
    timeframe: str, calendar: str | None, before: str, now: str, expected: bool
) -> None:
    assert follows(bars(timeframe, calendar, before, now), break_at_session=True).tolist() == [False, expected]


def test_no_bars_and_one_bar() -> None:
    one = bars("5m", "XNYS", "2024-07-02T13:30:00Z")
    assert follows(one).tolist() == [False]
    assert follows(one.take(slice(0, 0))).tolist() == []


def test_run_lengths_count_from_the_last_break() -> None:
    unbroken = np.array([False, True, True, False, True, False, False, True])
    assert run_lengths(unbroken).tolist() == [1, 2, 3, 1, 2, 1, 1, 2]
    assert run_lengths(unbroken[:0]).tolist() == []
