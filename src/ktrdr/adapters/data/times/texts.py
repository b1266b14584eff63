"""Times as people and vendors write them."""

from __future__ import annotations

import re
from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ktrdr.adapters.data.arrow import Column, is_missing, values_of
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars, shown

_ISO = (pa.timestamp("ns"), pa.timestamp("ns", "UTC"))
_CLOCK = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?)?"
    r"\s*(?P<half>[AaPp])?(?:\.?[Mm]\.?)?)?"
)
_ZONE = r"\s*(?P<zone>Z|UTC|GMT)?(?:(?P<side>[+-])(?P<ahead>\d{2}):?(?P<more>\d{2})?)?"
_MONTH = r"(?P<name>[A-Za-z]{3})[a-z]*\.?"
_DATES = (
    r"(?P<year>\d{4})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    r"(?P<a>\d{1,2})[./-](?P<b>\d{1,2})[./-](?P<year>\d{4})",
    rf"(?:[A-Za-z]+,?\s+)?{_MONTH}[\s-](?P<day>\d{{1,2}}),?[\s-](?P<year>\d{{4}})",
    rf"(?:[A-Za-z]+,?\s+)?(?P<day>\d{{1,2}})[\s-]{_MONTH},?[\s-](?P<year>\d{{4}})",
)
_FORMS = tuple(f"^{date}{_CLOCK}{_ZONE}$" for date in _DATES)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_PARTS = ("year", "month", "day", "hour", "minute", "second", "part", "ahead", "more", "a", "b")
_FIRST_YEAR, _LAST_YEAR = 1678, 2261
_ADVICE = "write times as 2024-01-31 09:30 (UTC)"


def from_text(text: Column, source: str) -> Int64s:
    """Return texts that are all written alike as UTC nanoseconds; what has no zone is taken as UTC.

    Raises
    ------
    InvalidBars
        If one is not a time or is written otherwise, day and month cannot be told apart, or some carry an offset and
        some carry none.
    """
    for kind in _ISO:
        try:
            return values_of(pc.cast(pc.cast(text, kind), pa.int64()), np.int64)
        except pa.ArrowInvalid:
            continue
    first = text[0].as_py()
    if not re.search(r"\d{4}", first):
        raise InvalidBars(f"{source}: row 0: {shown(first)} has no year of four digits")
    form = next((form for form in _FORMS if re.match(form, first)), _FORMS[0])
    found = pc.extract_regex(text, form).combine_chunks()
    names = [field.name for field in found.type]
    cells = {name: found.field(place) for place, name in enumerate(names)}
    _refuse(is_missing(found), text, source)
    _refuse_stray_offsets(cells, text, source)
    parts = {name: _whole(cells[name]) for name in _PARTS if name in cells}
    parts["part"] = parts["part"] * 10 ** (9 - values_of(pc.cast(pc.utf8_length(cells["part"]), pa.int64()), np.int64))
    if "name" in cells:
        parts["month"] = _months(cells["name"])
    if "a" in cells:
        swapped = _day_comes_first(parts["a"], parts["b"], "." in first[:3], first, source)
        parts["day"], parts["month"] = (parts["a"], parts["b"]) if swapped else (parts["b"], parts["a"])
    hour, fits = _hours(parts["hour"], cells["half"])
    times, right = _moments(parts["year"], parts["month"], parts["day"], hour, parts["minute"], parts["second"])
    _refuse(~(fits & right), text, source, parts["year"])
    offset = (parts["ahead"] * 60 + parts["more"]) * 60 * 10**9
    return times + parts["part"] - np.where(_is(cells["side"], "-"), -offset, offset)


