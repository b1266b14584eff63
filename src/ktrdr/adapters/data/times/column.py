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

_HOUR_AND_MINUTE = len("0930")
_SHORT = r"^([1-9]\d{0,3}|0[1-9]\d?|00[1-9])$"
_SHORT_OR_LONG = r"^(\d{5,}|0?\d?[0-5]?\d|1\d[0-5]\d|2[0-3][0-5]\d)$"
"""Digits that are hours and minutes, or more than four."""


def utc_times(
    columns: Sequence[Column],
    source: str,
    name: str = "timestamp",
    zone: str | None = None,
    utc: bool = False,
    rows: Int64s | None = None,
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
    rows : ndarray of int64, shape (n,), optional
        Rows of the file in which they stand, where some are left out.

    Raises
    ------
    InvalidInput
        If there is no such zone.
    InvalidBars
        If a value is missing or is not a time, can be read in two ways, contradicts the stated zone, or is skipped by
        the clocks of its zone.
    """
    require_zone(zone)
    clock = Clock(source, lambda row: shown(column[row].as_py()), zone, utc, rows)
    column = decoded(columns[0]) if len(columns) == 1 else _joined(decoded(columns[0]), decoded(columns[1]), clock)
    if is_text(column.type):
        column = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    del columns
    _require_all(column, clock, name)
    return _parsed(column, clock) if len(column) else Times(np.empty(0, dtype=np.int64))


def _require_all(column: Column, clock: Clock, name: str) -> None:
    lacking = is_missing(column) if column.null_count else np.zeros(0, dtype=np.bool_)
    if is_text(column.type) and not lacking.any():
        lacking = _lengths(column) == 0
    if lacking.any():
        raise InvalidBars(f"{clock.place(int(lacking.argmax()))}: {name} is missing")


def _parsed(column: Column, clock: Clock) -> Times:
    kind = column.type
    if pa.types.is_date(kind):
        return Times(_counted(column, clock), spelling="dates", dates=np.ones(len(column), dtype=np.bool_))
    if pa.types.is_timestamp(kind):
        return _of_timestamps(column, clock)
    if is_text(kind):
        return from_text(column, _lengths(column), clock)
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


def _joined(dates: Column, hours: Column, clock: Clock) -> Column:
    """Return ``date time`` as text."""
    days = pc.cast(dates, pa.date32()) if pa.types.is_timestamp(dates.type) else dates
    day, hour = (pc.utf8_trim_whitespace(pc.cast(column, pa.string())) for column in (days, hours))
    blank = pc.replace_substring_regex(hour, "^.*$", " ")
    return pc.binary_join_element_wise(day, _padded(hour, clock), blank)


def _padded(hours: Column, clock: Clock) -> Column:
    """Return times of day of digits alone as six of them; others as they are.

    Without zeros before them they are hours and minutes if no row has more than four digits, and are refused if some
    have and others could be hours and minutes all the same.
    """
    if not len(hours) or not pc.all(pc.match_substring_regex(hours, r"^\d{1,6}$")).as_py():
        return hours
    if _lengths(hours).max() <= _HOUR_AND_MINUTE:
        return pc.utf8_rpad(pc.utf8_lpad(hours, _HOUR_AND_MINUTE, "0"), 6, "0")
    six = pc.replace_substring_regex(hours, r"^(0\d{3})$", r"\100")
    unclear = values_of(pc.cast(pc.match_substring_regex(six, _SHORT), pa.uint8()), np.uint8)
    if unclear.any() and pc.all(pc.match_substring_regex(six, _SHORT_OR_LONG)).as_py():
        row = int(unclear.argmax())
        found = hours[row].as_py()
        one, other = f"{found:0>4}", f"{found:0>6}"
        raise InvalidBars(
            f"{clock.place(row)}: the time of day {found!r} is {one[:2]}:{one[2:]} or "
            f"{other[:2]}:{other[2:4]}:{other[4:]}; write it as 09:30:00"
        )
    return pc.utf8_lpad(six, 6, "0")
