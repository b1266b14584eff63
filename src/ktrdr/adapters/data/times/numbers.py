"""Times that are numbers: counts since 1970 in any unit, or the digits of a date."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ktrdr.adapters.data.arrow import Column, values_of
from ktrdr.adapters.data.times.parts import ADVICE, moments_of_parts
from ktrdr.adapters.data.times.zones import Clock, Times
from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidBars

_Numbers = NDArray[Any]
_UNITS = (("seconds", 10**9), ("milliseconds", 10**6), ("microseconds", 10**3), ("nanoseconds", 1))
_FROM = (1e7, 2.0**63 / 10**9, 2.0**63 / 10**6, 2.0**63 / 10**3)
"""The least count of each unit, in April 1970: as a count of the unit before, 64 bits could not hold its moment."""
_UNTIL = (4.2e9, 4.2e12, 4.2e15, 2.0**63)
"""Counts below: in 2103, and 2262 for nanoseconds; between two units a number could be of either."""
_COMPACT = tuple((1900 * 10 ** (digits - 4), 2101 * 10 ** (digits - 4)) for digits in (8, 12, 14))
"""Between which numbers the digits of a date lie, alone or with a time of day."""
_EXCEL = (10_000, 80_000)
_UNKNOWN = -1
_SIZES = np.array([size for _, size in _UNITS] + [0], dtype=np.int64)
"""Nanoseconds by place in `_UNITS`; the last, none, is that of `_UNKNOWN`."""
_FINEST_FLOAT = 1000
"""Nanoseconds to which a float of 64 bits tells moments of our time, in whatever unit."""


def from_numbers(column: Column, clock: Clock) -> Times:
    """Return numbers as times; the unit of each is told by the number itself.

    A number that two units fit is read as the rows before and after it, where these agree and it lies between them.

    Raises
    ------
    InvalidBars
        If one is no time, or it cannot be told which.
    """
    numbers = _values(column)
    if numbers.dtype.kind == "f" and not np.isfinite(numbers).all():
        row = int((~np.isfinite(numbers)).argmax())
        raise InvalidBars(f"{clock.at(row)}: the time is not a finite number")
    unit = _only_unit(float(numbers.min()), float(numbers.max()))
    if unit is not None:
        return Times(_counted(numbers, _UNITS[unit][1]), spelling=_UNITS[unit][0])
    compact = _are_compact(numbers)
    if compact.all():
        return _from_compact(numbers.astype(np.int64), clock)
    units = _units(numbers, compact)
    times = _counted(numbers, _SIZES[units])
    unclear = units == _UNKNOWN
    if unclear.any():
        units = np.where(unclear, _unit_around(units), units)
        times, known = _counted(numbers, _SIZES[units]), units != _UNKNOWN
        _refuse(unclear & ~(known & _lies_between(times, unclear)), numbers, compact, clock)
    spelling = " and ".join(_UNITS[unit][0] for unit in np.flatnonzero(np.bincount(units, minlength=len(_UNITS))))
    return Times(times, spelling=spelling)


def _values(column: Column) -> _Numbers:
    if not pa.types.is_floating(column.type):
        try:
            return values_of(pc.cast(column, pa.int64()), np.int64)
        except pa.ArrowInvalid:  # a part of a unit, or a text or number that 64 bits cannot hold
            pass
    return values_of(pc.cast(column, pa.float64()), np.float64)


def _only_unit(low: float, high: float) -> int | None:
    """Return the place of the unit of all numbers between two, None if there is more to tell."""
    if any(low < beyond and high >= least for least, beyond in _COMPACT):
        return None
    fitting = (unit for unit in range(len(_UNITS)) if _FROM[unit] <= low and high < _UNTIL[unit])
    return next(fitting, None)


def _are_compact(numbers: _Numbers) -> Bools:
    compact: Bools = np.any([(numbers >= least) & (numbers < beyond) for least, beyond in _COMPACT], axis=0)
    return compact


def _from_compact(numbers: Int64s, clock: Clock) -> Times:
    """Return numbers such as 20240131 or 20240131093000 as times."""
    clocked = numbers >= 10**8
    digits = np.select([~clocked, numbers < 10**12], [numbers * 10**6, numbers * 100], numbers)
    date, time = np.divmod(digits, 10**6)
    parts = (date // 10000, date // 100 % 100, date % 100, time // 10000, time // 100 % 100, time % 100)
    walls, right = moments_of_parts(*parts)
    if not right.all():
        raise InvalidBars(f"{clock.at(int((~right).argmax()))} is not a time; {ADVICE}")
    spelling = "dates" if not clocked.any() else "texts" if clocked.all() else "dates and texts"
    return clock.naive(walls, clocked, spelling)


def _units(numbers: _Numbers, compact: Bools) -> Int64s:
    """Return the place of each number's unit in `_UNITS`, or `_UNKNOWN`."""
    size = np.abs(numbers)
    fits = [(size >= least) & (size < beyond) & ~compact for least, beyond in zip(_FROM, _UNTIL, strict=True)]
    return np.select(fits, [np.int64(unit) for unit in range(len(_UNITS))], np.int64(_UNKNOWN))


