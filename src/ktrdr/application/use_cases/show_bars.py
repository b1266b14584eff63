"""Show: one series, what is known of its symbol, and what is odd about its bars."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ktrdr.application.ports.clock import Clock
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.quality import quality_warnings
from ktrdr.domain.market.series import bar_rows
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.unfinished import unfinished_warnings


@dataclass(frozen=True, slots=True, eq=False)
class ShownBars:
    """A series.

    Attributes
    ----------
    bars : Bars
    facts : SymbolCharacteristics
    warnings : tuple of str
        What is odd about the bars.
    last : int
        How many of the last bars to show.
    """

    bars: Bars
    facts: SymbolCharacteristics
    warnings: tuple[str, ...]
    last: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            **asdict(self.bars.fingerprint()),
            "characteristics": asdict(self.facts),
            "reading": self.bars.reading and self.bars.reading.as_dict(),
            "warnings": list(self.warnings),
            "bars": bar_rows(self.bars, range(max(len(self.bars) - self.last, 0), len(self.bars))),
        }


class ShowBars:
    """Loads a whole series."""

    def __init__(self, data: DataRepository, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    def execute(self, symbol: str, timeframe: Timeframe, last: int) -> ShownBars:
        """Return the series, of which the `last` bars are to be shown.

        Raises
        ------
        DataNotFound, InvalidBars, Unavailable
            See `DataRepository.load`.
        """
        bars, facts = self._data.load(symbol, timeframe), self._data.characteristics(symbol)
        warnings = *quality_warnings(bars, facts), *unfinished_warnings(bars, self._clock())
        return ShownBars(bars, facts, warnings, last)
