"""Time stamps of any common spelling as UTC times."""

from __future__ import annotations

import re
import warnings
from typing import Any, Literal

import numpy as np
import pandas as pd

from ktrdr.domain.errors import InvalidBars

_COMPACT = {8: "%Y%m%d", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_EPOCH_UNITS: tuple[tuple[float, Literal["s", "ms", "us", "ns"]], ...] = (
    *((1e11, "s"), (1e14, "ms"), (1e17, "us"), (np.inf, "ns")),
)
_SMALLEST_EPOCH = 1e7
_NAMED_OFFSET = r"\s*(?:GMT|UTC)(?=[+-]\d)"
_NAMED_UTC = r"\s*(?:GMT|UTC)$"
_DAY_AND_MONTH = r"^(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})[./-]\d{4}(?:\D|$)"


def utc_times(values: pd.Series, source: str) -> pd.Series:
    """Return times, dates, epoch numbers or texts as UTC times in nanoseconds; what has no zone is taken as UTC.

    Raises
    ------
    InvalidBars
        If a value is not a time, or day and month cannot be told apart.
    """
    try:
        times: pd.Series = _parse(values, source).dt.as_unit("ns")
    except (pd.errors.OutOfBoundsDatetime, OverflowError) as error:
        raise InvalidBars(f"{source}: a time lies outside the years 1678 to 2262 ({error})") from error
    return times


def join_date_and_clock(dates: pd.Series, clocks: pd.Series) -> pd.Series:
    """Return ``date time`` as text; times of day may be written ``9:30``, ``0930`` or ``93000``."""
    clock = clocks.astype(str).str.strip()
    if clock.str.fullmatch(r"\d+").all():
        width = 4 if clock.str.len().max() <= 4 else 6
        padded = clock.str.zfill(width).str.ljust(6, "0")
        clock = padded.str[:2] + ":" + padded.str[2:4] + ":" + padded.str[4:]
    return dates.astype(str).str.strip() + " " + clock


def _parse(values: pd.Series, source: str) -> pd.Series:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return pd.Series(values.dt.tz_convert("UTC"))
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return pd.Series(values.dt.tz_localize("UTC"))
    if pd.api.types.is_numeric_dtype(values.dtype):
        return _from_numbers(values, source)
    text = values.astype("str").str.strip()
    if len(text) and str(text.iloc[0]).replace(".", "", 1).isdigit():
        return _from_numbers(pd.to_numeric(text, errors="coerce"), source)
    return _from_text(text, source)


def _from_numbers(numbers: pd.Series, source: str) -> pd.Series:
    if numbers.isna().any():
        row = int(np.flatnonzero(numbers.isna())[0])
        raise InvalidBars(f"{source}: row {row}: the time is not a number as in the first row")
    low, high = numbers.min(), numbers.max()
    if max(abs(low), abs(high)) < _SMALLEST_EPOCH:
        raise InvalidBars(f"{source}: row 0: {numbers.iloc[0]} is not a date, nor seconds since 1970")
    for digits, pattern in _COMPACT.items():
        if 1900 * 10 ** (digits - 4) <= low and high < 2101 * 10 ** (digits - 4):
            return _strict(numbers.astype("int64").astype(str), source, pattern=pattern)
    unit = next(unit for limit, unit in _EPOCH_UNITS if max(abs(low), abs(high)) < limit)
    times: pd.Series = pd.to_datetime(numbers, unit=unit, utc=True)
    return times


def _from_text(text: pd.Series, source: str) -> pd.Series:
    try:
        return pd.to_datetime(text, format="ISO8601", utc=True)
    except ValueError:
        plain = text.str.replace(_NAMED_OFFSET, "", regex=True).str.replace(_NAMED_UTC, "Z", regex=True)
        return _strict(plain, source, dayfirst=_day_comes_first(plain, source))


def _day_comes_first(text: pd.Series, source: str) -> bool:
    """Return whether ``01.02.2024`` is in February, as the whole column tells."""
    dates = pd.Series(text.dropna().str.split(" ", n=1).str[0].unique())
    if not re.search(r"\d{4}", text.dropna().iloc[0]):
        raise InvalidBars(f"{source}: row 0: {text.iloc[0]!r} has no year of four digits")
    parts = dates.str.extract(_DAY_AND_MONTH).dropna()
    if parts.empty:
        return False
    day_first = bool((parts["first"].astype(int) > 12).any())
    month_first = bool((parts["second"].astype(int) > 12).any())
    if not day_first and not month_first and (parts["mark"] == ".").all():
        return True
    if day_first == month_first:
        why = "some have the day first and some the month" if day_first else "no day is above 12"
        raise InvalidBars(
            f"{source}: day and month cannot be told apart in dates such as {dates[0]!r} ({why}); "
            "write them as 2024-01-31"
        )
    return day_first


def _strict(text: pd.Series, source: str, *, pattern: str | None = None, dayfirst: bool = False) -> pd.Series:
    """Return the times of texts that are all written alike."""
    options: dict[str, Any] = {"format": pattern, "dayfirst": dayfirst, "utc": True}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        try:
            return pd.to_datetime(text, **options)
        except (ValueError, TypeError) as error:
            read = pd.to_datetime(text, **options, errors="coerce")
            bad = np.flatnonzero(read.isna() & text.notna())
            where = f"row {bad[0]}: {text.iloc[int(bad[0])]!r} is not a time" if len(bad) else "no times"
            raise InvalidBars(f"{source}: {where}; write times as 2024-01-31 09:30 (UTC)") from error
