"""Series that are made of published ones: how crowded a position is, and what one rate lies above another."""

from __future__ import annotations

from bisect import insort
from collections.abc import Sequence

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.context_series import ContextSeries, Publications
from ktrdr.domain.market.context_source import ContextSource

RANKED_WEEKS = 52
"""Values that a percentage looks at, its own included: those of a year of weekly reports."""


def derive(source: ContextSource, parts: Sequence[ContextSeries]) -> ContextSeries:
    """Return the series that a source is, of the published ones that it is made of.

    Of two, the difference of their values: one for each moment at which either is published, from the first on at
    which both are known. Of one, the share of the other values of the trailing `RANKED_WEEKS` that lie below its own,
    in percent; a value anew at each publication, revisions of older observations included, each as known by then.

    Raises
    ------
    InvalidBars
        If there are fewer observations than that.

    Causality: a value uses publications up to its own known-at time.
    """
    known_at, values = _difference(*parts) if len(parts) > 1 else _percentage(source, parts[0])
    return ContextSeries(
        source.provider,
        source.name,
        known_at,
        {"close": values},
        source=" and ".join(part.source for part in parts),
        dated=any(part.dated for part in parts),
        zoneless=any(part.zoneless for part in parts),
    )


def _difference(one: ContextSeries, other: ContextSeries) -> tuple[Int64s, Floats]:
    known_at = np.union1d(one.known_at, other.known_at)
    known_at = known_at[known_at >= max(one.known_at[0], other.known_at[0])]
    minuend, subtrahend = (
        part.columns["close"][np.searchsorted(part.known_at, known_at, side="right") - 1] for part in (one, other)
    )
    return known_at, minuend - subtrahend


def _percentage(source: ContextSource, series: ContextSeries) -> tuple[Int64s, Floats]:
    rows, close = np.arange(len(series)), series.columns["close"]
    every = series.publications or Publications(series.known_at, rows, close)
    latest: dict[int, float] = {}
    weeks: list[int] = []
    found: dict[int, float] = {}
    for moment, week, value in zip(
        every.known_at.tolist(), every.observed.tolist(), every.values.tolist(), strict=True
    ):
        if week not in latest:
            insort(weeks, week)
        latest[week] = value
        if len(weeks) >= RANKED_WEEKS:
            *others, newest = (latest[known] for known in weeks[-RANKED_WEEKS:])
            found[moment] = 100.0 * sum(other < newest for other in others) / len(others)
    if not found:
        raise InvalidBars(f"{series.source}: {source.id} needs {RANKED_WEEKS} values; there are {len(weeks)}")
    return np.array(list(found), dtype=np.int64), np.array(list(found.values()))
