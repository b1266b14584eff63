"""The gate of one live bar is that of many."""

from __future__ import annotations

import pytest

from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import from_iso, iso

DAY = "2024-01-02T00:00:00Z"


@pytest.mark.parametrize(
    ("values", "rule"),
    [
        ((1.0, float("inf"), 1.0, 1.0), "high must be a finite number"),
        ((1.0, 1e308, 1.0, 1.0), "high must be 0, or of a size from 1e-18 to 1e"),
        ((1.0, 2.0, 5e-324, 1.0), "low must be 0, or of a size"),
        ((1.0, 2.0, 1.0, 1.0, 1e39), "volume must be 0, or of a size"),
        ((1.0, 2.0, 1.0, 1.0, -1.0), "volume must not be negative; where there is none, it is 0"),
        ((1.0, 1.0, 2.0, 1.0), "high must not be below low"),
    ],
)
def test_a_bar_that_many_would_refuse_is_refused(values: tuple[float, ...], rule: str) -> None:
    with pytest.raises(InvalidBars, match=rule):
        Bar.at("A", DAY, *values)


@pytest.mark.parametrize(
    "text", ["1999-12-31T23:59:59Z", "2024-01-02T15:30:00.500000Z", "1969-07-20T20:17:40.000000001Z"]
)
def test_moments_are_written_as_they_are_read(text: str) -> None:
    assert iso(from_iso(text)) == text
