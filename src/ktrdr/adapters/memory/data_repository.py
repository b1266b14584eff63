"""A repository of bars held in memory."""

from __future__ import annotations

from collections.abc import Iterable

from ktrdr.adapters.memory.bar_source import MemorySource
from ktrdr.application.preparing.sessioned import SessionedRepository
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries


class MemoryRepository(SessionedRepository):
    """Gives out the bars that it was given, with the sessions that they carry; see `MemorySource`."""

    def __init__(
        self,
        bars: Iterable[Bars],
        characteristics: Iterable[SymbolCharacteristics] = (),
        context: Iterable[ContextSeries] = (),
    ) -> None:
        super().__init__(MemorySource(bars, characteristics, context), calendar=None)
