"""The port through which bars come in."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe


class DataRepository(Protocol):
    """Bars of symbols in timeframes, and series beside them, as they are: never resampled, filled or repaired."""

    @abstractmethod
    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """Return what there is, sorted by symbol, then by timeframe from fine to coarse; empty if there is nothing.

        With a symbol, only its own series, under either spelling of an index (``GSPC``, ``^GSPC``).
        """

    @abstractmethod
    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """Return the bars with start <= stamp < end (UTC nanoseconds; None leaves that side open).

        The bars carry the sessions of the symbol's calendar over their span. Loading twice gives equal bars.

        Raises
        ------
        DataNotFound
            If there is no such series, or none of its bars lie in the span; the message says what there is.
        InvalidBars
            If the bars break a rule of the gate; the message names file, row, time and rule.
        Unavailable
            If the source cannot be read.
        """

    @abstractmethod
    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """Return what is known of a symbol; what had to be inferred from its bars is said in `inferred`.

        Raises
        ------
        DataNotFound
            If there are no bars of that symbol.
        """

    @abstractmethod
    def context(self, source: ContextSource) -> ContextSeries:
        """Return a series by its provider and name, with every publication. Loading twice gives equal series.

        Raises
        ------
        DataNotFound
            If there is no such series; the message names provider and series, and where a file is looked for.
        InvalidBars
            If it breaks a rule of `ContextSeries`; the message names file, row and rule.
        Unavailable
            If the source cannot be read.
        """
