"""Make: checked bars of a data frame, by the gate that files pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from ktrdr.application.ports.bar_source import BarSource
from ktrdr.application.ports.frame_reader import ReadFrame
from ktrdr.application.preparing.sessioned import SessionedRepository
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.inference import infer_characteristics
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.sessions import Calendar

if TYPE_CHECKING:
    import pandas as pd

HoldBars = Callable[[Iterable[Bars], Iterable[SymbolCharacteristics]], BarSource]
"""Returns a source of these bars, and facts of symbols."""


class MakeBars:
    """Reads a frame as a file is read, and gives its bars the sessions of their symbol's calendar."""

    def __init__(self, read: ReadFrame, hold: HoldBars, calendars: Calendar) -> None:
        self._read = read
        self._hold = hold
        self._calendars = calendars

    def execute(self, frame: pd.DataFrame, stated: Stated, calendar: str | None = None) -> Bars:
        """Return the bars of a frame, from old to new; `Bars.reading` says how it was understood.

        Parameters
        ----------
        frame : pandas.DataFrame
            Columns by the names that files use, in any order and case; the time in a column or in the index.
        stated : Stated
            Its symbol and timeframe must be given; of several symbols in the frame, that one.
        calendar : str, optional
            Name of the session calendar (``XNYS``, ``24/7``); by default the likely one of the symbol.

        Raises
        ------
        InvalidInput
            If it is no data frame; if symbol, calendar, zone, layout or columns name nothing.
        InvalidBars
            If values can be read in two ways or not at all, or bars break a rule of the gate; the message names row
            and text.
        Unavailable
            If the calendar cannot be built.
        """
        bars = self._read(frame, stated)
        if not len(bars):
            raise InvalidBars(f"{bars.source}: holds no bars")
        facts = [] if calendar is None else [self._facts(bars, calendar)]
        gate = SessionedRepository(self._hold([], facts), self._calendars)
        return gate.admitted(bars, stated.drop_unfinished).bars

    def _facts(self, bars: Bars, calendar: str) -> SymbolCharacteristics:
        """Return what a symbol is that trades by a calendar."""
        likely = infer_characteristics(bars.symbol, bars.stamps, bars.timeframe)
        zone = self._calendars(calendar, int(bars.stamps[0]), int(bars.stamps[-1])).time_zone
        return replace(likely, exchange=calendar, calendar=calendar, time_zone=zone, inferred=())
