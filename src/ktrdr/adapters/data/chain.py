"""Several repositories as one."""

from __future__ import annotations

from collections.abc import Sequence

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.errors import DataNotFound
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo, missing_bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.trading_hours import with_span


class ChainRepository(DataRepository):
    """Asks one repository after the other; the first that has the bars gives them.

    Parameters
    ----------
    repositories : sequence of DataRepository
    """

    def __init__(self, repositories: Sequence[DataRepository]) -> None:
        self._repositories = tuple(repositories)

    def __str__(self) -> str:
        """Return the places, each once."""
        return ", ".join(dict.fromkeys(str(repository) for repository in self._repositories))

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port; a series that several have is listed once, as the first has it."""
        found: dict[tuple[str, Timeframe], SeriesInfo] = {}
        for repository in self._repositories:
            for info in repository.series(symbol):
                found.setdefault((info.symbol, info.timeframe), info)
        return tuple(found[key] for key in sorted(found))

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        for repository in self._repositories:
            try:
                return repository.load(symbol, timeframe, start, end)
            except DataNotFound:
                continue
        raise missing_bars(str(self), self.series(), symbol, timeframe, start, end)

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port; the first that has bars of the symbol says what it is."""
        for repository in self._repositories:
            try:
                return with_span(repository.characteristics(symbol), self.series(symbol))
            except DataNotFound:
                continue
        raise missing_bars(str(self), self.series(), symbol)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port."""
        reasons: dict[str, None] = {}
        for repository in self._repositories:
            try:
                return repository.context(source)
            except DataNotFound as error:
                reasons[str(error)] = None
        raise DataNotFound("; ".join(reasons))
