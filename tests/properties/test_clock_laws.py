"""Clocks of time zones, against pandas."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.domain.market.clocks import moments_of, wall_time

ZONES = (
    "UTC",
    "America/New_York",
    "Europe/London",
    "Asia/Tokyo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "America/Sao_Paulo",
    "Pacific/Apia",
)
FIRST, LAST = (pd.Timestamp(text).value for text in ("1970-01-01", "2037-12-31"))
MOMENTS = st.lists(st.integers(FIRST // 10**9, LAST // 10**9), max_size=30)


def array(seconds: list[int]) -> np.ndarray:
    return np.array(seconds, dtype=np.int64) * 10**9


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_clock_shows_what_it_shows_in_pandas(seconds: list[int], zone: str) -> None:
    moments = array(seconds)
    expected = pd.to_datetime(moments, utc=True).tz_convert(zone).tz_localize(None).as_unit("ns").asi8
    assert np.array_equal(wall_time(moments, zone), expected)


@given(MOMENTS, st.sampled_from(ZONES))
def test_a_time_that_is_shown_twice_is_its_first_moment_and_one_that_never_is_the_jump_over_it(
    seconds: list[int], zone: str
) -> None:
    walls = array(seconds)
    naive = pd.DatetimeIndex(walls.astype("datetime64[ns]"))
    first = naive.tz_localize(zone, ambiguous=np.ones(len(naive), bool), nonexistent="shift_forward")
    assert np.array_equal(moments_of(walls, zone), first.as_unit("ns").asi8)


@pytest.mark.parametrize("zone", ZONES)
def test_every_change_of_a_clock_is_met_to_the_second(zone: str) -> None:
    hours = np.arange(pd.Timestamp("2005-01-01").value, pd.Timestamp("2013-01-01").value, 3600 * 10**9)
    moments = np.concatenate((hours - 10**9, hours, hours + 10**9))
    expected = pd.to_datetime(moments, utc=True).tz_convert(zone).tz_localize(None).as_unit("ns").asi8
    assert np.array_equal(wall_time(moments, zone), expected)