def _counted(numbers: _Numbers, size: Int64s | int) -> Int64s:
    """Return counts of units of a size as nanoseconds."""
    if numbers.dtype.kind == "f":
        return np.rint(numbers * (size / _FINEST_FLOAT)).astype(np.int64) * _FINEST_FLOAT
    return np.asarray(numbers * size, dtype=np.int64)


def _unit_around(units: Int64s) -> Int64s:
    """Return the unit of the nearest known rows before and after each, `_UNKNOWN` where they differ or one lacks."""
    before, after = _neighbours(units == _UNKNOWN)
    there = (before >= 0) & (after < len(units))
    one, other = units[before], units[np.minimum(after, len(units) - 1)]
    return np.where(there & (one == other), one, _UNKNOWN)


def _lies_between(times: Int64s, unclear: Bools) -> Bools:
    """Return where a time is neither before nor after both of the nearest rows that are clear."""
    before, after = _neighbours(unclear)
    one, other = times[before], times[np.minimum(after, len(times) - 1)]
    return (np.minimum(one, other) < times) & (times < np.maximum(one, other))


def _neighbours(unclear: Bools) -> tuple[Int64s, Int64s]:
    """Return the rows of the nearest clear ones: -1 and the number of rows where there are none."""
    rows = np.arange(len(unclear))
    before = np.maximum.accumulate(np.where(unclear, -1, rows))
    after = np.minimum.accumulate(np.where(unclear, len(unclear), rows)[::-1])[::-1]
    return before, after


def _refuse(broken: Bools, numbers: _Numbers, compact: Bools, clock: Clock) -> None:
    if not broken.any():
        return
    row = int(broken.argmax())
    count = abs(float(numbers[row]))
    if compact[row]:
        other = clock.at(int(compact.argmin()), "")
        raise InvalidBars(f"{clock.at(row)} is a date in digits, and {other} is none; {ADVICE}")
    if count >= _UNTIL[-1]:
        raise InvalidBars(f"{clock.at(row)}: a time lies outside the years 1678 to 2262")
    if _EXCEL[0] <= float(numbers[row]) < _EXCEL[1]:
        raise InvalidBars(
            f"{clock.at(row)} is not a date, nor seconds since 1970; it may be a serial date of Excel, which counts "
            "days: format the column as dates such as 2024-01-31 09:30 there, and export it again"
        )
    if count < _FROM[0]:
        raise InvalidBars(f"{clock.at(row)} is not a date, nor seconds since 1970")
    place = int(np.searchsorted(_UNTIL, count, side="right"))
    counts = " or ".join(
        f"{name} since 1970 ({np.datetime64(int(numbers[row]) * size // 10**9, 's').astype('datetime64[D]')})"
        for name, size in _UNITS[place - 1 : place + 1]
    )
    raise InvalidBars(f"{clock.at(row)} counts {counts}; {ADVICE}")
