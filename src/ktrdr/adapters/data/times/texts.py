"""Times that are texts, whatever they look like."""

from __future__ import annotations

import re

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

_DATE_LENGTH, _ZONE_LENGTH = len("2024-01-31"), len("+05:30")
_TAIL = re.compile(r"(?:Z|[+-]\d{2}(?::?\d{2})?)$")
_AFTER_NOON = 2
_NUMBER = r"^[+-]?\d+(\.\d*)?$"


def from_text(text: Column, lengths: Int64s, clock: Clock) -> Times:
    """Return texts as times, each row by itself; those of ISO 8601 at full speed.

    Raises
    ------
    InvalidBars
        If one is not a time, day and month cannot be told apart, or some carry a zone and some carry none.
    """
    walls = _iso(text)
    if walls is not None:
        clocked = lengths > _DATE_LENGTH
        return clock.naive(walls, clocked, _spelling(clocked))
    ended = _iso_with_offset(text) if lengths.min() > _DATE_LENGTH + _ZONE_LENGTH else None
    if ended is not None:
        walls, ahead = ended
        return clock.zoned(walls - ahead, walls, np.unique(ahead).tolist(), "texts")
    if pc.all(pc.ascii_is_decimal(text)).as_py() or (re.match(_NUMBER, text[0].as_py()) and _are_numbers(text).all()):
        return from_numbers(text, clock)
    return _of_any_form(text, clock)


def _iso(text: Column) -> Int64s | None:
    """Return times of ISO 8601 without zone; None if there is another, on which a cast of all would lose time."""
    try:
        pc.cast(text.slice(0, 1), pa.timestamp("ns"))
        return values_of(pc.cast(pc.cast(text, pa.timestamp("ns")), pa.int64()), np.int64)
    except pa.ArrowInvalid:
        return None


def _iso_with_offset(text: Column) -> tuple[Int64s, Int64s] | None:
    """Return clock times and how far they are ahead of UTC, if all texts are of ISO 8601 and end like the first."""
    tail = _TAIL.search(text[0].as_py())
    if tail is None:
        return None
    length = len(tail.group())
    if pc.all(pc.ends_with(text, tail.group())).as_py():
        offset = clock_of_zone(tail.group())
        if not isinstance(offset, int):
            return None
        walls = _iso(pc.utf8_slice_codeunits(text, 0, -length))
        return None if walls is None else (walls, np.broadcast_to(np.int64(offset), walls.shape))
    tails = pc.utf8_slice_codeunits(text, -length)
    if not all(isinstance(clock_of_zone(one), int) for one in pc.unique(tails).to_pylist()):
        return None
    walls = _iso(pc.utf8_slice_codeunits(text, 0, -length))
    return None if walls is None else (walls, of_each(tails, lambda one: int(clock_of_zone(one) or 0)))


def _are_numbers(text: Column) -> Bools:
    return values_of(pc.cast(pc.match_substring_regex(text, _NUMBER), pa.uint8()), np.uint8) > 0


def _of_any_form(text: Column, clock: Clock) -> Times:
    cells = read_forms(text)
    _refuse_unread(cells.year == 0, text, clock)
    hour, fits = _hours(cells)
    month, day, order = _months_and_days(cells, clock)
    walls, right = moments_of_parts(cells.year, month, day, hour, cells.minute, cells.second)
    _refuse_impossible(~(fits & right), cells.year, clock)
    _refuse_missing_halves(cells, clock)
    spelling = f"{_spelling(cells.clocked)}{order}"
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
    times = clock.zoned(stamps, walls, found, spelling)
    return times if cells.clocked.all() else times._replace(dates=~cells.clocked)


def _hours(cells: Cells) -> tuple[Int64s, Bools]:
    """Return hours of the day, and where they are right: 1 to 12 on a clock of two halves."""
    halved, late = cells.half > 0, cells.half == _AFTER_NOON
    return np.where(halved, cells.hour % 12 + 12 * late, cells.hour), ~halved | _is_within_half(cells.hour)


def _is_within_half(hour: Int64s) -> Bools:
    within: Bools = (hour >= 1) & (hour <= 12)
    return within


def _refuse_missing_halves(cells: Cells, clock: Clock) -> None:
    halved = cells.half > 0
    unclear = ~halved & cells.clocked & _is_within_half(cells.hour)
    if halved.any() and unclear.any():
        other = clock.at(int(halved.argmax()), "")
        raise InvalidBars(f"{clock.at(int(unclear.argmax()))} says neither AM nor PM, as others do ({other})")


def _months_and_days(cells: Cells, clock: Clock) -> tuple[Int64s, Int64s, str]:
    """Return months and days, and which comes first, if they stand before the year.

    With dots between them the day comes first, as in Germany; of others all rows together must tell.
    """
    if not cells.either.any():
        return cells.month, cells.day, ""
    told = cells.either & ~cells.dotted
    day_first, month_first = told & (cells.month > 12), told & (cells.day > 12)
    if day_first.any() and month_first.any():
        raise InvalidBars(
            f"{clock.at(int(day_first.argmax()))} has the day first and {clock.at(int(month_first.argmax()), '')} the "
            "month: day and month cannot be told apart; write them as 2024-01-31"
        )
    unclear = told & (cells.month != cells.day)
    if unclear.any() and not (day_first.any() or month_first.any()):
        row = int(unclear.argmax())
        year, one, other = int(cells.year[row]), int(cells.month[row]), int(cells.day[row])
        raise InvalidBars(
            f"{clock.at(row)} is {year}-{other:02}-{one:02} or {year}-{one:02}-{other:02}: day and month cannot be "
            "told apart (no day is above 12); write them as 2024-01-31"
        )
    swapped = cells.either & (cells.dotted | bool(day_first.any()))
    month, day = np.where(swapped, cells.day, cells.month), np.where(swapped, cells.month, cells.day)
    return month, day, ", day first" if swapped.any() else ", month first"


def _refuse_unread(unread: Bools, text: Column, clock: Clock) -> None:
    if not unread.any():
        return
    numbers = _are_numbers(text)
    strange = unread & ~numbers
    row = int((strange if strange.any() else unread).argmax())
    found = text[row].as_py()
    if not strange.any():
        other = clock.at(int(numbers.argmin()), "")
        raise InvalidBars(f"{clock.at(row)} is a number among times that are written otherwise ({other})")
    if re.search(r"\d", found) and not re.search(r"\d{4}", found):
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
