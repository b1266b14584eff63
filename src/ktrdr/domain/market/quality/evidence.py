"""One series as rules look at it: what several of them need is computed once."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.quality.shifts import Shifts, shifts
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY

_ROUNDING = 1e-6


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
    def prices(self) -> tuple[Floats, ...]:
        """Open, high, low and close."""
        return tuple(getattr(self.bars, name) for name in PRICE_COLUMNS)

    @cached_property
    def logs(self) -> tuple[Floats, ...]:
        """Logarithms of the prices; NaN at or below 0."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return tuple(np.log(price) if price.min() > 0 else _logs(price) for price in self.prices)

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
    def shifts(self) -> Shifts | None:
        """See `shifts`."""
        return None if self.sessions is None else shifts(self.bars, self.sessions, self.session)

    def usual_move(self, rows: Int64s) -> Floats:
        """See `usual`, of the absolute moves; those from one session to the next are compared with each other."""
        size = np.abs(self.move)
        if not self.bars.timeframe.intraday or self.sessions is None or self.sessions.continuous:
            return usual(size, 50, rows)
        first = np.diff(self.session, prepend=-2) != 0
        found, opening = usual(np.where(first, 0.0, size), 50, rows), first[rows]
        place = np.cumsum(first)[rows[opening]] - 1
        found[opening] = np.maximum(found[opening], usual(size[first], 50, place))
        return found

    @cached_property
    def outside(self) -> Bools:
        """Whether the open or close of a bar lies outside low and high, by more than rounding."""
        open_, high, low, close = self.prices
        room = _ROUNDING * np.abs(close)
        outside: Bools = (np.minimum(open_, close) < low - room) | (np.maximum(open_, close) > high + room)
        return outside

    @cached_property
    def repeats(self) -> Bools:
        """Whether open, high, low and close of a bar are those of the bar before."""
        same = np.zeros(len(self.bars), dtype=np.bool_)
        same[1:] = np.logical_and.reduce([price[1:] == price[:-1] for price in self.prices])
        return same


def usual(values: Floats, size: int, rows: Int64s) -> Floats:
    """Return what is usual around some values: the largest median of its block of `size` and the blocks beside it.

    Where that is less than half of the median of all that are not 0, that half counts.
    """
    if not len(rows):
        return np.empty(0)
    n_blocks = max(len(values) // size, 1)
    edges = np.linspace(0, len(values), n_blocks + 1).astype(np.int64)
    width = int(np.diff(edges).min())
    block = np.searchsorted(edges, rows, side="right") - 1
    near = np.clip(block + np.array([[-1], [0], [1]]), 0, n_blocks - 1)
    looked_at, place = np.unique(near, return_inverse=True)
    medians = np.median(values[edges[looked_at][:, None] + np.arange(width)], axis=1)
    moving = values[values > 0]
    least = float(np.median(moving, overwrite_input=True)) / 2 if len(moving) else 0.0
    levels: Floats = np.maximum(medians[place.reshape(near.shape)].max(axis=0), least)
    return levels


def _logs(values: Floats) -> Floats:
    return np.where(values > 0, np.log(values), np.nan)
