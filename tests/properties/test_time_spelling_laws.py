"""Times come back to the nanosecond from every spelling that is taken, whole columns at once, without frames."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import assume, given
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


RECENT = st.integers(int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()), int(datetime(2030, 1, 1).timestamp()))
COUNTS: dict[str, Callable[[datetime], str]] = {
    unit: lambda moment, factor=factor: str((moment - EPOCH) // timedelta(seconds=1) * factor)
    for unit, factor in (("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9))
}
SLASHES = {"day first": written("%d/%m/%Y %H:%M"), "month first": written("%m/%d/%Y %H:%M")}
NAMED = {"named": written("%Y%m%d %H:%M:%S Etc/UTC")}
SPELLINGS = {"day " + key: spell for key, spell in DATES.items()} | TO_THE_SECOND | COUNTS | SLASHES | NAMED
STRAYS = [
    *("2024-03-07 15:42:10", "2024-03-07", "2024-03-07 15:42:10Z", "2024-03-07 15:42:10-05:00", "20240307 154210"),
    *(
        "20240307",
        "202403071542",
        "07.03.2024",
        "03.13.2024",
        "07/03/2024 15:42",
        "03/13/2024",
        "13/03/2024",
        "03/13/24",
    ),
    *("1709826130", "1709826130000", "1709826130000000", "1709826130000000000", "1709826130.5", "1.70983E+12", "45358"),
    *("45358.65", "5000000000", "0", "-1", "15:42:10", "2024-03-07 3:42 PM", "2024-03-07 03:42:10 US/Eastern"),
    *("Mar 7, 2024", "7 Mar 2024 15:42 EST", "2024-03-07 15:42 CST", "Date", "2024-03-07 24:00", "2024-03-10 02:30"),
]


def read_or_refusal(texts: list[str]) -> list[int] | str:
    try:
        return read(texts)
    except InvalidBars as error:
        return str(error)


@given(st.lists(RECENT, min_size=1, max_size=12), st.integers(0, 12), st.sampled_from([*SPELLINGS]), st.data())
def test_one_odd_row_changes_no_other_row(seconds: list[int], place: int, spelling: str, data: st.DataObject) -> None:
    texts = [SPELLINGS[spelling](EPOCH + timedelta(seconds=second)) for second in sorted(seconds)]
    row = place % (len(texts) + 1)
    alone = read_or_refusal(texts)
    assume(not isinstance(alone, str))
    stray = data.draw(st.sampled_from(STRAYS))
    found = read_or_refusal([*texts[:row], stray, *texts[row:]])
    if isinstance(found, str):
        assert f"row {row}: {stray!r}" in found
    else:
        assert found[:row] + found[row + 1 :] == alone


@given(
    st.lists(RECENT, min_size=2, max_size=20, unique=True),
    st.integers(0, 19),
    st.sampled_from([("ms", "us"), ("s", "ns")]),
)
def test_the_unit_may_change_at_any_row(seconds: list[int], place: int, units: tuple[str, str]) -> None:
    moments = [EPOCH + timedelta(seconds=second) for second in sorted(seconds)]
    turn = place % len(moments)
    texts = [COUNTS[units[row >= turn]](moment) for row, moment in enumerate(moments)]
    wanted = [second * 10**9 for second in sorted(seconds)]
    assert read(texts) == wanted
    assert utc_times([pa.chunked_array([pa.array([int(text) for text in texts])])], "file").stamps.tolist() == wanted


ZONES = ["America/New_York", "Europe/London", "Asia/Tokyo", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]


@given(st.lists(RECENT, min_size=1, max_size=20, unique=True), st.sampled_from(ZONES))
def test_midnights_of_the_files_own_zone_are_dates_of_its_clock(seconds: list[int], name: str) -> None:
    zone, days = ZoneInfo(name), [EPOCH + timedelta(days=second // 86400) for second in sorted(seconds)]
    midnights = [day.replace(tzinfo=zone) for day in days]
    stamps, walls = ([int(one.timestamp()) * 10**9 for one in moments] for moments in (midnights, days))
    bare = pa.array([f"{day:%Y-%m-%d} 00:00:00" for day in days])
    columns = [
        (pa.array([str(midnight) for midnight in midnights]), None),
        (pa.array([f"{day:%Y%m%d} 00:00:00 {name}" for day in days]), None),
        (pa.array(np.array(stamps), pa.timestamp("ns", name)), None),
        (pa.array(np.array(walls), pa.timestamp("ns")), name),
        (bare, name),
    ]
    for column, stated in columns:
        times = utc_times([pa.chunked_array([column])], "file", zone=stated)
        assert times.stamps.tolist() == stamps
        assert (times.stamps if times.written is None else times.written).tolist() == walls


@pytest.mark.parametrize("name", [*ZONES, "America/Havana"])
def test_a_stated_clock_is_read_back_through_a_year_of_its_changes(name: str) -> None:
    moments = pd.date_range("2023-12-31", "2025-01-02", freq="30min", tz="UTC").as_unit("ns")
    for rows in (moments, moments[::-1]):
        texts = pa.array(rows.tz_convert(name).strftime("%Y-%m-%d %H:%M").tolist())
        times = utc_times([pa.chunked_array([texts])], "file", zone=name)
        assert times.stamps.tolist() == rows.asi8.tolist()


@given(st.lists(RECENT, min_size=1, max_size=12), st.integers(-30, 30), st.sampled_from([*TO_THE_SECOND, *COUNTS]))
def test_a_shift_by_hours_moves_every_stamp_by_them(seconds: list[int], hours: int, spelling: str) -> None:
    moments = [EPOCH + timedelta(seconds=second) for second in seconds]
    one, other = (
        read([SPELLINGS[spelling](moment + shift) for moment in moments])
        for shift in (timedelta(), timedelta(hours=hours))
    )
    assert [stamp - 3600 * 10**9 * hours for stamp in other] == one
