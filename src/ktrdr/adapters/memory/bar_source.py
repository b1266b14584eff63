"""Bars held in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ktrdr.application.ports.bar_source import BarSource
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries, missing_context
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol
from ktrdr.domain.market.timeframe import Timeframe


class MemorySource(BarSource):
    """Gives out the bars that it was given, with the sessions that they carry.

    Parameters
    ----------
    bars : iterable of Bars
        One per symbol and timeframe; of two, the later counts.
    characteristics : iterable of SymbolCharacteristics
        Facts of symbols.
    context : iterable of ContextSeries
        Series beside the bars.
    """

    def __init__(
        self,
        bars: Iterable[Bars],
        characteristics: Iterable[SymbolCharacteristics] = (),
        context: Iterable[ContextSeries] = (),
    ) -> None:
        self._bars = {(one.symbol, one.timeframe): one for one in bars}
        self._characteristics = {facts.symbol: facts for facts in characteristics}
        self._context = {series.key: series for series in context}

    def __str__(self) -> str:
        """Return the kind of place."""
        return "memory"

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port."""
        keys = sorted(key for key in self._bars if symbol is None or same_symbol(key[0], symbol))
        return tuple(SeriesInfo.of(self._bars[key]) for key in keys)

    def read(self, symbol: str, timeframe: Timeframe) -> Bars:
        """See the port."""
        keys = [key for key in self._bars if same_symbol(key[0], symbol) and key[1] == timeframe]
        if not keys:
            raise missing_bars(str(self), self.series(), symbol, timeframe)
        return replace(self._bars[min(keys, key=lambda key: key[0] != symbol)], symbol=symbol)

    def facts(self, symbol: str) -> SymbolCharacteristics | None:
        """See the port."""
        given = next((facts for name, facts in self._characteristics.items() if same_symbol(name, symbol)), None)
        return given and replace(given, symbol=symbol)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port."""
        found = self._context.get(f"{source.provider}/{source.name}")
        if found is None:
            raise missing_context(source.provider, source.name)
        return found
