"""The port through which bars are kept."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.series import SeriesInfo


class BarStore(Protocol):
    """A place where checked bars can be put, to be loaded again by a `DataRepository`."""

    @abstractmethod
    def save(
        self, bars: Bars, characteristics: SymbolCharacteristics | None = None, *, replace: bool = False
    ) -> SeriesInfo:
        """Keep a series, all or nothing, and what is known of its symbol; return what is now there.

        The same bars again change nothing.

        Raises
        ------
        Conflict
            If other bars of that symbol and timeframe are there and `replace` is not set.
        Unavailable
            If the place cannot be written; nothing is left behind.
        """

    @abstractmethod
    def check(self, bars: Bars, *, replace: bool = False) -> None:
        """Refuse bars that `save` would refuse, and those that could not be loaded again; nothing is kept.

        Raises
        ------
        Conflict
            If other bars of that symbol and timeframe are there and `replace` is not set.
        InvalidInput
            If the repository of this place would refuse to load them.
        Unavailable
            If the place cannot be read.
        """
