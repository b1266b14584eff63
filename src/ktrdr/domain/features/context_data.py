"""Indicators over series beside the bars: which series a strategy's features use, and their values on bars."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.alignment import align
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.prices import parts_of
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource, source_named
from ktrdr.domain.strategy.document import Strategy


def series_key(source: ContextSource) -> str:
    """Return what features name a series by; the id that the strategy gives it is no part of it."""
    return f"{source.provider}/{source.name}"


def used_sources(strategy: Strategy, features: Sequence[Feature]) -> tuple[ContextSource, ...]:
    """Return the context sources that features read, each series once: the strategy's in its order, then made ones."""
    used = {feature.source.data_source for feature in features if feature.source is not None}
    named = [item.data_source for item in strategy.indicators.values() if item.data_source is not None]
    read = [source_named(strategy.context_data, name) for name in named]
    found = {series_key(source): source for source in (*strategy.context_data, *read)}
    return tuple(source for key, source in found.items() if key in used)


def known_rows(series: ContextSeries, bars: Bars) -> Int64s:
    """Return the latest publication known at each bar's known-at time, for the bars from the first that knows one on.

    Returns
    -------
    ndarray of int64, shape (n,) with n at most the number of bars
        Places in the series, non-decreasing; they belong to the last n bars.

    Causality: a publication counts from its own known-at time on.
    """
    rows = align(bars.known_at, series.known_at)
    return rows[np.searchsorted(rows, 0) :]


def published_column(series: ContextSeries, name: str, reader: Source) -> Floats:
    """Return a column of a series, or the mean of several (``hl2``, ``hlc3``, ``ohlc4``), one value a publication.

    Raises
    ------
    InvalidInput
        If the series does not have it; `reader` is named.
    """
    missing = [part for part in parts_of(name) if part not in series.columns]
    if missing:
        raise InvalidInput(
            f"indicator {reader.indicator!r} reads {', '.join(missing)}, which context series {series.key} "
            f"({series.source}) does not have; it has {', '.join(series.columns)}"
        )
    first, *others = (series.columns[part] for part in parts_of(name))
    return sum(others, start=first) / (1 + len(others)) if others else first
