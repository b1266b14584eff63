"""Bars of one timeframe that are made of finer ones, as these come in."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.resample import bucket_end, resample
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY

_LAID_OUT = 60 * NS_PER_DAY


class MadeBars:
    """Bars of one timeframe that are made of finer ones as soon as their span is over.

    Parameters
    ----------
    fine : HeldBars
        The finer ones; they grow elsewhere.
    bars : HeldBars
        Those that are made of them, which grow here.
    extended_hours : bool
        See `resample`.
    """

    def __init__(self, fine: HeldBars, bars: HeldBars, extended_hours: bool) -> None:
        self.bars = bars
        self._fine = fine
        self._extended_hours = extended_hours
        self._first = 0
        self._end: int | None = None
        self._near: tuple[int, int, Sessions] | None = None

    def extend(self, until: int | None) -> None:
        """Make all bars whose span is over at a moment (UTC nanoseconds), or when the last finer one is known."""
        if len(self._fine):
            last = int(self._fine.known_at[-1])
            self._make(last if until is None else max(last, until), self._fine.sessions)

    def grow(self, moment: int) -> bool:
        """Make the bars whose span is over at a moment; return whether there are any."""
        if self._first == len(self._fine):
            return False
        if self._end is None:
            self._end = self._next_end(self._nearby())
        if self._end is None:
            self._first = len(self._fine)  # outside of all sessions
            return False
        return moment >= self._end and self._make(moment, self._nearby())

    def _make(self, moment: int, sessions: Sessions | None) -> bool:
        fine = self._fine.bars(self._first, sessions)
        done = resample(fine, self.bars.timeframe, extended_hours=self._extended_hours, until=moment)
        if len(done):
            self.bars.extend(done)
            self._first += int(np.searchsorted(fine.known_at, done.known_at[-1], side="right"))
        self._end = self._next_end(sessions) if self._first < len(self._fine) else None
        return bool(len(done))

    def _next_end(self, sessions: Sessions | None) -> int | None:
        first = self._fine.bars(self._first, sessions)
        return bucket_end(first, self.bars.timeframe, extended_hours=self._extended_hours)

    def _nearby(self) -> Sessions | None:
        """Return the sessions about the bars that are not used up; a calendar of decades takes its time."""
        sessions = self._fine.sessions
        if sessions is None or not len(sessions.dates):
            return sessions
        margin = 10 * NS_PER_DAY + 2 * self.bars.timeframe.ns
        low, high = int(self._fine.stamps[self._first]) - margin, int(self._fine.stamps[-1]) + margin
        if self._near is not None and self._near[0] <= low and high <= self._near[1]:
            return self._near[2]
        high += _LAID_OUT
        cut = slice(*np.searchsorted(sessions.dates, [low, high]).tolist())
        if cut.start == cut.stop:
            return sessions
        self._near = low, high, sessions.cut(cut)
        return self._near[2]
