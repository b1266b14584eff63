"""Simulated markets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ktrdr.adapters.data.simulation import market_of, simulate, simulate_sessions
from ktrdr.application.ports.bar_source import BarSource
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries, missing_context
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.resample import can_resample, resample
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

SIMULATED_SYMBOLS = ("SIM_CRYPTO", "SIM_FOREX", "SIM_STOCK")
_TIMEFRAMES = tuple(Timeframe(text) for text in ("1m", "5m", "15m", "30m", "1h", "4h", "1d", "1w"))
_SESSIONS = {390: 260, 1440: 72}
_SEED = 7


class SimulatedSource(BarSource):
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
        self._counted: dict[str, tuple[SeriesInfo, ...]] = {}

    def __str__(self) -> str:
        """Return the kind of place."""
        return "simulated"

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port; the usual timeframes are listed, others can be read too."""
        wanted = [name for name in self._symbols if symbol is None or same_symbol(name, symbol)]
        return tuple(info for name in wanted for info in self._listed(name) if info.rows)

    def read(self, symbol: str, timeframe: Timeframe) -> Bars:
        """See the port."""
        names = self._spelled(symbol)
        if not names or not self._can_make(timeframe):
            raise missing_bars(str(self), self.series(), symbol, timeframe)
        return replace(self._bars(names[0], timeframe), symbol=symbol)

    def facts(self, symbol: str) -> SymbolCharacteristics | None:
        """See the port."""
        market = market_of(symbol)
        return SymbolCharacteristics(
            symbol, market.asset_class, "simulated", market.calendar, market.time_zone, simulated=True
        )

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; there is none."""
        raise missing_context(source.provider, source.name)

    def _listed(self, symbol: str) -> tuple[SeriesInfo, ...]:
        """Return the usual timeframes of a symbol; nothing is simulated for that, only its moments are counted."""
        if symbol not in self._counted:
            finest = self._simulate(symbol, flat=True)
            usual = sorted({self._finest, *filter(self._can_make, _TIMEFRAMES)})
            made = [finest if timeframe == self._finest else resample(finest, timeframe) for timeframe in usual]
            self._counted[symbol] = tuple(SeriesInfo.of(bars) for bars in made)
        return self._counted[symbol]

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

    def _simulate(self, symbol: str, *, flat: bool = False) -> Bars:
        if self._count is not None:
            return simulate(symbol, self._finest, self._count, self._seed, flat=flat)
        sessions = _SESSIONS[market_of(symbol).session_minutes]
        return simulate_sessions(symbol, self._finest, sessions, self._seed, flat=flat)

    def _coarser(self, symbol: str, timeframe: Timeframe) -> Bars:
        return resample(self._bars(symbol, self._finest), timeframe)
