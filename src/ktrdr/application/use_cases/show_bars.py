"""Show: one series, what is known of its symbol, and what is odd about its bars."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.quality import quality_warnings
from ktrdr.domain.market.timeframe import Timeframe


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
            "warnings": list(self.warnings),
            "bars": [self._row(row) for row in range(max(len(self.bars) - self.last, 0), len(self.bars))],
        }

    def _row(self, row: int) -> dict[str, Any]:
        bars = self.bars
        times = {"timestamp": iso(bars.stamps[row]), "known_at": iso(bars.known_at[row])}
        return {**times, **{name: float(getattr(bars, name)[row]) for name in BAR_COLUMNS}}


class ShowBars:
    """Loads a whole series."""

    def __init__(self, data: DataRepository) -> None:
        self._data = data

    def execute(self, symbol: str, timeframe: Timeframe, last: int) -> ShownBars:
        """Return the series, of which the `last` bars are to be shown.

        Raises
        ------
        DataNotFound, InvalidBars, Unavailable
            See `DataRepository.load`.
        """
        bars, facts = self._data.load(symbol, timeframe), self._data.characteristics(symbol)
        return ShownBars(bars, facts, quality_warnings(bars, facts), last)
