"""A repository that reads a series once, for as long as one run lasts."""

from __future__ import annotations

from functools import lru_cache

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe

KEPT_SERIES = 4
"""Series of bars kept at once: what many symbols share is asked for again and again, and so stays."""


class CachedData(DataRepository):
    """Answers from memory what it was asked before; errors are not remembered.

    Parameters
    ----------
    inner : DataRepository
        What is changed there meanwhile is not seen.
    """

    def __init__(self, inner: DataRepository) -> None:
        self._inner = inner
        self._load = lru_cache(maxsize=KEPT_SERIES)(inner.load)
        self._context = lru_cache(maxsize=KEPT_SERIES)(inner.context)
        self._series = lru_cache(maxsize=None)(inner.series)
        self._characteristics = lru_cache(maxsize=None)(inner.characteristics)

    def __str__(self) -> str:
        """Return the inner repository's name."""
        return str(self._inner)

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port."""
        return self._series(symbol)

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        return self._load(symbol, timeframe, start, end)

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port."""
        return self._characteristics(symbol)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port."""
        return self._context(source)
