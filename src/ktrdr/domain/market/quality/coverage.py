"""How much of each month a series has, for pictures."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality.completeness import expected_and_present
from ktrdr.domain.market.quality.evidence import Evidence


def monthly_coverage(bars: Bars) -> tuple[Int64s, Floats]:
    """Return the months from the first bar to the last, and the share of their bars that there are.

    Parameters
    ----------
    bars : Bars
        At least one. Without a calendar, or longer than a day, a month with any bar is whole.

    Returns
    -------
    months : ndarray of int64, shape (n_months,)
        Months since 1970-01.
    shares : ndarray of float64, shape (n_months,)
        0 to 1; 1 for a month of which nothing is expected.
    """
    evidence = Evidence(bars)
    sessions, traded = evidence.sessions, evidence.traded
    if sessions is None or not len(traded):
        own = _months(bars.stamps)
        return np.arange(own[0], own[-1] + 1), (np.bincount(own - own[0]) > 0).astype(np.float64)
    expected, present = expected_and_present(sessions, traded, bars.timeframe)
    expected[[0, -1]] = np.minimum(expected, present)[[0, -1]]  # a series may begin and end within a session
    months = _months(sessions.dates[traded[0] : traded[-1] + 1])
    due, there = (
        np.bincount(months - months[0], weights=np.minimum(counts, expected)) for counts in (expected, present)
    )
    shares: Floats = np.where(due > 0, there / np.maximum(due, 1), 1.0)
    return np.arange(months[0], months[-1] + 1), shares


def _months(stamps: Int64s) -> Int64s:
    months: Int64s = stamps.astype("datetime64[ns]").astype("datetime64[M]").astype(np.int64)
    return months
