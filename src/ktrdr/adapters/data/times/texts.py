"""Times that are texts, whatever they look like."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, values_of
from ktrdr.adapters.data.times.forms import Cells, of_each, read_forms
from ktrdr.adapters.data.times.numbers import from_numbers
from ktrdr.adapters.data.times.parts import ADVICE, FIRST_YEAR, LAST_YEAR, moments_of_parts
from ktrdr.adapters.data.times.zones import Clock, Times, clock_of_zone
from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidBars

_DATE_LENGTH = len("2024-01-31")
_LONGEST_ZONE = len("+05:30")
_TAIL = re.compile(r"(?:Z|[+-]\d{2}(?::?\d{2})?)$")
_NUMBER = r"^[+-]?\d+(\.\d*)?$"


def from_text(text: Column, lengths: Int64s, clock: Clock) -> Times:
    """Return texts as times, each row by itself; those of ISO 8601 at full speed.

    Raises
    ------
    InvalidBars
        If one is not a time, day and month cannot be told apart, or some carry a zone and some carry none.
    """
    try:
        walls = _cast(text, pa.timestamp("ns"))
    except pa.ArrowInvalid:
        pass
    else:
        clocked = lengths > _DATE_LENGTH
        return clock.naive(walls, clocked, _spelling(clocked))
    try:
        stamps = _cast(text, pa.timestamp("ns", "UTC"))
    except pa.ArrowInvalid:
        return _of_any_form(text, clock)
    if pc.all(pc.match_substring_regex(text, r"(Z|\+00:?(00)?)$")).as_py():
        return clock.zoned(stamps, stamps, [0], "texts")
    ahead = of_each(pc.utf8_slice_codeunits(text, -_LONGEST_ZONE), _offset)
    return clock.zoned(stamps, stamps + ahead, np.unique(ahead).tolist(), "texts")


def _of_any_form(text: Column, clock: Clock) -> Times:
    numeric = _bools(pc.match_substring_regex(text, _NUMBER))
    if numeric.all():
        return from_numbers(text, clock)
    cells = read_forms(text)
    _refuse_unread(cells, numeric, text, clock)
    hour, fits = _hours(cells, clock)
    month, day, order = _months_and_days(cells, clock)
    walls, right = moments_of_parts(cells.year, month, day, hour, cells.minute, cells.second)
    _refuse_impossible(~(fits & right), cells.year, clock)
    spelling = f"{_spelling(cells.clocked | cells.zoned)}{order}"
    if not cells.zoned.any():
        return clock.naive(walls + cells.part, cells.clocked, spelling)
    return _in_own_zones(walls + cells.part, cells, spelling, clock)


def _in_own_zones(walls: Int64s, cells: Cells, spelling: str, clock: Clock) -> Times:
    _refuse_stray_zones(cells.zoned, clock)
    stamps = walls.copy()
    found: list[str | int] = []
    for place, name in enumerate(cells.zones[1:], start=1):
        rows = np.flatnonzero(cells.zone == place)
        own = clock_of_zone(name)
        if own is None:
            clock.refuse_zone(name, int(rows[0]))
        stamps[rows] = clock.moments(walls[rows], own, rows) if isinstance(own, str) else walls[rows] - own
        found.append(own)
    return clock.zoned(stamps, walls, found, spelling)


def _hours(cells: Cells, clock: Clock) -> tuple[Int64s, Bools]:
    """Return hours of the day, and where they are right: 1 to 12 on a clock of two halves."""
    hour, halved = cells.hour, cells.half > 0
    unclear = ~halved & cells.clocked & (hour >= 1) & (hour <= 12)
    if halved.any() and unclear.any():
        other = clock.at(int(halved.argmax()), "")
        raise InvalidBars(f"{clock.at(int(unclear.argmax()))} says neither AM nor PM, as others do ({other})")
    late = cells.half == 2
    return np.where(halved, hour % 12 + 12 * late, hour), ~halved | ((hour >= 1) & (hour <= 12))


def _months_and_days(cells: Cells, clock: Clock) -> tuple[Int64s, Int64s, str]:
    """Return months and days, and which comes first if that had to be told, as the whole column does."""
    rows = cells.either
    if not rows.any():
        return cells.month, cells.day, ""
    one, other = cells.month, cells.day
    day_first, month_first = rows & (one > 12), rows & (other > 12)
    if day_first.any() and month_first.any():
        raise InvalidBars(
            f"{clock.at(int(day_first.argmax()))} has the day first and {clock.at(int(month_first.argmax()), '')} the "
            "month: day and month cannot be told apart (some have the day first and some the month); write them as "
            "2024-01-31"
        )
    open_rows = rows & (one != other)
    german = bool((cells.dotted | ~open_rows).all())
    if not (day_first.any() or month_first.any() or german):
        row = int((open_rows & ~cells.dotted).argmax())
        year, first, second = (int(part[row]) for part in (cells.year, one, other))
        raise InvalidBars(
            f"{clock.at(row)} is {year}-{second:02}-{first:02} or {year}-{first:02}-{second:02}: day and month cannot "
            "be told apart (no day is above 12); write them as 2024-01-31"
        )
    if month_first.any():
        return one, other, ", month first"
    return np.where(rows, other, one), np.where(rows, one, other), ", day first"


def _refuse_unread(cells: Cells, numeric: Bools, text: Column, clock: Clock) -> None:
    unread = cells.year == 0
    if not unread.any():
        return
    row = int(np.where((unread & ~numeric).any(), unread & ~numeric, unread).argmax())
    if numeric[row]:
        other = clock.at(int(numeric.argmin()), "")
        raise InvalidBars(f"{clock.at(row)} is a number among times that are written otherwise ({other})")
    if re.search(r"\d", text[row].as_py()) and not re.search(r"\d{4}", text[row].as_py()):
        raise InvalidBars(f"{clock.at(row)} has no year of four digits; {ADVICE}")
    raise InvalidBars(f"{clock.at(row)} is not a time; {ADVICE}")


def _refuse_impossible(broken: Bools, years: Int64s, clock: Clock) -> None:
    if not broken.any():
        return
    row = int(broken.argmax())
    if not FIRST_YEAR <= years[row] <= LAST_YEAR:
        raise InvalidBars(f"{clock.at(row)}: a time lies outside the years 1678 to 2262")
    raise InvalidBars(f"{clock.at(row)} is not a time; {ADVICE}")


def _refuse_stray_zones(zoned: Bools, clock: Clock) -> None:
    if zoned.all():
        return
    without, having = clock.at(int(zoned.argmin()), ""), clock.at(int(zoned.argmax()), "")
    raise InvalidBars(
        f"{clock.source}: some times carry an offset from UTC ({having}) and some carry none ({without}); "
        "write it at all of them, or at none, which is UTC"
    )


def _spelling(clocked: Bools) -> str:
    return "texts" if clocked.all() else "dates and texts" if clocked.any() else "dates"


def _offset(tail: str) -> int:
    """Return nanoseconds ahead of UTC of a time that ends so."""
    found = _TAIL.search(tail)
    own = clock_of_zone(found.group()) if found else 0
    return own if isinstance(own, int) else 0


def _cast(text: Column, kind: pa.DataType) -> Int64s:
    return values_of(pc.cast(pc.cast(text, kind), pa.int64()), np.int64)


def _bools(column: Column) -> Bools:
    flags: Any = values_of(pc.cast(column, pa.uint8()), np.uint8)
    return np.asarray(flags, dtype=np.bool_)
