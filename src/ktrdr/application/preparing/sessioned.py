"""A repository of any source of bars: their sessions, and what is known of their symbols."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from ktrdr.application.ports.bar_source import BarSource
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.errors import DataNotFound, InvalidInput, KtrdrError, Unavailable
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.better_guess import require_fitting
from ktrdr.domain.market.characteristics import CATALOGUE_NAME, SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.dating import dates_of, settled
from ktrdr.domain.market.inference import infer_characteristics
from ktrdr.domain.market.series import SeriesInfo, missing_bars
from ktrdr.domain.market.sessions import Calendar, Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.market.trading_hours import completed


class Admitted(NamedTuple):
    """Bars from elsewhere that have passed all checks.

    Attributes
    ----------
    kept : Bars
        As a store keeps them, see `settled`; rows that were left out are named in the remarks of their `reading`.
    bars : Bars
        As they are loaded again, with their sessions.
    facts : SymbolCharacteristics
        What the source says of the symbol, else what was guessed, with a sentence in `inferred`.
    """

    kept: Bars
    bars: Bars
    facts: SymbolCharacteristics


class SessionedRepository(DataRepository):
    """Gives the bars of a source the sessions of their symbol's calendar.

    The calendar is the one that the source says, or else the likely one. Bars that carry sessions keep them.

    Parameters
    ----------
    source : BarSource
    calendar : callable or None
        Sessions by the name of a calendar, first and last moment; None leaves bars as the source has them.
    """

    def __init__(self, source: BarSource, calendar: Calendar | None) -> None:
        self._source = source
        self._calendar = calendar
        self._inferred: dict[str, SymbolCharacteristics] = {}

    def __str__(self) -> str:
        """Return the source's name."""
        return str(self._source)

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port; one that cannot be read is listed as empty, with its `problem`."""
        return tuple(self._dated(info) for info in self._source.series(symbol))

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        read = self._source.read(symbol, timeframe)
        bars = self._in_sessions(read, self._facts(symbol, read)).between(start, end)
        if not len(bars):
            raise missing_bars(str(self), self.series(), symbol, timeframe, start, end)
        return bars

    def admitted(
        self, bars: Bars, drop_unfinished: bool = False, facts: SymbolCharacteristics | None = None
    ) -> Admitted:
        """Return bars from elsewhere as they are to be kept, and as `load` would then give them.

        Parameters
        ----------
        bars : Bars
        drop_unfinished : bool
            Leave out rows that are not over, instead of refusing them.
        facts : SymbolCharacteristics, optional
            What is known of the symbol elsewhere; counts where the source says nothing.

        Raises
        ------
        InvalidBars
            See `Bars.in_sessions`.
        InvalidInput, Unavailable
            As `load` does.
        """
        facts = self._source.facts(bars.symbol) or facts or self._likely(bars.symbol, bars)
        sessions = self._sessions_of(bars, facts)
        kept = bars if sessions is None else settled(bars, sessions, drop_unfinished)
        return Admitted(kept, self._in_sessions(kept, facts), facts)

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port."""
        series = self.series(symbol)
        if not series:
            raise missing_bars(str(self), self.series(), symbol)
        facts = self._facts(symbol)
        last = max(info.last for info in series)
        if self._calendar is None:
            return completed(facts, series, self._source.read(symbol, series[0].timeframe).sessions)
        sessions = None
        with suppress(InvalidInput, Unavailable):  # whoever loads bars is told
            sessions = self._sessions(facts, last - 365 * NS_PER_DAY, last)
        return completed(facts, series, sessions)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port."""
        return self._source.context(source)

    def _facts(self, symbol: str, bars: Bars | None = None) -> SymbolCharacteristics:
        """Return what the source says of a symbol, else what its bars suggest."""
        facts = self._source.facts(symbol)
        if facts is not None:
            return facts
        if symbol not in self._inferred:
            self._inferred[symbol] = self._likely(symbol, bars)
        return self._inferred[symbol]

    def _likely(self, symbol: str, bars: Bars | None) -> SymbolCharacteristics:
        finest = self._finest(symbol, bars)
        if finest is None:
            return infer_characteristics(symbol, np.empty(0, dtype=np.int64))
        shown = finest.stamps if finest.timeframe.intraday or finest.written is None else finest.written
        return infer_characteristics(symbol, shown, finest.timeframe)

    def _finest(self, symbol: str, bars: Bars | None) -> Bars | None:
        """Return a symbol's finest bars that can be read, those at hand included."""
        there: tuple[SeriesInfo, ...] = ()
        with suppress(DataNotFound):
            there = self._source.series(symbol)
        for info in there:
            if bars is not None and not info.timeframe < bars.timeframe:
                break
            with suppress(KtrdrError):
                read = self._source.read(symbol, info.timeframe)
                if len(read):
                    return read
        return bars

    def _in_sessions(self, bars: Bars, facts: SymbolCharacteristics) -> Bars:
        sessions = self._sessions_of(bars, facts)
        if sessions is None or self._calendar is None:
            return bars
        dated = bars.in_sessions(sessions)
        require_fitting(dated, facts, self._calendar)
        return dated

    def _sessions_of(self, bars: Bars, facts: SymbolCharacteristics) -> Sessions | None:
        """Return the calendar over the span of bars that have none yet."""
        if not len(bars) or bars.sessions is not None:
            return None
        return self._sessions(facts, int(bars.stamps[0]), int(bars.stamps[-1]))

    def _sessions(self, facts: SymbolCharacteristics, first: int, last: int) -> Sessions | None:
        if self._calendar is None:
            return None
        try:
            return self._calendar(facts.calendar, first, last)
        except InvalidInput as error:
            raise InvalidInput(f"{self}/{CATALOGUE_NAME}: {facts.symbol}.calendar: {error}") from error

    def _dated(self, info: SeriesInfo) -> SeriesInfo:
        """Return a series with the dates of its first and last session, where its bars are stamped otherwise."""
        if info.timeframe.intraday or not (info.first % NS_PER_DAY or info.last % NS_PER_DAY):
            return info
        try:
            sessions = self._sessions(self._facts(info.symbol), info.first, info.last)
        except KtrdrError as error:
            return replace(info, rows=0, first=0, last=0, problem=str(error))
        if sessions is None:
            return info
        first, last = dates_of(np.array([info.first, info.last]), sessions).tolist()
        return replace(info, first=first, last=last)
