"""Copy: the bars of a repository, kept elsewhere with what is known of their symbols."""

from __future__ import annotations

from ktrdr.application.ports.bar_store import BarStore
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe


class CopyBars:
    """Loads series and keeps them in a store; one that is refused leaves none."""

    def __init__(self, source: DataRepository, store: BarStore) -> None:
        self._source = source
        self._store = store

    def execute(self, timeframe: Timeframe, *, replace: bool = False) -> tuple[SeriesInfo, ...]:
        """Return what was kept: every series of that timeframe.

        Raises
        ------
        Conflict, Unavailable
            As the store says.
        """
        listed = [info for info in self._source.series() if info.timeframe == timeframe]
        found = [self._source.load(info.symbol, timeframe) for info in listed]
        for bars in found:
            self._store.check(bars, replace=replace)
        series = [(bars, self._source.characteristics(bars.symbol)) for bars in found]
        return self._store.save_all(series, replace=replace)
