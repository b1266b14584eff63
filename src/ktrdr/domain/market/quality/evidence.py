"""One series as rules look at it: what several of them need is computed once."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY


class Evidence:
    """Bars of one series, and what can be seen in them.

    Parameters
    ----------
    bars : Bars
        At least one.
    facts : SymbolCharacteristics or None
    """

    def __init__(self, bars: Bars, facts: SymbolCharacteristics | None = None) -> None:
        self.bars = bars
        self.facts = facts

    @cached_property
    def sessions(self) -> Sessions | None:
        """The calendar, where there is one that bars of this length can be held against."""
        sessions = self.bars.sessions
        if sessions is None or not len(sessions.dates) or self.bars.timeframe.ns > NS_PER_DAY:
            return None
        return sessions

    @cached_property
    def session(self) -> Int64s:
        """The session of each bar, -1 outside all of them; all -1 without a calendar."""
        if self.sessions is None:
            return np.full(len(self.bars), -1, dtype=np.int64)
        return self.sessions.locate(self.bars.stamps, self.bars.timeframe)

    @cached_property
    def traded(self) -> Int64s:
        """The sessions of the bars that lie in one, in their order."""
        return self.session[self.session >= 0]

    @cached_property
    def prices(self) -> Floats:
        """Open, high, low and close, shape (4, n_bars)."""
        return np.stack([getattr(self.bars, name) for name in PRICE_COLUMNS])

    @cached_property
    def logs(self) -> Floats:
        """Logarithms of the prices; NaN at or below 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.prices > 0, np.log(self.prices), np.nan)

    @cached_property
    def move(self) -> Floats:
        """Change of the log close against the bar before; 0 for the first bar and where there is none."""
        moves: Floats = np.nan_to_num(np.diff(self.logs[3], prepend=self.logs[3][:1]))
        return moves

    @cached_property
    def gap(self) -> Floats:
        """Log open against the close before; 0 for the first bar and where there is none."""
        gaps: Floats = np.nan_to_num(self.logs[0] - np.concatenate((self.logs[0][:1], self.logs[3][:-1])))
        return gaps

    @cached_property
    def span(self) -> Floats:
        """Log high against the log low; 0 where there is none."""
        spans: Floats = np.nan_to_num(self.logs[1] - self.logs[2])
        return spans

    @cached_property
    def usual_move(self) -> Floats:
        """See `usual`, of the absolute moves; those from one session to the next are compared with each other."""
        size = np.abs(self.move)
        if not self.bars.timeframe.intraday or self.sessions is None or self.sessions.continuous:
            return usual(size, 50)
        first = np.diff(self.session, prepend=-2) != 0
        found = usual(np.where(first, 0.0, size), 50)
        found[first] = np.maximum(found[first], usual(size[first], 50))
        return found

    @cached_property
    def repeats(self) -> Bools:
        """Whether open, high, low and close of a bar are those of the bar before."""
        same = np.zeros(len(self.bars), dtype=np.bool_)
        same[1:] = (self.prices[:, 1:] == self.prices[:, :-1]).all(axis=0)
        return same


def usual(values: Floats, size: int) -> Floats:
    """Return what is usual around each value: the largest median of its block of `size` and the blocks beside it.

    Where that is less than half of the median of all that are not 0, that half counts.
    """
    n_blocks = max(len(values) // size, 1)
    edges = np.linspace(0, len(values), n_blocks + 1).astype(np.int64)
    width = int(np.diff(edges).min())
    medians = np.median(values[edges[:-1, None] + np.arange(width)], axis=1)
    padded = np.concatenate((medians[:1], medians, medians[-1:]))
    around = np.maximum(np.maximum(padded[:-2], padded[1:-1]), padded[2:])
    moving = values[values > 0]
    least = float(np.median(moving)) / 2 if len(moving) else 0.0
    levels: Floats = np.maximum(np.repeat(around, np.diff(edges)), least)
    return levels
