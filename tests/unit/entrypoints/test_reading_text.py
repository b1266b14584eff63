"""How a file was understood, in words."""

from __future__ import annotations

import pytest

from ktrdr.domain.market.reading import Reading
from ktrdr.entrypoints.cli.reading_text import reading_rows


@pytest.mark.parametrize(
    ("times", "zone", "said"),
    [
        ("dates", "UTC", "dates"),
        ("dates, month first", "UTC", "dates, month first"),
        ("dates", "Asia/Tokyo", "dates, Asia/Tokyo (as the file says)"),
        ("texts", "UTC", "texts, UTC (as the file says)"),
    ],
)
def test_a_zone_is_said_only_where_the_file_says_one(times: str, zone: str, said: str) -> None:
    reading = Reading(layout="columns", kind="csv", times=times, time_zone=zone, zone_from="file")
    assert dict(reading_rows(reading))["times"] == said
