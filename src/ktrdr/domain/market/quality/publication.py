"""Context series that are known before what they are about is over."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.quality.finding import Found
from ktrdr.domain.market.timeframe import NS_PER_DAY

_FEWEST, _MOSTLY = 6, 0.9
_LONG_PERIOD = 20 * NS_PER_DAY
_FIRST_CLOSE = NS_PER_DAY // 6
"""No exchange closes within the first four hours of a date's UTC day."""


def context_early(series: ContextSeries, limit: float) -> Found | None:
    """Find values that are known before what they are about can be over.

    A value about a month, quarter or year is early before that is over; its observation is the first day of it, or
    where the series says none, moments that are all first days of months look like it. A value of any other date is
    early in the first hours of that date (UTC).
    """
    every = series.publications
    known = series.known_at if every is None else every.known_at
    about = _days(series.known_at, series.dated) if every is None else every.observed
    periods = np.unique(about)
    if len(periods) < _FEWEST:
        return None
    usual = int(np.median(np.diff(periods)))
    if usual >= _LONG_PERIOD and _first_days(periods).mean() >= _MOSTLY:
        following = np.append(periods[1:], periods[-1] + usual)
        over = np.minimum(following[np.searchsorted(periods, about)], about + int(1.1 * usual))
    elif every is not None and usual >= NS_PER_DAY:
        over = about + _FIRST_CLOSE
    else:
        return None
    early = known < over
    if early.mean() <= limit:
        return None
    first = int(early.argmax())
    sentence = f"{int(early.sum())} of {len(known)} values are known before the period they are about is over"
    example = f"known at {iso(known[first])}, about the period from {iso(about[first])[:10]}"
    return Found(int(early.sum()), len(known), known[early], sentence, example)


def _days(known_at: Int64s, dated: bool) -> Int64s:
    """Return the dates that moments stand for: those of dated series count from the end of their day."""
    return known_at - NS_PER_DAY if dated else known_at


def _first_days(moments: Int64s) -> Int64s:
    days = moments.astype("datetime64[ns]").astype("datetime64[D]")
    first: Int64s = (days == days.astype("datetime64[M]").astype("datetime64[D]")) & (moments % NS_PER_DAY == 0)
    return first
