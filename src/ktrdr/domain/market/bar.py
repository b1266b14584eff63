"""One bar, as it comes in live."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np

from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import BAR_COLUMNS, FIRST, LAST, PRICE_COLUMNS, Bars, from_iso, iso
from ktrdr.domain.market.moments import FIRST_YEAR, LAST_YEAR
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.values import LARGEST, NO_VOLUME, SIZES


@dataclass(frozen=True, slots=True)
class Bar:
    """Open, high, low, close and volume of one symbol over one span of time that is over.

    Attributes
    ----------
    symbol : str
    stamp : int
        Open of the bar (UTC nanoseconds since the epoch); its session's date for a bar of a day or more.
    open, high, low, close, volume : float
        Prices in quote currency; volume in the source's units, 0 where it has none.
    known_at : int or None
        Moment from which it is known (UTC nanoseconds); None: by timeframe and calendar, as `Bars` derives it.

    Raises
    ------
    InvalidBars
        If a value is not finite or of an extreme size, see `Bars`, the high lies below the low, the volume below 0, or
        it is of a year that cannot be counted.
    """

    symbol: str
    stamp: int
    open: float
    high: float
    low: float
    close: float
    volume: float = 0.0
    known_at: int | None = None

    def __post_init__(self) -> None:
        if not FIRST <= self.stamp < LAST:
            raise InvalidBars(f"{self.symbol}: a bar must lie in the years {FIRST_YEAR} to {LAST_YEAR}")
        broken = [name for name in BAR_COLUMNS if not math.isfinite(getattr(self, name))]
        if broken:
            raise InvalidBars(f"{self}: {', '.join(broken)} must be a finite number")
        sizes = {name: abs(getattr(self, name)) for name in BAR_COLUMNS}
        beyond = [name for name, size in sizes.items() if size and not 1 / LARGEST <= size <= LARGEST]
        if beyond:
            raise InvalidBars(f"{self}: {', '.join(beyond)} {SIZES}")
        if self.high < self.low:
            raise InvalidBars(f"{self}: high must not be below low")
        if self.volume < 0:
            raise InvalidBars(f"{self}: {NO_VOLUME}")

    @classmethod
    def at(cls, symbol: str, time: datetime | str, *values: float) -> Bar:
        """Return the bar that opens at a time: open, high, low, close, and volume where there is any.

        A time is a datetime or a text in ISO 8601; it is UTC where it names no zone.
        """
        moment = datetime.fromisoformat(time) if isinstance(time, str) else time
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if len(values) not in (len(PRICE_COLUMNS), len(BAR_COLUMNS)):
            raise InvalidBars(f"{symbol}: a bar has {', '.join(BAR_COLUMNS)}; found {len(values)} values")
        named = {name: float(value) for name, value in zip(BAR_COLUMNS, values, strict=False)}
        return cls(symbol, from_iso(aware.isoformat()), **named, known_at=None)

    @classmethod
    def of(cls, bars: Bars, row: int) -> Bar:
        """Return one of many bars, with the moment from which it is known."""
        values = {name: float(getattr(bars, name)[row]) for name in BAR_COLUMNS}
        return cls(bars.symbol, int(bars.stamps[row]), **values, known_at=int(bars.known_at[row]))

    def __str__(self) -> str:
        """Return symbol, time and values."""
        values = ", ".join(f"{name} {getattr(self, name):g}" for name in BAR_COLUMNS)
        return f"{self.symbol} {iso(self.stamp)}: {values}"


def one_bar(bar: Bar, timeframe: Timeframe) -> Bars:
    """Return a bar as a series of its own, without sessions."""
    columns = {name: np.array([getattr(bar, name)]) for name in BAR_COLUMNS}
    return Bars.of(bar.symbol, timeframe, np.array([bar.stamp], dtype=np.int64), columns, source="live")
