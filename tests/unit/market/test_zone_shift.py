"""Clock times without a zone that are not those of UTC."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Reading
from ktrdr.domain.market.timeframe import Timeframe

ASSUMED = Reading(zone_from="assumed")


def of_clock(zone: str, first: str, last: str, days: int = 2) -> Bars:
    """Return five-minute bars from a clock time to another, as that zone's clock shows them, taken for UTC."""
    dates = pd.bdate_range("2024-03-06", periods=days)
    walls = np.concatenate(
        [pd.date_range(f"{date:%Y-%m-%d} {first}", f"{date:%Y-%m-%d} {last}", freq="5min") for date in dates]
    )
    stamps = walls.astype("datetime64[ns]").astype(np.int64)
    close = np.full(len(stamps), 100.0)
    return Bars(f"OF {zone}", Timeframe("5m"), stamps, close, close, close, close, close, reading=ASSUMED)


def admit(bars: Bars, calendar: str) -> Bars:
    return bars.in_sessions(sessions_for(calendar, int(bars.stamps[0]), int(bars.stamps[-1])))


@pytest.mark.parametrize(
    ("zone", "first", "last", "calendar"),
    [
        ("America/New_York", "09:30", "15:55", "XNYS"),
        ("America/Chicago", "08:30", "14:55", "XNYS"),
        ("Asia/Tokyo", "09:00", "14:55", "XTKS"),
        ("Asia/Kolkata", "09:15", "15:25", "XBOM"),
    ],
)
def test_the_zone_that_fits_is_named(zone: str, first: str, last: str, calendar: str) -> None:
    with pytest.raises(
        InvalidBars, match=f"time zone {zone} .*--time-zone {zone} .*stamp_zone: {zone} in symbols.yaml"
    ):
        admit(of_clock(zone, first, last), calendar)


@pytest.mark.parametrize(
    ("first", "last", "calendar"),
    [("14:30", "19:55", "XNYS"), ("08:00", "23:55", "XNYS"), ("09:30", "15:55", "24/7"), ("09:30", "15:55", "24/5")],
    ids=["utc", "with bars before and after", "a market that never closes", "one that hardly does"],
)
def test_what_fits_or_cannot_be_told_is_taken(first: str, last: str, calendar: str) -> None:
    assert len(admit(of_clock("UTC", first, last), calendar))


@pytest.mark.parametrize(("first", "last"), [("04:00", "19:55"), ("07:00", "19:55"), ("09:30", "19:55")])
def test_bars_of_new_york_before_and_after_hours_are_not_known_hours_early(first: str, last: str) -> None:
    with pytest.raises(InvalidBars, match="--time-zone America/New_York or --time-zone UTC"):
        admit(of_clock("America/New_York", first, last), "XNYS")


@pytest.mark.parametrize("zone_from", ["file", "stated"])
def test_a_zone_that_somebody_says_is_believed(zone_from: str) -> None:
    reading = Reading(zone_from=zone_from)  # type: ignore[arg-type]
    assert len(admit(replace(of_clock("UTC", "09:30", "15:55"), reading=reading), "XNYS"))
