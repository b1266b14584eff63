"""Session calendars by value: holidays, early closes, daylight saving, forex and crypto days, far years."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import from_iso, iso

DAY = 86_400 * 10**9


def sessions(calendar: str, first: str, last: str) -> dict[str, tuple[str, str]]:
    """Return open and close of each session by its date."""
    found = sessions_for(calendar, *(int(np.datetime64(day, "ns").astype(np.int64)) for day in (first, last)))
    assert (np.diff(found.dates) > 0).all()
    assert (found.opens < found.closes).all()
    assert (found.closes[:-1] <= found.opens[1:]).all()
    return {
        iso(date)[:10]: (iso(open_), iso(close))
        for date, open_, close in zip(found.dates, found.opens, found.closes, strict=True)
    }


def test_new_york_keeps_its_holidays_and_early_closes() -> None:
    year = sessions("XNYS", "2024-01-01", "2024-12-31")
    assert sum(date.startswith("2024") for date in year) == 252
    holidays = ("2024-01-01", "2024-01-15", "2024-03-29", "2024-06-19", "2024-07-04", "2024-11-28", "2024-12-25")
    assert not set(holidays) & set(year)
    assert year["2024-07-03"] == ("2024-07-03T13:30:00Z", "2024-07-03T17:00:00Z")
    assert year["2024-11-29"] == ("2024-11-29T14:30:00Z", "2024-11-29T18:00:00Z")
    assert year["2024-12-24"][1] == "2024-12-24T18:00:00Z"


def test_new_york_follows_daylight_saving() -> None:
    year = sessions("XNYS", "2024-01-01", "2024-12-31")
    assert year["2024-03-08"] == ("2024-03-08T14:30:00Z", "2024-03-08T21:00:00Z")
    assert year["2024-03-11"] == ("2024-03-11T13:30:00Z", "2024-03-11T20:00:00Z")
    assert year["2024-11-04"] == ("2024-11-04T14:30:00Z", "2024-11-04T21:00:00Z")


def test_aliases_and_other_exchanges() -> None:
    assert sessions("XNAS", "2024-01-01", "2024-12-31") == sessions("XNYS", "2024-01-01", "2024-12-31")
    tokyo = sessions("XTKS", "2024-01-01", "2024-02-01")
    assert tokyo["2024-01-04"] == ("2024-01-04T00:00:00Z", "2024-01-04T06:00:00Z")


def test_forex_days_begin_the_evening_before_in_new_york() -> None:
    year = sessions("24/5", "2024-01-01", "2024-12-31")
    assert year["2024-01-08"] == ("2024-01-07T22:00:00Z", "2024-01-08T22:00:00Z")
    assert year["2024-07-05"] == ("2024-07-04T21:00:00Z", "2024-07-05T21:00:00Z")
    assert year["2024-03-11"] == ("2024-03-10T21:00:00Z", "2024-03-11T21:00:00Z")
    assert year["2024-03-08"] == ("2024-03-07T22:00:00Z", "2024-03-08T22:00:00Z")
    assert "2024-01-06" not in year
    assert "2024-01-07" not in year
    found = sessions_for("24/5", from_iso("2024-01-01T00:00:00Z"), from_iso("2024-01-31T00:00:00Z"))
    assert (found.continuous, found.time_zone) == (True, "America/New_York")


def test_crypto_days_are_utc_days() -> None:
    found = sessions_for("24/7", from_iso("2024-02-28T12:00:00Z"), from_iso("2024-03-01T12:00:00Z"))
    assert (found.continuous, found.time_zone) == (True, "UTC")
    assert np.array_equal(found.dates, found.opens)
    assert np.array_equal(found.closes, found.opens + DAY)
    assert set(np.diff(found.dates)) == {DAY}


@pytest.mark.parametrize("calendar", ["XNYS", "24/5", "24/7"])
def test_the_span_reaches_past_both_ends(calendar: str) -> None:
    first, last = from_iso("2024-05-01T00:00:00Z"), from_iso("2024-06-01T00:00:00Z")
    found = sessions_for(calendar, first, last)
    assert first - 16 * DAY < found.dates[0] < first - 7 * DAY
    assert last + 16 * DAY > found.dates[-1] > last + 7 * DAY


def test_far_years() -> None:
    assert "1987-10-19" in sessions("XNYS", "1987-10-01", "1987-10-31")
    assert "1962-01-02" in sessions("XNYS", "1962-01-01", "1962-02-01")
    assert sessions("XNYS", "2041-07-01", "2041-07-31")["2041-07-05"][0] == "2041-07-05T13:30:00Z"
    assert sessions("24/7", "1678-01-01", "1678-02-01") == {}
    assert len(sessions("24/5", "2261-12-01", "2262-03-01")) == 0


def test_a_calendar_that_knows_fewer_years_has_no_sessions_before() -> None:
    assert sessions("XTKS", "1990-01-01", "1990-12-31") == {}
    assert len(sessions("XTKS", "1996-06-01", "1997-12-31")) > 200


def test_an_unknown_calendar_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(InvalidInput, match=r"no calendar is named 'XNYSE'; did you mean 'XNYS'\? \(known: 24/7, 24/5"):
        sessions_for("XNYSE", 0, DAY)