def from_compact(numbers: NDArray[np.int64] | NDArray[np.float64], source: str) -> Int64s | None:
    """Return numbers such as 20240131 or 20240131093000 as UTC nanoseconds; None where they are not written so.

    Raises
    ------
    InvalidBars
        If they are, but for one.
    """
    for digits in (8, 12, 14):
        if 1900 * 10 ** (digits - 4) <= numbers.min() and numbers.max() < 2101 * 10 ** (digits - 4):
            date, clock = np.divmod(numbers.astype(np.int64), 10 ** (digits - 8))
            clock = clock * 10 ** (14 - digits)
            times, right = _moments(
                date // 10000, date // 100 % 100, date % 100, clock // 10000, clock // 100 % 100, clock % 100
            )
            if not right.all():
                row = int((~right).argmax())
                raise InvalidBars(f"{source}: row {row}: {str(numbers[row])!r} is not a time; {_ADVICE}")
            return times
    return None


def _moments(
    year: Int64s, month: Int64s, day: Int64s, hour: Int64s, minute: Int64s, second: Int64s
) -> tuple[Int64s, NDArray[np.bool_]]:
    """Return UTC nanoseconds, and where the parts are those of a time."""
    right = (year >= _FIRST_YEAR) & (year <= _LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(right, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(right, day, 1) - 1)
    right &= (days.astype("datetime64[M]") == months) & (hour < 24) & (minute < 60) & (second < 60)
    return (days.astype(np.int64) * 86400 + hour * 3600 + minute * 60 + second) * 10**9, right


def _whole(cells: pa.Array) -> Int64s:
    """Return digits as numbers, and 0 where there are none."""
    return values_of(pc.cast(pc.replace_substring_regex(cells, "^$", "0"), pa.int64()), np.int64)


def _is(cells: pa.Array, pattern: str) -> NDArray[np.bool_]:
    fits = pc.match_substring_regex(cells, f"^{pattern}$", ignore_case=True)
    return values_of(pc.cast(fits, pa.uint8()), np.uint8).astype(np.bool_)


def _months(names: pa.Array) -> Int64s:
    """Return the numbers of months by the first letters of their names, 0 for other words."""
    months = np.zeros(len(names), dtype=np.int64)
    for number, name in enumerate(_MONTHS, start=1):
        months[_is(names, name)] = number
    return months


def _hours(hour: Int64s, half: pa.Array) -> tuple[Int64s, NDArray[np.bool_]]:
    """Return hours of the day, and where they are right: 1 to 12 on a clock of two halves."""
    halved, late = _is(half, "[ap]"), _is(half, "p")
    return np.where(halved, hour % 12 + 12 * late, hour), ~halved | ((hour >= 1) & (hour <= 12))


def _day_comes_first(one: Int64s, other: Int64s, dotted: bool, first: str, source: str) -> bool:
    """Return whether ``01.02.2024`` is in February, as the whole column tells."""
    day_first, month_first = bool((one > 12).any()), bool((other > 12).any())
    if not day_first and not month_first and dotted:
        return True
    if day_first == month_first:
        why = "some have the day first and some the month" if day_first else "no day is above 12"
        raise InvalidBars(
            f"{source}: day and month cannot be told apart in dates such as {shown(re.split('[T ]', first)[0])} "
            f"({why}); write them as 2024-01-31"
        )
    return day_first


def _refuse_stray_offsets(cells: Mapping[str, pa.Array], text: Column, source: str) -> None:
    bare = _is(cells["zone"], "") & _is(cells["side"], "")
    if not bare.any() or bare.all():
        return
    without, having = (f"row {row}: {shown(text[row].as_py())}" for row in (int(bare.argmax()), int(bare.argmin())))
    raise InvalidBars(
        f"{source}: some times carry an offset from UTC ({having}) and some carry none ({without}); "
        "write it at all of them, or at none, which is UTC"
    )


def _refuse(broken: NDArray[np.bool_], text: Column, source: str, years: Int64s | None = None) -> None:
    if not broken.any():
        return
    row = int(broken.argmax())
    found = text[row].as_py()
    if years is not None and not _FIRST_YEAR <= years[row] <= _LAST_YEAR:
        raise InvalidBars(f"{source}: row {row}: {shown(found)}: a time lies outside the years 1678 to 2262")
    raise InvalidBars(f"{source}: row {row}: {shown(found)} is not a time; {_ADVICE}")
