"""Time stamps of any common spelling as UTC nanoseconds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, decoded, is_missing, is_text, values_of
from ktrdr.adapters.data.reading import reason_of
from ktrdr.adapters.data.times.numbers import from_numbers
from ktrdr.adapters.data.times.texts import from_text
from ktrdr.adapters.data.times.zones import Clock, Times, clock_of_zone, is_utc, is_zone, require_zone
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars, shown
from ktrdr.domain.market.clocks import wall_time


def utc_times(
    columns: Sequence[Column], source: str, name: str = "timestamp", zone: str | None = None, utc: bool = False
) -> Times:
    """Return times, dates, epoch numbers or texts as UTC nanoseconds, and how they were understood.

    Every row is read by itself, but for what only the whole column can tell: whether the day or the month comes first,
    and which of two is meant where a clock shows a time twice.

    Parameters
    ----------
    columns : sequence of columns
        The times; or dates and times of day, which may be written ``9:30``, ``0930`` or ``93000``.
    source : str
        What messages call the file.
    name : str
        What they call the time.
    zone : str, optional
        IANA name of the zone of clock times that carry none; dates are dates in every zone.
    utc : bool
        Whether the column's own name says that it is UTC.

    Raises
    ------
    InvalidInput
        If there is no such zone.
    InvalidBars
        If a value is missing or is not a time, can be read in two ways, contradicts the stated zone, or is skipped by
        the clocks of its zone.
    """
    require_zone(zone)
    column = decoded(columns[0]) if len(columns) == 1 else _joined(decoded(columns[0]), decoded(columns[1]), source)
    if is_text(column.type):
        column = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    lengths = _lengths(column) if is_text(column.type) else np.ones(len(column), dtype=np.int64)
    lacking = is_missing(column) | (lengths == 0)
    if lacking.any():
        raise InvalidBars(f"{source}: row {int(lacking.argmax())}: {name} is missing")
    clock = Clock(source, lambda row: shown(column[row].as_py()), zone, utc)
    return _parsed(column, lengths, clock) if len(column) else Times(np.empty(0, dtype=np.int64))


def _parsed(column: Column, lengths: Int64s, clock: Clock) -> Times:
    kind = column.type
    if pa.types.is_date(kind):
        return Times(_counted(column, clock), spelling="dates")
    if pa.types.is_timestamp(kind):
        return _of_timestamps(column, clock)
    if is_text(kind):
        return from_text(column, lengths, clock)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return from_numbers(column, clock)
    raise InvalidBars(f"{clock.source}: times must be dates, moments, numbers or texts; found {kind}")


def _of_timestamps(column: Column, clock: Clock) -> Times:
    times, zone = _counted(column, clock), column.type.tz
    clock = replace(clock, text=lambda row: repr(str(times[row].astype("datetime64[ns]"))))
    if zone is None:
        return clock.naive(times, np.ones(len(times), dtype=np.bool_), "timestamps")
    own = zone if is_zone(zone) and not is_utc(zone) else clock_of_zone(zone)
    if own is None:
        clock.refuse_zone(zone)
    if own == 0:
        return Times(times, spelling="timestamps")
    walls = wall_time(times, own) if isinstance(own, str) else times + own
    return clock.zoned(times, walls, [own], "timestamps")


def _counted(column: Column, clock: Clock) -> Int64s:
    zone = column.type.tz if pa.types.is_timestamp(column.type) else None
    try:
        times = pc.cast(pc.cast(column, pa.timestamp("ns", zone)), pa.int64())
    except pa.ArrowInvalid as error:
        raise InvalidBars(f"{clock.source}: a time lies outside the years 1678 to 2262 ({reason_of(error)})") from error
    return values_of(times, np.int64)


def _lengths(text: Column) -> Int64s:
    return values_of(pc.cast(pc.binary_length(text), pa.int64()), np.int64)


def _joined(dates: Column, clocks: Column, source: str) -> Column:
    """Return ``date time`` as text."""
    days = pc.cast(dates, pa.date32()) if pa.types.is_timestamp(dates.type) else dates
    day, clock = (pc.utf8_trim_whitespace(pc.cast(column, pa.string())) for column in (days, clocks))
    blank = pc.replace_substring_regex(clock, "^.*$", " ")
    return pc.binary_join_element_wise(day, _padded(clock, source), blank)


def _padded(clock: Column, source: str) -> Column:
    """Return times of day of digits alone as six of them, which may lack zeros before them; others as they are."""
    bare = pc.match_substring_regex(clock, r"^\d{1,6}$")
    if not pc.all(bare).as_py() or not len(clock):
        return clock
    short = pc.match_substring_regex(clock, r"^([1-9]|[1-9]\d{1,3})$")
    if _lengths(clock).max() <= 4:
        return pc.utf8_rpad(pc.utf8_lpad(clock, 4, "0"), 6, "0")
    if pc.any(short).as_py() and pc.all(pc.match_substring_regex(clock, r"^(\d{5,}|\d?\d?[0-5]\d)$")).as_py():
        row = int(values_of(pc.cast(short, pa.uint8()), np.uint8).argmax())
        hour, minute = divmod(int(clock[row].as_py()), 100)
        raise InvalidBars(
            f"{source}: row {row}: the time of day {clock[row].as_py()!r} is {hour:02}:{minute:02} or "
            f"00:{hour:02}:{minute:02}; write it as 09:30:00"
        )
    return pc.utf8_lpad(clock, 6, "0")
