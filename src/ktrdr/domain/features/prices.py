"""The column of prices that a name means."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from operator import add

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.timeframe import NS_PER_DAY

SESSION_REVISION = "ktrdr session 2"
"""Meaning of the column ``session``; its number grows whenever other bars share a number, as the contract records."""

_MEANS: Mapping[str, tuple[str, ...]] = {
    "hl2": ("high", "low"),
    "hlc3": ("high", "low", "close"),
    "ohlc4": ("open", "high", "low", "close"),
}


def parts_of(name: str) -> tuple[str, ...]:
    """Return the columns whose mean a name of `PRICE_SOURCES` is; a column is its own."""
    return _MEANS.get(name, (name,))


def price_column(bars: Bars, name: str) -> Floats:
    """Return a column of the bars, or the mean of several.

    Parameters
    ----------
    bars : Bars
    name : str
        One of `PRICE_SOURCES`: a column, or ``hl2``, ``hlc3``, ``ohlc4``; or ``session``, a number that two bars share
        if no session opened or closed between them.

    Returns
    -------
    ndarray of float64, shape (n,)

    Causality: each value comes from its own bar, and from the calendar, which is known in advance.
    """
    if name == "session":
        return _session(bars)
    if name in BAR_COLUMNS:
        column: Floats = getattr(bars, name)
        return column
    first, *others = (price_column(bars, part) for part in _MEANS[name])
    return sum(others, start=first) / (1 + len(others))


def _session(bars: Bars) -> Floats:
    """Count the opens and closes of sessions before each bar was known; without a calendar, its UTC days.

    So a session's bars share a number, and those from its close to the next open share another. A bar of a day or more
    is a session of its own.
    """
    if not bars.timeframe.intraday:
        return np.arange(len(bars), dtype=np.float64)
    if bars.sessions is None or not len(bars.sessions.dates):
        return ((bars.known_at - 1) // NS_PER_DAY).astype(np.float64)
    passed = np.searchsorted(bars.known_at, np.concatenate((bars.sessions.opens, bars.sessions.closes)), side="right")
    return np.cumsum(np.bincount(passed, minlength=len(bars) + 1)[: len(bars)], dtype=np.float64)


def newest_price(held: HeldBars, name: str) -> float:
    """Return the last value of `price_column` over bars that are held."""
    if name != "session":
        parts = [held.column(part).item(-1) for part in parts_of(name)]
        return float(reduce(add, parts) / len(parts))  # `sum` rounds floats otherwise from Python 3.12 on
    if not held.timeframe.intraday:
        return float(len(held) - 1)
    if held.sessions is None or not len(held.sessions.dates):
        return float((held.known_at[-1] - 1) // NS_PER_DAY)
    now = held.known_at[-1]
    return float(sum(np.searchsorted(moments, now) for moments in (held.sessions.opens, held.sessions.closes)))
