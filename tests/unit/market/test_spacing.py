"""Bars that lie closer together, or much further apart, than their timeframe says."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.dating import in_sessions
from ktrdr.domain.market.spacing import much_wider
from ktrdr.domain.market.timeframe import Timeframe


def read(timeframe: str, calendar: str, *texts: str) -> Bars:
    stamps = np.array([from_iso(text) for text in texts], dtype=np.int64)
    close = np.full(len(stamps), 100.0)
    bars = Bars("X", Timeframe(timeframe), stamps, close, close, close, close, close)
    return in_sessions(bars, sessions_for(calendar, int(stamps[0]), int(stamps[-1])))


def day(date: str, *clocks: str) -> list[str]:
    return [f"{date}T{clock}:00Z" for clock in clocks]


@pytest.mark.parametrize(
    ("timeframe", "calendar", "texts"),
    [
        pytest.param("1h", "XNYS", day("2024-07-02", "13:30", "14:00", "15:00", "16:00"), id="a short first hour"),
        pytest.param("4h", "XNYS", day("2024-07-02", "13:30", "16:00", "20:00"), id="a short first four hours"),
        pytest.param("1h", "XTKS", day("2024-07-02", "02:00", "03:30", "04:00", "05:00"), id="short after the break"),
        pytest.param("4h", "XHKG", day("2024-07-02", "01:30", "05:00"), id="cut by the break"),
        pytest.param("1h", "24/7", day("2024-07-02", "13:00", "14:00", "15:00"), id="whole hours"),
        pytest.param(
            "1w", "XNYS", ["2024-05-20T00:00:00Z", "2024-05-28T00:00:00Z", "2024-06-03T00:00:00Z"], id="weeks"
        ),
        pytest.param("1d", "XNYS", ["2024-05-20T00:00:00Z", "2024-05-21T00:00:00Z"], id="days"),
    ],
)
def test_bars_may_lie_so(timeframe: str, calendar: str, texts: list[str]) -> None:
    assert len(read(timeframe, calendar, *texts)) == len(texts)


@pytest.mark.parametrize(
    ("timeframe", "calendar", "texts", "named"),
    [
        pytest.param(
            *("1h", "24/7", day("2024-07-02", "13:00", "13:05", "13:10", "13:15")),
            r"row 1 at 2024-07-02T13:05:00Z lies 5 minutes after row 0 at 2024-07-02T13:00:00Z.*1h.*5m would fit",
            id="five minutes",
        ),
        pytest.param(
            *("1h", "XNYS", day("2024-07-02", "13:30", "14:30", "14:40", "15:30", "16:30")),
            r"row 2 at 2024-07-02T14:40:00Z lies 10 minutes after row 1",
            id="one odd bar",
        ),
        pytest.param(
            *("1h", "XNYS", day("2024-07-02", "13:00", "13:30", "14:30", "15:30")),
            r"row 1 at 2024-07-02T13:30:00Z lies 30 minutes after row 0",
            id="a bar before the open",
        ),
        pytest.param(
            *("4h", "XNYS", [*day("2024-07-02", "22:00"), "2024-07-03T00:00:00Z"]),
            "lies 2 hours after",
            id="after hours",
        ),
        pytest.param(
            *("1w", "XNYS", ["2024-05-20T00:00:00Z", "2024-05-24T00:00:00Z", "2024-06-03T00:00:00Z"]),
            "row 1 at 2024-05-24T00:00:00Z lies 4 days after row 0",
            id="twice in a week",
        ),
        pytest.param(
            *("1w", "24/7", [f"2024-05-{number:02}T00:00:00Z" for number in range(1, 9)]), "1d would fit", id="days"
        ),
    ],
)
def test_bars_that_are_too_close_are_refused(timeframe: str, calendar: str, texts: list[str], named: str) -> None:
    with pytest.raises(InvalidBars, match=named):
        read(timeframe, calendar, *texts)


@pytest.mark.parametrize(
    ("timeframe", "calendar", "texts", "named"),
    [
        ("5m", "XNYS", day("2024-07-02", "13:30", "14:30", "15:30", "16:30"), "5m bars lie 60 minutes.*1h bars"),
        ("1d", "24/7", [f"2024-05-{number:02}T00:00:00Z" for number in (1, 8, 15, 22)], "lie 7 days apart.*1w bars"),
        ("1h", "XNYS", [*day("2024-07-02", "13:30", "14:30", "15:30"), *day("2024-07-03", "13:30", "14:30")], None),
        ("1d", "XNYS", ["2024-05-24T00:00:00Z", "2024-05-28T00:00:00Z", "2024-05-29T00:00:00Z"], None),
        ("1h", "XNYS", day("2024-07-02", "13:30", "18:30"), None),
    ],
)
def test_bars_much_further_apart_are_named(timeframe: str, calendar: str, texts: list[str], named: str | None) -> None:
    said = much_wider(read(timeframe, calendar, *texts))
    if named is None:
        assert said is None
    else:
        assert said is not None
        assert re.search(named, said)
