"""Copy: the bars of a repository, kept elsewhere with what is known of their symbols."""

from __future__ import annotations

from ktrdr.application.ports.bar_store import BarStore
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe


class CopyBars:
    """Loads series and keeps them in a store."""

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
        return tuple(
            self._store.save(
                self._source.load(info.symbol, info.timeframe),
                self._source.characteristics(info.symbol),
                replace=replace,
            )
            for info in self._source.series()
            if info.timeframe == timeframe
        )
