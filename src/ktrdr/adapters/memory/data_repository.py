"""Bars held in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries, missing_context
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.inference import infer_characteristics
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.trading_hours import completed


class MemoryRepository(DataRepository):
    """Gives out the bars that it was given, with the sessions that they carry.

    Parameters
    ----------
    bars : iterable of Bars
        One per symbol and timeframe; of two, the later counts.
    characteristics : iterable of SymbolCharacteristics
        Facts of symbols; what is not given is inferred from the bars.
    context : iterable of ContextSeries
        Series beside the bars.
    """

    def __init__(
        self,
        bars: Iterable[Bars],
        characteristics: Iterable[SymbolCharacteristics] = (),
        context: Iterable[ContextSeries] = (),
    ) -> None:
        self._context = {series.key: series for series in context}
        self._bars = {(one.symbol, one.timeframe): one for one in bars}
        self._characteristics = {facts.symbol: facts for facts in characteristics}

    def __str__(self) -> str:
        """Return the kind of place."""
        return "memory"

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port."""
        keys = sorted(key for key in self._bars if symbol is None or same_symbol(key[0], symbol))
        return tuple(_info(self._bars[key]) for key in keys)

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        found = next((bars for bars in self._of(symbol) if bars.timeframe == timeframe), None)
        if found is None:
            raise missing_bars(str(self), self.series(), symbol, timeframe)
        bars = replace(found, symbol=symbol).between(start, end)
        if not len(bars):
            raise missing_bars(str(self), self.series(), symbol, timeframe, start, end)
        return bars

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port."""
        own = self._of(symbol)
        if not own:
            raise missing_bars(str(self), self.series(), symbol)
        given = next((facts for name, facts in self._characteristics.items() if same_symbol(name, symbol)), None)
        facts = replace(given, symbol=symbol) if given else infer_characteristics(symbol, own[0].stamps)
        return completed(facts, [_info(bars) for bars in own], own[0].sessions)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port."""
        found = self._context.get(f"{source.provider}/{source.name}")
        if found is None:
            raise missing_context(source.provider, source.name)
        return found

    def _of(self, symbol: str) -> list[Bars]:
        """Return the bars of a symbol, from fine to coarse, those of its exact spelling first."""
        own = [bars for bars in self._bars.values() if same_symbol(bars.symbol, symbol)]
        return sorted(own, key=lambda bars: (bars.symbol != symbol, bars.timeframe))


def _info(bars: Bars) -> SeriesInfo:
    first, last = (int(bars.stamps[0]), int(bars.stamps[-1])) if len(bars) else (0, 0)
    return SeriesInfo(bars.symbol, bars.timeframe, len(bars), first, last, bars.source)
