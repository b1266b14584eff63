"""Simulated markets as a repository."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ktrdr.adapters.data.simulation import market_of, simulate, simulate_sessions
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries, missing_context
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.resample import can_resample, resample
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.trading_hours import completed

SIMULATED_SYMBOLS = ("SIM_CRYPTO", "SIM_FOREX", "SIM_STOCK")
_TIMEFRAMES = tuple(Timeframe(text) for text in ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"))
_SESSIONS = {390: 260, 1440: 72}
_SEED = 7


class SimulatedRepository(DataRepository):
    """Seeded bars of made-up markets; each symbol is one fine series, of which every timeframe is resampled.

    Parameters
    ----------
    symbols : sequence of str
        Names that end in ``FOREX`` or ``CRYPTO`` trade like that, all others like a US stock.
    timeframe : Timeframe
        The finest.
    bars : int, optional
        How many of the finest bars; without it, 260 sessions of a stock or 72 days of the others.
    seed : int

    Raises
    ------
    InvalidInput
        If a symbol is not valid, `bars` is not positive or the seed is negative.
    """

    def __init__(
        self,
        symbols: Sequence[str] = SIMULATED_SYMBOLS,
        timeframe: Timeframe = _TIMEFRAMES[0],
        bars: int | None = None,
        seed: int = _SEED,
    ) -> None:
        if bars is not None and bars < 1:
            raise InvalidInput(f"bars must be a positive number; found {bars}")
        if seed < 0:
            raise InvalidInput(f"seed must not be negative; found {seed}")
        self._symbols = tuple(sorted({Symbol(symbol).text for symbol in symbols}))
        self._finest, self._count, self._seed = timeframe, bars, seed
        self._made: dict[tuple[str, Timeframe], Bars] = {}

    def __str__(self) -> str:
        """Return the kind of place."""
        return "simulated"

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port; the usual timeframes are listed, others can be loaded too."""
        listed = sorted({self._finest, *(timeframe for timeframe in _TIMEFRAMES if self._can_make(timeframe))})
        wanted = [name for name in self._symbols if symbol is None or same_symbol(name, symbol)]
        made = [self._bars(name, timeframe) for name in wanted for timeframe in listed]
        return tuple(_info(bars) for bars in made if len(bars))

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        names = self._spelled(symbol)
        if not names or not self._can_make(timeframe):
            raise missing_bars(str(self), self.series(), symbol, timeframe)
        bars = replace(self._bars(names[0], timeframe), symbol=symbol).between(start, end)
        if not len(bars):
            raise missing_bars(str(self), self.series(), symbol, timeframe, start, end)
        return bars

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port."""
        if not self._spelled(symbol):
            raise missing_bars(str(self), self.series(), symbol)
        market, bars = market_of(symbol), self._bars(self._spelled(symbol)[0], self._finest)
        facts = SymbolCharacteristics(
            symbol, market.asset_class, "simulated", market.calendar, market.time_zone, simulated=True
        )
        return completed(facts, [_info(bars)], bars.sessions)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; there is none."""
        raise missing_context(source.provider, source.name)

    def _spelled(self, symbol: str) -> list[str]:
        """Return the names of a symbol, its exact spelling first."""
        own = [name for name in self._symbols if same_symbol(name, symbol)]
        return sorted(own, key=lambda name: (name != symbol, name))

    def _can_make(self, timeframe: Timeframe) -> bool:
        return can_resample(self._finest, timeframe)

    def _bars(self, symbol: str, timeframe: Timeframe) -> Bars:
        key = (symbol, timeframe)
        if key not in self._made:
            self._made[key] = self._simulate(symbol) if timeframe == self._finest else self._coarser(symbol, timeframe)
        return self._made[key]

    def _simulate(self, symbol: str) -> Bars:
        if self._count is not None:
            return simulate(symbol, self._finest, self._count, self._seed)
        sessions = _SESSIONS[market_of(symbol).session_minutes]
        return simulate_sessions(symbol, self._finest, sessions, self._seed)

    def _coarser(self, symbol: str, timeframe: Timeframe) -> Bars:
        return resample(self._bars(symbol, self._finest), timeframe)


def _info(bars: Bars) -> SeriesInfo:
    first, last = (int(bars.stamps[0]), int(bars.stamps[-1])) if len(bars) else (0, 0)
    return SeriesInfo(bars.symbol, bars.timeframe, len(bars), first, last, bars.source)
