"""Dates and moments as people write them, in UTC nanoseconds."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from ktrdr.domain.errors import InvalidInput, shown
from ktrdr.domain.market.timeframe import NS_PER_DAY

FIRST_YEAR, LAST_YEAR = 1680, 2260
"""Years that nanoseconds in 64 bits can count."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NANOSECONDS = re.compile(r"[.,]\d{6}(\d{1,3})")


def read_moment(text: str) -> int:
    """Return a date (its beginning) or a moment in ISO 8601; UTC where no zone is written.

    Raises
    ------
    InvalidInput
        If it is neither, or of a year that cannot be counted.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidInput(f"{shown(text)} is no date or moment, such as 2024-01-31 or 2024-01-31T21:00Z") from error
    if not FIRST_YEAR <= moment.year <= LAST_YEAR:
        raise uncountable(text)
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    finer = _NANOSECONDS.search(text)
    microseconds = (aware - _EPOCH) // timedelta(microseconds=1)
    return 1000 * microseconds + (int(finer[1].ljust(3, "0")) if finer else 0)


def is_date(text: str) -> bool:
    """Return whether a text that `read_moment` reads is a whole day."""
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def last_of(text: str) -> int:
    """Return the last nanosecond of a date, or the moment itself."""
    return read_moment(text) + (NS_PER_DAY - 1 if is_date(text) else 0)


def uncountable(text: str) -> InvalidInput:
    """Return the error for a moment of a year that nanoseconds cannot count."""
    return InvalidInput(f"{shown(text)}: must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
