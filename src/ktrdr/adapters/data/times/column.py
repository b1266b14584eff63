"""Time stamps of any common spelling as UTC nanoseconds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, decoded, first_unreadable, is_missing, is_text, values_of
from ktrdr.adapters.data.reading import reason_of
from ktrdr.adapters.data.times.texts import from_compact, from_text
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars, shown
from ktrdr.domain.market.reading import ZoneFrom

_EPOCH_UNITS = ((1e11, 10**9), (1e14, 10**6), (1e17, 10**3), (np.inf, 1))
"""Numbers below a limit count units of so many nanoseconds since 1970."""
_SMALLEST_EPOCH = 1e7
_OUTSIDE = "a time lies outside the years 1678 to 2262"
_DIGITS = r"^[+-]?\d+(\.\d*)?$"


class Times(NamedTuple):
    """A column of times, and how it was understood; see `ktrdr.domain.market.reading.Reading`.

    Attributes
    ----------
    stamps : ndarray of int64, shape (n,)
        UTC nanoseconds since the epoch, in the file's order.
    written : ndarray of int64, shape (n,) or None
        What the file's own clock shows at each, in nanoseconds of that clock; None where that clock is UTC.
    spelling : str
        How they are written (``dates``, ``texts``, ``milliseconds and microseconds``).
    time_zone : str
        ``UTC``, an IANA name, or offsets such as ``-05:00 and -04:00``.
    zone_from : str
        ``file`` where the times say so themselves or need none, ``stated`` where somebody did, ``assumed`` where
        nobody does.
    """

    stamps: Int64s
    written: Int64s | None = None
    spelling: str = "texts"
    time_zone: str = "UTC"
    zone_from: ZoneFrom = "file"


def utc_times(
    columns: Sequence[Column],
    source: str,
    name: str = "timestamp",
    zone: str | None = None,
    utc: bool = False,  # noqa: ARG001
) -> Times:
    """Return times, dates, epoch numbers or texts as UTC nanoseconds, and how they were understood.

    Parameters
    ----------
    columns : sequence of columns
        The times; or dates and times of day, which may be written ``9:30``, ``0930`` or ``93000``.
    source : str
        What messages call the file.
    name : str
        What they call the time.
    zone : str, optional
        IANA name of the zone of clock times that carry none.
    utc : bool
        Whether the column's own name says that it is UTC.

    Raises
    ------
    InvalidBars
        If a value is missing or is not a time, or day and month cannot be told apart.
    """
    column = decoded(columns[0]) if len(columns) == 1 else _joined(*map(decoded, columns))
    if is_text(column.type):
        column = pc.utf8_trim_whitespace(column)
        lacking = is_missing(column) | (values_of(pc.cast(pc.binary_length(column), pa.int64()), np.int64) == 0)
    else:
        lacking = is_missing(column)
    if lacking.any():
        raise InvalidBars(f"{source}: row {int(lacking.argmax())}: {name} is missing")
    return Times(_parsed(column, source) if len(column) else np.empty(0, dtype=np.int64))


def _parsed(column: Column, source: str) -> Int64s:
    kind = column.type
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return _counted(column, source)
    if is_text(kind):
        first = column[0].as_py()
        if not first.replace(".", "", 1).isdigit():
            return from_text(column, source)
        return _from_numbers(_as_numbers(column, source), source)
    if pa.types.is_integer(kind):
        return _from_numbers(pc.cast(column, pa.int64()), source)
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return _from_numbers(pc.cast(column, pa.float64()), source)
    raise InvalidBars(f"{source}: times must be dates, moments, numbers or texts; found {kind}")


def _counted(column: Column, source: str) -> Int64s:
    zone = column.type.tz if pa.types.is_timestamp(column.type) else None
    try:
        times = pc.cast(pc.cast(column, pa.timestamp("ns", zone)), pa.int64())
    except pa.ArrowInvalid as error:
        raise InvalidBars(f"{source}: {_OUTSIDE} ({reason_of(error)})") from error
    return values_of(times, np.int64)


def _as_numbers(text: Column, source: str) -> Column:
    for kind in (pa.int64(), pa.float64()):
        try:
            return pc.cast(text, kind)
        except pa.ArrowInvalid:
            continue
    row = first_unreadable(text, _DIGITS)
    raise InvalidBars(
        f"{source}: row {row}: the time is not a number as in the first row; found {shown(text[row].as_py())}"
    )


def _from_numbers(column: Column, source: str) -> Int64s:
    numbers = values_of(column, np.int64 if pa.types.is_integer(column.type) else np.float64)
    if not np.isfinite(numbers).all():
        raise InvalidBars(f"{source}: row {int((~np.isfinite(numbers)).argmax())}: the time is not a finite number")
    largest = max(abs(float(numbers.min())), abs(float(numbers.max())))
    if largest < _SMALLEST_EPOCH:
        raise InvalidBars(f"{source}: row 0: {numbers[0]} is not a date, nor seconds since 1970")
    compact = from_compact(numbers, source)
    if compact is not None:
        return compact
    unit = next(unit for limit, unit in _EPOCH_UNITS if largest < limit)
    if largest * unit >= 2.0**63:
        row = int(np.abs(numbers.astype(np.float64)).argmax())
        raise InvalidBars(f"{source}: row {row}: {_OUTSIDE} ({numbers[row]})")
    whole = np.floor(numbers).astype(np.int64)
    part = np.round(numbers - whole, len(str(unit)) - 1) if numbers.dtype.kind == "f" else np.zeros(1)
    times: Int64s = whole * unit + np.rint(part * unit).astype(np.int64)
    return times


def _joined(dates: Column, clocks: Column) -> Column:
    """Return ``date time`` as text."""
    days = pc.cast(dates, pa.date32()) if pa.types.is_timestamp(dates.type) else dates
    day, clock = (pc.utf8_trim_whitespace(pc.cast(column, pa.string())) for column in (days, clocks))
    blank = pc.replace_substring_regex(clock, "^.*$", " ")
    return pc.binary_join_element_wise(day, _padded(clock), blank)


def _padded(clock: Column) -> Column:
    """Return times of day of digits alone as six of them; others as they are."""
    if not len(clock) or not pc.all(pc.match_substring_regex(clock, r"^\d+$")).as_py():
        return clock
    width = 4 if values_of(pc.cast(pc.utf8_length(clock), pa.int64()), np.int64).max() <= 4 else 6
    return pc.utf8_rpad(pc.utf8_lpad(clock, width, "0"), 6, "0")
