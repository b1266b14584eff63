"""One symbol's bars in one timeframe, checked once when they come in."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.moments import FIRST_YEAR, LAST_YEAR, read_moment
from ktrdr.domain.market.reading import Reading
from ktrdr.domain.market.sessions import Sessions, known_at
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.values import NO_VOLUME, SIZES, extreme, numbers_of, plain, plain_or_zero

if TYPE_CHECKING:
    import pandas as pd

PRICE_COLUMNS = ("open", "high", "low", "close")
BAR_COLUMNS = (*PRICE_COLUMNS, "volume")
FIRST, LAST = (int(np.datetime64(f"{year}-01-01", "ns").astype(np.int64)) for year in (FIRST_YEAR, LAST_YEAR + 1))
"""Where the years begin and end in which bars may lie (UTC nanoseconds)."""


@dataclass(frozen=True, slots=True)
class DataFingerprint:
    """What identifies the bars a model has seen: rows, span and a SHA-256 over stamps and values."""

    symbol: str
    timeframe: str
    rows: int
    first: str
    last: str
    sha256: str
    source: str


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Open, high, low, close, volume of one symbol, ascending in time.

    Attributes
    ----------
    symbol : str
    timeframe : Timeframe
    stamps : ndarray of int64, shape (n,)
        Bar opens (UTC, nanoseconds since the epoch); session dates for bars of a day or more.
    open, high, low, close, volume : ndarray of float64, shape (n,)
        Prices in quote currency; volume in the source's units, 0 where it has none.
    source : str
        Where the bars came from (a file, ``sample``, ``5m resampled``), named in every error.
    sessions : Sessions or None
        The calendar over the bars' span; None means that nothing is known of it.
    known_at : ndarray of int64, shape (n,)
        Moment from which each bar is known; derived from stamps and sessions unless given.
    written : ndarray of int64, shape (n,), or None
        What the source's own clock shows at each stamp (nanoseconds of that clock); None where that is UTC. A midnight
        of that clock is a date.
    reading : Reading or None
        How the source's file was understood; None where there is none.
    file_rows : ndarray of int64, shape (n,), or None
        Row of the source's file in which each bar stands, counted from 0; None where they stand in order from the first
        row on.

    Raises
    ------
    InvalidBars
        If stamps are not ascending and unique, or of years that cannot be counted; if a value is not finite, or so
        large or small that arithmetic with it overflows; if a high lies below its low, or a volume below 0. The message
        names source, row, time and rule.
    """

    symbol: str
    timeframe: Timeframe
    stamps: Int64s
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    source: str = "memory"
    sessions: Sessions | None = None
    known_at: Int64s = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    written: Int64s | None = None
    reading: Reading | None = None
    file_rows: Int64s | None = None

    def __post_init__(self) -> None:
        self._check()
        if not len(self.known_at):
            object.__setattr__(self, "known_at", known_at(self.stamps, self.timeframe, self.sessions))
        if self.known_at.shape != self.stamps.shape:
            raise InvalidBars(f"{self.source}: known_at has {len(self.known_at)} values for {len(self.stamps)} stamps")

    def _check(self) -> None:
        for name in BAR_COLUMNS:
            values = getattr(self, name)
            if values.shape != self.stamps.shape:
                raise InvalidBars(f"{self.source}: {name} has {len(values)} values for {len(self.stamps)} stamps")
            if not (plain_or_zero if name == "volume" else plain)(values):
                self._refuse(~np.isfinite(values), f"{name} must be a finite number")
                self._refuse(extreme(values), f"{name} {SIZES}")
                if name == "volume":
                    self._refuse(values < 0, NO_VOLUME)
        self._check_stamps()
        self._refuse(self.high < self.low, "high must not be below low")

    def _check_stamps(self) -> None:
        stamps, last = self.stamps, LAST - self.timeframe.ns
        ascend = stamps[1:] > stamps[:-1]
        if ascend.all() and (not len(stamps) or (stamps[0] >= FIRST and stamps[-1] < last)):
            return
        uncountable = (stamps < FIRST) | (stamps >= last)
        self._refuse(uncountable, f"a bar must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
        self._refuse(np.concatenate(([False], ~ascend)), "time stamps must ascend and be unique")

    def _refuse(self, broken: NDArray[np.bool_], rule: str) -> None:
        if not broken.any():
            return
        row = int(np.flatnonzero(broken)[0])
        more = int(broken.sum()) - 1
        values = ", ".join(f"{name} {float(getattr(self, name)[row])!r}".removesuffix(".0") for name in BAR_COLUMNS)
        raise InvalidBars(
            f"{self.source}: {self.place_of(row)}: {rule}; found {values}"
            + (f" (and {more} more rows)" if more else "")
        )

    def __len__(self) -> int:
        """Return the number of bars."""
        return len(self.stamps)

    def row_of(self, bar: int) -> int:
        """Return the row of the source's file, counted from 0, in which a bar stands; messages name it."""
        return bar if self.file_rows is None else int(self.file_rows[bar])

    def place_of(self, bar: int) -> str:
        """Return row and stamp of a bar, as messages name it."""
        return f"row {self.row_of(bar)} at {iso(self.stamps[bar])}"

    @classmethod
    def of(
        cls,
        symbol: str,
        timeframe: Timeframe,
        stamps: Int64s,
        columns: Mapping[str, Floats],
        source: str = "memory",
        sessions: Sessions | None = None,
    ) -> Bars:
        """Return the bars of stamps and columns by name; without a volume it is 0."""
        prices = (columns[name] for name in PRICE_COLUMNS)
        open_, high, low, close = (np.ascontiguousarray(price) for price in prices)
        volume = np.ascontiguousarray(columns.get("volume", np.zeros(len(stamps))))
        return cls(symbol, timeframe, np.ascontiguousarray(stamps), open_, high, low, close, volume, source, sessions)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        symbol: str,
        timeframe: Timeframe,
        *,
        source: str = "memory",
        sessions: Sessions | None = None,
    ) -> Bars:
        """Wrap a frame with columns timestamp (UTC) and `BAR_COLUMNS`.

        Raises
        ------
        InvalidBars
            If a column is missing, a stamp is not a UTC time, a value is not a number, or a rule of the gate is broken.
        """
        import pandas as pd

        missing = [name for name in ("timestamp", *BAR_COLUMNS) if name not in frame.columns]
        if missing:
            raise InvalidBars(f"{source}: columns {missing} are missing; found {list(frame.columns)}")
        times = frame["timestamp"]
        if not isinstance(times.dtype, pd.DatetimeTZDtype) or str(times.dtype.tz) != "UTC":
            raise InvalidBars(f"{source}: timestamp must be UTC times; found {times.dtype}")
        if times.isna().any():
            row = int(np.flatnonzero(times.isna().to_numpy())[0])
            raise InvalidBars(f"{source}: row {row}: timestamp is missing")
        values = {name: numbers_of(frame[name], f"{source}: {name}") for name in BAR_COLUMNS}
        stamps = times.dt.as_unit("ns").astype("int64").to_numpy()
        return cls.of(symbol, timeframe, stamps, values, source, sessions)

    def to_frame(self) -> pd.DataFrame:
        """Return columns timestamp (UTC) and `BAR_COLUMNS`, one row per bar."""
        import pandas as pd

        columns = {name: getattr(self, name) for name in BAR_COLUMNS}
        return pd.DataFrame({"timestamp": pd.to_datetime(self.stamps, utc=True), **columns})

    def take(self, rows: slice | NDArray[np.bool_]) -> Bars:
        """Return the bars of a slice or mask; sessions and known-at times go with them."""
        columns = {name: getattr(self, name)[rows] for name in ("stamps", *BAR_COLUMNS, "known_at")}
        written, file_rows = (one if one is None else one[rows] for one in (self.written, self.file_rows))
        return replace(self, **columns, written=written, file_rows=file_rows)

    def between(self, start: np.int64 | int | None, end: np.int64 | int | None) -> Bars:
        """Return the bars with start <= stamp < end (UTC nanoseconds; None leaves that side open)."""
        if start is None and end is None:
            return self
        low = 0 if start is None else int(np.searchsorted(self.stamps, start, side="left"))
        high = len(self) if end is None else int(np.searchsorted(self.stamps, end, side="left"))
        return self.take(slice(low, high))

    def in_sessions(self, sessions: Sessions) -> Bars:
        """Return these bars with the sessions of their calendar; those that carry some already are left as they are.

        Bars of a day or more carry session dates: where they are stamped with moments, each gets the date of the
        session that it lies in, or else the exchange's local date. Where a market never closes they keep their
        moments, and its sessions begin at their time of day. They are known as `known_at` says; a bar that begins
        outside the sessions, or on a calendar that hardly closes, not before it is full.

        Raises
        ------
        InvalidBars
            If two bars get one date, a row is not over (see `settled`), bars lie closer together than their timeframe,
            or clock times without a zone are plainly not those of UTC. The message names the rows.
        """
        from ktrdr.domain.market.dating import in_sessions

        return in_sessions(self, sessions)

    def with_sessions(self, sessions: Sessions) -> Bars:
        """Return these bars with sessions, known as `known_at` says; nothing else changes, so nothing is checked."""
        same = copy(self)
        object.__setattr__(same, "sessions", sessions)
        object.__setattr__(same, "known_at", known_at(self.stamps, self.timeframe, sessions))
        return same

    def fingerprint(self) -> DataFingerprint:
        """Return rows, span and hash of these bars."""
        digest = hashlib.sha256(f"{self.symbol}|{self.timeframe}|".encode())
        for name in ("stamps", *BAR_COLUMNS):
            digest.update(np.ascontiguousarray(getattr(self, name)).data)
        first, last = (iso(self.stamps[0]), iso(self.stamps[-1])) if len(self) else ("", "")
        return DataFingerprint(
            self.symbol, str(self.timeframe), len(self), first, last, digest.hexdigest(), self.source
        )


def iso(stamp: np.int64 | int) -> str:
    """Return a UTC nanosecond stamp as ``2024-01-02T15:30:00Z``, with a fraction only where there is one."""
    seconds, fraction = divmod(int(stamp), 10**9)
    text = f".{fraction:09}".removesuffix("000") if fraction else ""
    return f"{np.datetime64(seconds, 's')}{text}Z"


def from_iso(text: str) -> int:
    """Return the UTC nanosecond stamp that `iso` wrote.

    Raises
    ------
    InvalidInput
        If it is of a year that cannot be counted.
    """
    return read_moment(text)
