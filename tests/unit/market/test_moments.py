"""Dates and moments as people write them."""

from __future__ import annotations

import pandas as pd
import pytest

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import from_iso, iso
from ktrdr.domain.market.moments import last_of, read_moment

UNCOUNTABLE = ["0001-01-01", "1500-01-01", "1679-12-31", "2261-01-01", "9999-12-31"]


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-01-31", "2024-01-31T00:00:00Z"),
        ("2024-01-31T21:00Z", "2024-01-31T21:00:00Z"),
        ("2024-01-31T21:00-05:00", "2024-02-01T02:00:00Z"),
        ("2024-01-31T21:00:00.000000007Z", "2024-01-31T21:00:00.000000007Z"),
        ("2024-01-31T21:00:00.12345678", "2024-01-31T21:00:00.12345678Z"),
    ],
)
def test_moments(text: str, utc: str) -> None:
    assert read_moment(text) == pd.Timestamp(utc).as_unit("ns").value
    assert read_moment(iso(read_moment(text))) == read_moment(text)


@pytest.mark.parametrize("text", ["yesterday", "", "2024-13-01"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match="date or moment"):
        read_moment(text)


@pytest.mark.parametrize("text", UNCOUNTABLE)
def test_years_that_nanoseconds_can_not_count_are_refused(text: str) -> None:
    with pytest.raises(InvalidInput, match=f"{text}.*1680 to 2260"):
        read_moment(text)


@pytest.mark.parametrize("text", ["0001-01-01", "1500-01-01", "2263-01-01", "9999-12-31"])
def test_stamps_that_nanoseconds_can_not_count_are_refused(text: str) -> None:
    for zone in ("Z", "+05:00", "-05:00"):
        with pytest.raises(InvalidInput, match="1680 to 2260"):
            from_iso(f"{text}T23:00:00{zone}")
    with pytest.raises(InvalidInput, match="1680 to 2260"):
        Bar.at("ANY", text, 1, 1, 1, 1)


def test_a_date_ends_with_its_last_nanosecond_and_a_moment_is_its_own_end() -> None:
    assert last_of("2024-02-29") == read_moment("2024-03-01") - 1
    assert last_of("2024-02-29T00:00") == read_moment("2024-02-29")
    assert last_of("1680-01-01") < last_of("2260-12-31") < 2**63
