"""What a repository offers, and how it says that something is not there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.domain.errors import DataNotFound, did_you_mean
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, iso
from ktrdr.domain.market.timeframe import Timeframe

_NAMED_AT_MOST = 25


@dataclass(frozen=True, slots=True)
class SeriesInfo:
    """One symbol in one timeframe.

    Attributes
    ----------
    symbol : str
    timeframe : Timeframe
    rows : int
    first, last : int
        Stamps of the first and last bar (UTC nanoseconds); 0 where the series is empty.
    source : str
        File name or kind of source.
    problem : str
        Why it cannot be read, and is listed as empty; empty where nothing is wrong.
    adjustment : str
        For what its prices were adjusted, where that was chosen when it was kept.
    """

    symbol: str
    timeframe: Timeframe
    rows: int
    first: int
    last: int
    source: str
    problem: str = ""
    adjustment: str = ""

    @classmethod
    def of(cls, bars: Bars) -> SeriesInfo:
        """Return what there is to say of bars."""
        first, last = (int(bars.stamps[0]), int(bars.stamps[-1])) if len(bars) else (0, 0)
        adjustment = bars.reading.adjustment if bars.reading else ""
        return cls(bars.symbol, bars.timeframe, len(bars), first, last, bars.source, adjustment=adjustment)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        first, last = (iso(self.first), iso(self.last)) if self.rows else ("", "")
        return {
            "symbol": self.symbol,
            "timeframe": str(self.timeframe),
            "rows": self.rows,
            "first": first,
            "last": last,
            "source": self.described,
        }

    @property
    def described(self) -> str:
        """The source, and why it cannot be read where it cannot."""
        return f"{self.source} (cannot be read: {self.problem})" if self.problem else self.source


@dataclass(frozen=True, slots=True, order=True)
class NotTaken:
    """An entry of a folder that is not taken for bars, and why."""

    file: str
    why: str


def bar_rows(bars: Bars, rows: Iterable[int]) -> list[dict[str, Any]]:
    """Return some bars as plain values: stamp and known-at time (ISO 8601, UTC), prices and volume."""
    return [
        {"timestamp": iso(bars.stamps[row]), "known_at": iso(bars.known_at[row])}
        | {name: float(getattr(bars, name)[row]) for name in BAR_COLUMNS}
        for row in rows
    ]


def same_symbol(one: str, other: str) -> bool:
    """Return whether two spellings name one symbol: the ``^`` of an index may be left out."""
    return one.removeprefix("^") == other.removeprefix("^")


def spelt_twice(symbols: Iterable[str]) -> tuple[str, str] | None:
    """Return the first two names that are one symbol, see `same_symbol`; None where there are none."""
    seen: dict[str, str] = {}
    for name in symbols:
        other = seen.setdefault(name.removeprefix("^"), name)
        if other != name:
            return other, name
    return None


def missing_bars(
    place: str,
    series: Sequence[SeriesInfo],
    symbol: str,
    timeframe: Timeframe | None = None,
    start: int | None = None,
    end: int | None = None,
) -> DataNotFound:
    """Return the error for bars that are not there: the nearest name, and what there is instead."""
    symbols = sorted({info.symbol for info in series if not info.problem})
    broken = [info.source for info in series if info.problem]
    unread = f"; cannot be read: {_listed(broken)}" if broken else ""
    own = [info for info in series if same_symbol(info.symbol, symbol)]
    if not own and not symbols:
        return DataNotFound(f"{place}: no bars of {symbol}, and no other bars either{unread}")
    if not own:
        hint = did_you_mean(symbol, symbols) or ";"
        return DataNotFound(f"{place}: no bars of {symbol}{hint} there is {_listed(symbols)}{unread}")
    fitting = [info for info in own if info.timeframe == timeframe]
    if not fitting:
        return DataNotFound(f"{place}: no {timeframe} bars of {symbol}; there is {_listed([_span(i) for i in own])}")
    span = "".join(
        f" {word} {_time(moment)}" for word, moment in (("from", start), ("before", end)) if moment is not None
    )
    return DataNotFound(f"{place}: no {timeframe} bars of {symbol}{span}; there is {_span(fitting[0])}")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - _NAMED_AT_MOST
    return ", ".join(names[:_NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")


def _span(info: SeriesInfo) -> str:
    if not info.rows:
        return f"{info.timeframe} ({info.described if info.problem else 'empty'})"
    return f"{info.timeframe} ({info.rows} bars, {_time(info.first)} to {_time(info.last)})"


def _time(moment: int) -> str:
    """Return a moment to the second, midnights as dates."""
    text = str(np.datetime64(moment, "ns").astype("datetime64[s]"))
    return text.removesuffix("T00:00:00") if text.endswith("T00:00:00") else f"{text}Z"
