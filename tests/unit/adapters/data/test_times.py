"""One column of times: every row by itself, and what clock it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from ktrdr.adapters.data.times import Times, utc_times
from ktrdr.domain.errors import InvalidBars, InvalidInput

NS = 10**9


def column(values: Any, kind: Any = None) -> pa.ChunkedArray:
    return pa.chunked_array([pa.array(values, kind)])


def read(values: Sequence[Any], zone: str | None = None, utc: bool = False, kind: Any = None) -> Times:
    return utc_times([column(values, kind)], "file", zone=zone, utc=utc)


def at(*moments: str) -> list[int]:
    """Nanoseconds by the standard library; what has no offset is UTC."""
    parsed = [datetime.fromisoformat(moment) for moment in moments]
    return [int((one if one.tzinfo else one.replace(tzinfo=UTC)).timestamp()) * NS for one in parsed]


UNITS = {"seconds": 1, "milliseconds": 10**3, "microseconds": 10**6, "nanoseconds": 10**9}
SECOND = 1_704_187_800


@pytest.mark.parametrize(("unit", "factor"), UNITS.items())
@pytest.mark.parametrize("kind", [pa.int64(), pa.float64(), pa.string(), pa.large_string(), pa.decimal128(25, 0)])
def test_the_unit_of_a_count_is_told_by_its_size(unit: str, factor: int, kind: Any) -> None:
    counts: list[Any] = [(SECOND + 60 * row) * factor for row in range(3)]
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        counts = [str(count) for count in counts]
    times = read([float(count) for count in counts] if pa.types.is_floating(kind) else counts, kind=kind)
    assert times.stamps.tolist() == [(SECOND + 60 * row) * NS for row in range(3)]
    assert (times.spelling, times.time_zone, times.zone_from, times.written) == (unit, "UTC", "file", None)


def test_fractions_of_a_unit_count_to_the_microsecond() -> None:
    for texts in (["1704187800.25", "1704187801"], ["1704187800250.0", "1704187801000.0"]):
        assert read(texts).stamps.tolist() == read([float(text) for text in texts]).stamps.tolist()
        assert read(texts).stamps.tolist() == [SECOND * NS + NS // 4, (SECOND + 1) * NS]


def test_counts_go_on_through_1970_between_rows_that_tell_their_unit() -> None:
    days = [int(day.timestamp()) for day in pd.date_range("1968-01-01", "1975-01-01", freq="D", tz="UTC")]
    assert read(days).stamps.tolist() == [day * NS for day in days]
    assert read(days[::-1]).stamps.tolist() == [day * NS for day in days][::-1]
    with pytest.raises(
        InvalidBars, match=r"counts seconds since 1970 \(.*\) or milliseconds since 1970 \(1969-09-17\)"
    ):
        read([day * 1000 for day in days])


REFUSED = {
    "a serial date of Excel": (["45301", "45302"], "row 0: '45301' is not a date.* Excel"),
    "a serial date and time": ([45301.40625], "row 0: 45301.40625 is not a date.* Excel"),
    "a serial date among counts": ([SECOND, 45301, SECOND + 60], "row 1: 45301 is not a date.* Excel"),
    "a small number": ([930, 935], "row 0: 930 is not a date, nor seconds since 1970"),
    "two units": ([5_000_000_000], r"row 0: 5000000000 counts seconds .*2128-06-11. or milliseconds .*1970-02-27"),
    "two units among others": ([SECOND, 5_000_000_000, SECOND + 60], "row 1: 5000000000 counts seconds"),
    "digits of a date among counts": (
        [SECOND, 20240131],
        "row 1: 20240131 is a date in digits, and row 0: 1704187800 is none",
    ),
    "no day of digits": (["20240131", "20240231"], "row 1: '20240231' is not a time"),
    "not finite": ([float("inf")], "row 0: inf: the time is not a finite number"),
    "beyond": ([9.3e18], "row 0: 9.3e.18: a time lies outside"),
    "Excel's rounding": (["1704187800000", "1.70419E+12"], "row 1: '1.70419E.12' is not a time"),
    "hexadecimal": (["1704187800", "0x65940000"], "row 1: '0x65940000' is not a time"),
    "a number among texts": (["2024-01-02 09:30", "1704187800"], "row 1: '1704187800' is a number among .*row 0"),
    "a text among numbers": (["1704187800", "2024-01-02 09:30"], "row 0: '1704187800' is a number among .*row 1"),
    "two digits for the year": (["01/31/24"], "row 0: '01/31/24' has no year of four digits"),
    "an hour of 24": (["2024-01-02 24:00"], "row 0: '2024-01-02 24:00' is not a time"),
    "a leap second": (["2016-12-31 23:59:60"], "row 0: '2016-12-31 23:59:60' is not a time"),
    "a range": (["2024-01-02 09:30-16:00"], "row 0: '2024-01-02 09:30-16:00': the time zone '-16:00' is not known"),
    "an abbreviation of several zones": (["2024-01-02 09:30 CST"], "time zone 'CST' is not known .write an offset"),
    "a zone's wrong name": (["2024-01-02 09:30 US/Estern"], "'US/Estern' is not known .*; did you mean 'US/Eastern'"),
    "a half of the day here and there": (["2024-01-02 1:30 PM", "2024-01-02 2:30"], "row 1: .* neither AM nor PM"),
    "both orders": (["13/02/2024", "02/13/2024"], "row 0: '13/02/2024' has the day first and row 1: '02/13/2024'"),
    "either order": (["01/01/2024", "02/01/2024"], "row 1: '02/01/2024' is 2024-01-02 or 2024-02-01: day and month"),
    "dots and the month first": (["01.02.2024", "02.13.2024"], "row 1: '02.13.2024' is not a time"),
    "some with an offset": (
        ["2024-01-02 09:30", "2024-01-02 09:35Z"],
        "row 1: .*carry none .row 0: '2024-01-02 09:30'",
    ),
    "a date among offsets": (["2024-01-02", "2024-01-03 00:00:00-05:00"], "row 1: .*carry none .row 0: '2024-01-02'"),
    "a word for the day of the week": (["bla Jan 02 2024"], "row 0: 'bla Jan 02 2024' is not a time"),
}


@pytest.mark.parametrize(("values", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_has_no_reading_or_two_is_refused_with_row_and_text(values: list[Any], message: str) -> None:
    with pytest.raises(InvalidBars, match=f"^file: .*{message}"):
        read(values)


def test_dates_and_moments_are_told_apart_row_by_row() -> None:
    days = [f"2024-01-{day:02}" for day in range(2, 12)]
    midnights = [f"{day} 00:00:00" for day in days]
    live = "2024-03-07 15:42:10"
    for bars in (days, midnights):
        for place in (0, 4, 10):
            times = read([*bars[:place], live, *bars[place:]])
            assert times.stamps.tolist() == at(*days[:place], live, *days[place:])
            assert (times.zone_from, times.written) == ("assumed", None)
    assert times.dates is None
    assert read([*days, live]).dates.tolist() == [True] * 10 + [False]
    assert (read([*days, live]).spelling, read(days).spelling, read(days).zone_from) == (
        "dates and texts",
        "dates",
        "file",
    )
    assert read(["20240102", "20240307 154210"]).stamps.tolist() == at("2024-01-02", live)
    assert read([20240102, 20240307154210]).stamps.tolist() == at("2024-01-02", live)


def test_rows_of_several_forms_are_read_where_each_is_certain() -> None:
    forms = ["2024-01-02", "03.01.2024", "20240104", "Jan 05, 2024", "8 January 2024", "2024/01/09", "01/16/2024"]
    days = at(*(f"2024-01-{day:02}" for day in (2, 3, 4, 5, 8, 9, 16)))
    assert read(forms).stamps.tolist() == days
    assert read(forms[::-1]).stamps.tolist() == days[::-1]
    assert (read(["31/01/2024"]).spelling, read(["01/31/2024"]).spelling) == ("dates, day first", "dates, month first")


EASTERN = ["2024-03-08", "2024-03-11", "2024-07-01", "2024-11-01", "2024-11-04"]


def test_zones_and_offsets_in_the_file_are_its_own_clock() -> None:
    ny = ZoneInfo("America/New_York")
    moments = [datetime.fromisoformat(f"{day} 09:30").replace(tzinfo=ny) for day in EASTERN]
    stamps, walls = [int(moment.timestamp()) * NS for moment in moments], at(*(f"{day} 09:30" for day in EASTERN))
    offsets = "-05:00 and -04:00"
    spelled = {
        "America/New_York": [f"{day} 09:30:00 America/New_York" for day in EASTERN],
        "US/Eastern": [f"{day.replace('-', '')} 09:30:00 US/Eastern" for day in EASTERN],
        offsets: [str(moment) for moment in moments],
    }
    columns: list[tuple[str, Any]] = [(zone, column(texts)) for zone, texts in spelled.items()]
    columns += [(offsets, column([moment.strftime("%d %b %Y %H:%M GMT%z") for moment in moments]))]
    columns += [(offsets, column([moment.strftime("%Y-%m-%dT%H:%M:%S%z") for moment in moments]))]
    columns += [(offsets, column([moment.strftime("%Y-%m-%d %I:%M %p %Z") for moment in moments]))]
    columns += [("America/New_York", column(np.array(stamps), pa.timestamp("ns", "America/New_York")))]
    for zone, texts in columns:
        for stated in (None, "America/New_York"):
            times = utc_times([texts], "file", zone=stated)
            assert times.stamps.tolist() == stamps
            assert times.written is not None
            assert times.written.tolist() == walls
            assert (times.time_zone, times.zone_from) == (zone, "file")
        with pytest.raises(InvalidBars, match=r"row 0: .*contradicts the stated time zone Europe/Berlin"):
            utc_times([texts], "file", zone="Europe/Berlin")


def test_zones_that_are_utc_need_no_clock_of_their_own() -> None:
    day = ["2024-01-02 09:30"]
    columns = [column([f"{day[0]}{end}"]) for end in ("Z", "+00:00", " UTC", " GMT", "+0000", " Etc/UTC", "-00:00")]
    columns += [column(np.array(at(*day)), pa.timestamp("ns", zone)) for zone in ("UTC", "+00:00", "Etc/UTC", "GMT")]
    for one in columns:
        times = utc_times([one], "file")
        assert (times.stamps.tolist(), times.written, times.time_zone, times.zone_from) == (
            at(*day),
            None,
            "UTC",
            "file",
        )
    assert read(day, utc=True).zone_from == "file"
    assert read(day, zone="UTC").zone_from == "stated"
    with pytest.raises(InvalidBars, match=r"is UTC by the name of its column, which contradicts .*Europe/Athens"):
        read(day, zone="Europe/Athens", utc=True)


def test_nameless_fixed_offsets_of_timestamps_are_kept() -> None:
    typed = column(np.array(at("2024-01-01T18:30")), pa.timestamp("ns", "+05:30"))
    times = utc_times([typed], "file")
    assert times.written is not None
    assert (times.written.tolist(), times.time_zone) == (at("2024-01-02"), "+05:30")
    with pytest.raises(InvalidBars, match="time zone 'Mars/Olympus' is not known"):
        utc_times([column(np.array([0]), pa.timestamp("ns", "Mars/Olympus"))], "file")


@pytest.mark.parametrize("kind", ["texts", "digits", "timestamps"])
def test_a_stated_zone_is_that_of_clock_times_without_one(kind: str) -> None:
    walls = pd.DatetimeIndex(["2024-03-08 09:30", "2024-03-11 09:30", "2024-11-04 09:30"])
    spelled: dict[str, Any] = {
        "texts": column(walls.strftime("%Y-%m-%d %H:%M").tolist()),
        "digits": column([int(text) for text in walls.strftime("%Y%m%d%H%M")]),
        "timestamps": column(walls.as_unit("ns").asi8, pa.timestamp("ns")),
    }
    times = utc_times([spelled[kind]], "file", zone="America/New_York")
    assert times.stamps.tolist() == walls.tz_localize("America/New_York").as_unit("ns").asi8.tolist()
    assert times.written is not None
    assert times.written.tolist() == walls.as_unit("ns").asi8.tolist()
    assert (times.time_zone, times.zone_from) == ("America/New_York", "stated")


def test_dates_and_counts_stay_what_they_are_in_a_stated_zone() -> None:
    for values in (["2024-01-02", "2024-01-03"], [20240102, 20240103], [date(2024, 1, 2), date(2024, 1, 3)]):
        times = read(values, zone="America/New_York")
        assert (times.stamps.tolist(), times.written, times.zone_from) == (at("2024-01-02", "2024-01-03"), None, "file")
        assert times.dates is not None
        assert times.dates.all()
    assert read([SECOND], zone="America/New_York").stamps.tolist() == [SECOND * NS]
    with pytest.raises(
        InvalidBars, match="row 0: '2024-01-02' is a date, and row 1: '2024-03-07 15:42' is a time of day"
    ):
        read(["2024-01-02", "2024-03-07 15:42"], zone="America/New_York")


@pytest.mark.parametrize(("name", "hint"), [("America/NewYork", "America/New_York"), ("Europe/Berln", "Europe/Berlin")])
def test_a_zone_that_there_is_not_is_refused_with_the_nearest_name(name: str, hint: str) -> None:
    with pytest.raises(InvalidInput, match=f"no time zone is named '{name}'; did you mean '{hint}'"):
        read(["2024-01-02"], zone=name)


def test_times_shown_twice_are_told_by_the_order_of_rows() -> None:
    moments = pd.date_range("2024-11-03 04:00", "2024-11-03 08:00", freq="15min", tz="UTC")
    walls = moments.tz_convert("America/New_York").strftime("%Y-%m-%d %H:%M").tolist()
    stamps = moments.as_unit("ns").asi8.tolist()
    assert read(walls, zone="America/New_York").stamps.tolist() == stamps
    assert read(walls[::-1], zone="America/New_York").stamps.tolist() == stamps[::-1]
    assert read([f"{wall} US/Eastern" for wall in walls]).stamps.tolist() == stamps
    with pytest.raises(InvalidBars, match=r"row 1: '2024-11-03 01:30' is a time that the clocks of .* show twice"):
        read(["2024-11-03 00:30", "2024-11-03 01:30", "2024-11-03 02:30"], zone="America/New_York")
    with pytest.raises(InvalidBars, match=r"row 1: '2024-03-10 02:30' is a time that the clocks of .* skip"):
        read(["2024-03-10 01:30", "2024-03-10 02:30"], zone="America/New_York")


def test_a_midnight_that_clocks_skip_is_the_beginning_of_its_day() -> None:
    days = ["2018-11-03 00:00", "2018-11-04 00:00", "2018-11-05 00:00"]
    times = read(days, zone="America/Sao_Paulo")
    assert times.stamps.tolist() == at("2018-11-03T00:00-03:00", "2018-11-04T01:00-02:00", "2018-11-05T00:00-02:00")
    assert times.written is not None
    assert times.written.tolist() == at(*days)


CLOCKS = {
    "midnights in digits": (["000000", "000000"], ["00:00:00", "00:00:00"]),
    "without zeros": (["9:30", "16:00"], ["09:30:00", "16:00:00"]),
    "hours and minutes": (["0930", "1600"], ["09:30:00", "16:00:00"]),
    "hours and minutes without zeros": ([0, 5, 930, 1600], ["00:00:00", "00:05:00", "09:30:00", "16:00:00"]),
    "with seconds, without zeros": ([0, 5500, 93000], ["00:00:00", "00:55:00", "09:30:00"]),
    "four digits beside six": (["0930", "093500"], ["09:30:00", "09:35:00"]),
    "halves of the day": (["9:30 AM", "4:00 pm"], ["09:30:00", "16:00:00"]),
}


@pytest.mark.parametrize(("clocks", "wanted"), CLOCKS.values(), ids=CLOCKS.keys())
def test_a_time_of_day_may_have_a_column_of_its_own(clocks: list[Any], wanted: list[str]) -> None:
    for days in (["2024.01.02"] * len(clocks), [20240102] * len(clocks), [date(2024, 1, 2)] * len(clocks)):
        times = utc_times([column(days), column(clocks)], "file")
        assert times.stamps.tolist() == at(*(f"2024-01-02T{clock}" for clock in wanted))


def test_digits_of_a_time_of_day_that_can_be_read_in_two_ways_are_refused() -> None:
    with pytest.raises(InvalidBars, match="row 0: the time of day '930' is 09:30 or 00:09:30"):
        utc_times([column(["20240102"] * 2), column([930, 93500])], "file")


@pytest.mark.parametrize("zone", ["right/UTC", "localtime", "posixrules", "Factory"])
def test_names_of_the_database_that_are_no_zone_of_anywhere(zone: str) -> None:
    with pytest.raises(InvalidInput, match="no time zone is named"):
        read(["2024-01-02 09:30"], zone=zone)
