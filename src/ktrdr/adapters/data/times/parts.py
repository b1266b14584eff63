"""Years, months, days and times of day as moments, and whether they are any."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s

FIRST_YEAR, LAST_YEAR = 1678, 2261
ADVICE = "write times as 2024-01-31 09:30 (UTC)"


def moments_of_parts(
    year: Int64s, month: Int64s, day: Int64s, hour: Int64s, minute: Int64s, second: Int64s
) -> tuple[Int64s, Bools]:
    """Return nanoseconds of a clock since its 1970-01-01 00:00, and where the parts are those of a time.

    There is no hour 24 and no second 60.
    """
    right = (year >= FIRST_YEAR) & (year <= LAST_YEAR) & (month >= 1) & (month <= 12) & (day >= 1)
    months = np.where(right, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + (np.where(right, day, 1) - 1)
    right &= (days.astype("datetime64[M]") == months) & (hour < 24) & (minute < 60) & (second < 60)
    return (days.astype(np.int64) * 86400 + hour * 3600 + minute * 60 + second) * 10**9, right
