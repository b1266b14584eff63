"""Step 1, continued: the series beside the bars that a strategy's indicators read."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.preparing.market_data import MarketData
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.derived_series import derive
from ktrdr.domain.market.quality.judge import context_findings
from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits
from ktrdr.domain.market.timeframe import NS_PER_DAY

log = logging.getLogger(__name__)


def with_context(
    data: DataRepository,
    market: MarketData,
    sources: Sequence[ContextSource],
    limits: QualityLimits | None = DEFAULT_LIMITS,
) -> MarketData:
    """Return the market data with the series of `sources`, their fingerprints, and what should be said of them.

    Their quality is judged by the limits; None does not look at it.

    Raises
    ------
    DataNotFound, InvalidBars, Unavailable
        See `DataRepository.context` and `derive`.
    """
    read = {_key(source): data.context(source) for wanted in sources for source in wanted.made_of or (wanted,)}
    series = [_made(source, read) for source in sources]
    odd = () if limits is None else (finding for one in read.values() for finding in context_findings(one, limits))
    for one in series:
        log.info("context", extra={"series": one.key, "rows": len(one), "source": one.source})
    return replace(
        market,
        context={one.key: one for one in series},
        loaded=(*market.loaded, *(one.fingerprint() for one in series)),
        notes=(*market.notes, *(note for one in series for note in _notes(one, market))),
        quality=(*market.quality, *odd),
    )


def _made(source: ContextSource, read: Mapping[str, ContextSeries]) -> ContextSeries:
    """Return a published series, or one that is made of published ones."""
    parts = [read[_key(part)] for part in source.made_of]
    return derive(source, parts) if parts else read[_key(source)]


def _key(source: ContextSource) -> str:
    return f"{source.provider}/{source.name}"


def _notes(series: ContextSeries, market: MarketData) -> Iterator[str]:
    where = f"context data {series.key}"
    if series.dated:
        yield f"{where}: its known_at are dates; each counts from the end of its day (UTC)"
    if series.zoneless:
        yield f"{where}: its times have no offset and are read as UTC"
    known_at = market.base_bars.known_at
    before = int(np.searchsorted(known_at, series.known_at[0]))
    if before:
        first = iso(series.known_at[0])
        yield f"{where}: nothing is published before {first}; the first {before} {market.base} bars do not know it"
    longest_wait = int(np.diff(series.known_at).max(initial=7 * NS_PER_DAY))
    stale = len(known_at) - int(np.searchsorted(known_at, series.known_at[-1] + 2 * longest_wait))
    if stale:
        last = iso(series.known_at[-1])
        yield f"{where}: ends early, on {last}; the last {stale} {market.base} bars carry that value"
