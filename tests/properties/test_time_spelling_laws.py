"""Times come back to the nanosecond from every spelling that is taken, whole columns at once, without frames."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.adapters.data.times import utc_times
from ktrdr.domain.errors import InvalidBars

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NEW_YORK = timezone(timedelta(hours=-5))
INDIA = timezone(timedelta(hours=5, minutes=30))
SECONDS = st.integers(int(datetime(1905, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2099, 1, 1).timestamp()))


def written(pattern: str, zone: timezone = UTC) -> Callable[[datetime], str]:
    return lambda moment: moment.astimezone(zone).strftime(pattern)


TO_THE_SECOND = {
    "ISO": written("%Y-%m-%dT%H:%M:%S"),
    "ISO with Z": written("%Y-%m-%d %H:%M:%SZ"),
    "offset": written("%Y-%m-%d %H:%M:%S%z", INDIA),
    "offset behind": written("%Y-%m-%dT%H:%M:%S%z", NEW_YORK),
    "UTC in letters": written("%Y-%m-%d %H:%M:%S UTC"),
    "offset of GMT": written("%d.%m.%Y %H:%M:%S.000 GMT%z", INDIA),
    "dots": written("%Y.%m.%d %H:%M:%S"),
    "slashes": written("%Y/%m/%d %H:%M:%S"),
    "compact, apart": written("%Y%m%d %H%M%S"),
    "compact": written("%Y%m%d%H%M%S"),
    "dotted, day first": written("%d.%m.%Y %H:%M:%S"),
    "twelve hours": written("%Y-%m-%d %I:%M:%S %p"),
    "month by name": written("%b %d, %Y %H:%M:%S"),
    "month in letters": written("%d %B %Y %H:%M:%S"),
    "weekday": written("%a, %d %b %Y %H:%M:%S"),
    "dashes": written("%d-%b-%Y %H:%M:%S"),
}
DATES = {
    "ISO": written("%Y-%m-%d"),
    "compact": written("%Y%m%d"),
    "month by name": written("%b %d, %Y"),
    "dotted": written("%d.%m.%Y"),
    "slashes, year first": written("%Y/%m/%d"),
}


def read(texts: list[str]) -> list[int]:
    return utc_times([pa.chunked_array([pa.array(texts, pa.string())])], "file").stamps.tolist()


@given(st.lists(SECONDS, min_size=1, max_size=20), st.sampled_from([*TO_THE_SECOND]))
def test_a_second_comes_back_from_every_spelling(seconds: list[int], spelling: str) -> None:
    texts = [TO_THE_SECOND[spelling](EPOCH + timedelta(seconds=second)) for second in seconds]
    assert read(texts) == [second * 10**9 for second in seconds]


@given(st.lists(SECONDS.map(lambda second: second // 86400), min_size=1, max_size=20), st.sampled_from([*DATES]))
def test_a_day_comes_back_from_every_spelling(days: list[int], spelling: str) -> None:
    assert read([DATES[spelling](EPOCH + timedelta(days=day)) for day in days]) == [day * 86400 * 10**9 for day in days]


@given(st.lists(SECONDS, min_size=1, max_size=20))
def test_slashes_are_read_where_one_day_tells_and_refused_where_none_does(seconds: list[int]) -> None:
    moments = [EPOCH + timedelta(seconds=second) for second in seconds]
    for pattern in ("%d/%m/%Y %H:%M:%S", "%m/%d/%Y %H:%M:%S"):
        texts = [moment.strftime(pattern) for moment in moments]
        if any(moment.day > 12 for moment in moments) or all(moment.day == moment.month for moment in moments):
            assert read(texts) == [second * 10**9 for second in seconds]
        else:
            with pytest.raises(InvalidBars, match="day and month cannot be told apart"):
                read(texts)


@given(st.lists(st.integers(10**9, 4 * 10**9), min_size=1, max_size=20), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_numbers_since_1970_come_back_in_every_unit_and_column(seconds: list[int], units: int) -> None:
    counts = np.array(seconds, dtype=np.int64) * units
    wanted = [second * 10**9 for second in seconds]
    assert utc_times([pa.chunked_array([pa.array(counts)])], "file").stamps.tolist() == wanted
    assert read([str(count) for count in counts]) == wanted
    for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)):
        for zone in (None, "UTC", "Asia/Tokyo"):
            typed = pa.array(np.array(seconds) * factor, pa.timestamp(unit, zone))
            assert utc_times([pa.chunked_array([typed])], "file").stamps.tolist() == wanted


ODD = ["x", "2024-02-30", "2024-13-01", "2024-01-01 25:00", "2024-01-01 10:00:60", "2024-01-01 13:00 PM"]


@given(st.lists(SECONDS, min_size=1, max_size=9), st.integers(0, 9), st.sampled_from(ODD))
def test_one_text_that_is_no_time_is_named_with_its_row(seconds: list[int], place: int, odd: str) -> None:
    texts = [TO_THE_SECOND["ISO"](EPOCH + timedelta(seconds=second)) for second in seconds]
    row = 1 + place % len(texts)
    with pytest.raises(InvalidBars, match=f"file: row {row}: '{odd}' is not a time"):
        read([*texts[:row], odd, *texts[row:]])
