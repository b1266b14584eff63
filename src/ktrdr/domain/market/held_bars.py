"""Bars of one series that grow at their end, without a copy of what is there already."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe

_ROOM = 256


class Growing:
    """An array that grows at its end; a view of it stays what it was."""

    def __init__(self, values: NDArray[Any]) -> None:
        self._room: NDArray[Any] = values.copy()
        self._length = len(values)

    def append(self, value: float | int) -> None:
        """Add one value."""
        self._make_room(1)
        self._room[self._length] = value
        self._length += 1

    def extend(self, values: NDArray[Any]) -> None:
        """Add several values."""
        self._make_room(len(values))
        self._room[self._length : self._length + len(values)] = values
        self._length += len(values)

    def _make_room(self, more: int) -> None:
        if self._length + more <= len(self._room):
            return
        room = np.empty(max(2 * (self._length + more), _ROOM), dtype=self._room.dtype)
        room[: self._length] = self.values
        self._room = room

    @property
    def values(self) -> NDArray[Any]:
        """All values so far, as a view."""
        return self._room[: self._length]


class HeldBars:
    """The bars of one symbol in one timeframe, from the first one that was taken in.

    Parameters
    ----------
    bars : Bars
        Those to begin with; they may be none. Calendar and source are theirs.

    Attributes
    ----------
    outside : int
        How many of them lie outside the sessions.
    """

    def __init__(self, bars: Bars) -> None:
        self.symbol, self.timeframe = bars.symbol, bars.timeframe
        self.sessions, self.source = bars.sessions, bars.source
        self._columns = {name: Growing(getattr(bars, name)) for name in ("stamps", *BAR_COLUMNS, "known_at")}
        self.outside = self.count_outside(bars.stamps)

    @classmethod
    def empty(cls, symbol: str, timeframe: Timeframe, sessions: Sessions | None = None) -> HeldBars:
        """Return a series without bars."""
        columns: dict[str, Any] = {name: np.empty(0) for name in BAR_COLUMNS}
        stamps = np.empty(0, dtype=np.int64)
        return cls(Bars(symbol, timeframe, stamps, **columns, known_at=stamps, source="live", sessions=sessions))

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.stamps)

    @property
    def stamps(self) -> Int64s:
        """Opens of the bars (UTC nanoseconds)."""
        return self._columns["stamps"].values

    @property
    def known_at(self) -> Int64s:
        """Moments from which the bars are known (UTC nanoseconds)."""
        return self._columns["known_at"].values

    def column(self, name: str) -> Floats:
        """Return one of `BAR_COLUMNS` as a view."""
        return self._columns[name].values

    def count_outside(self, stamps: Int64s) -> int:
        """Return how many bars with such opens lie outside the sessions; none where no calendar is known."""
        if self.sessions is None or not len(self.sessions.dates):
            return 0
        return int(np.count_nonzero(self.sessions.locate(stamps, self.timeframe) < 0))

    def append(self, bar: Bar, known_at: int) -> None:
        """Add one bar, which is later than all others."""
        self.outside += self.count_outside(np.array([bar.stamp], dtype=np.int64))
        self._columns["stamps"].append(bar.stamp)
        self._columns["known_at"].append(known_at)
        for name in BAR_COLUMNS:
            self._columns[name].append(getattr(bar, name))

    def extend(self, bars: Bars) -> None:
        """Add several bars, which are later than all others."""
        self.outside += self.count_outside(bars.stamps)
        for name, column in self._columns.items():
            column.extend(getattr(bars, name))

    def bars(self, first: int = 0, sessions: Sessions | None = None) -> Bars:
        """Return the bars from a place on, which share this memory; with other `sessions` where they are given."""
        columns: dict[str, Any] = {name: column.values[first:] for name, column in self._columns.items()}
        calendar = self.sessions if sessions is None else sessions
        return Bars(self.symbol, self.timeframe, **columns, source=self.source, sessions=calendar)
