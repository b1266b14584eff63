"""The port behind a repository of bars: whatever lists series and reads them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe


class BarSource(Protocol):
    """A folder, a feed, a generator: it knows its own bars, and nothing of calendars."""

    @abstractmethod
    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """Return what there is, sorted by symbol, then by timeframe from fine to coarse; empty if there is nothing.

        With a symbol, only its own series, under either spelling of an index. A series that cannot be read is listed as
        empty, with its `problem`.

        Raises
        ------
        DataNotFound, Unavailable
            If the place itself is not there, or cannot be read.
        """

    @abstractmethod
    def read(self, symbol: str, timeframe: Timeframe) -> Bars:
        """Return all bars of a series as they are written; without sessions, unless the source has its own.

        Raises
        ------
        DataNotFound
            If there is no such series; the message says what there is.
        InvalidBars
            If they break a rule of the gate; the message names file, row, time and rule.
        Unavailable
            If they cannot be read.
        """

    @abstractmethod
    def facts(self, symbol: str) -> SymbolCharacteristics | None:
        """Return what the source says of a symbol, None where it says nothing.

        Raises
        ------
        InvalidInput, Unavailable
            If it says something wrong, or cannot be read.
        """

    @abstractmethod
    def context(self, source: ContextSource) -> ContextSeries:
        """Return a series beside the bars, see `DataRepository.context`."""
