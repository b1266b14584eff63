"""Rows of the moments at which all symbols of a pool trade."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.sessions import Calendar as Calendar
from ktrdr.domain.market.sessions import Sessions, known_at
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.training.pool.pool import Pool


@dataclass(frozen=True, slots=True, eq=False)
class TradingMoments:
    """When a symbol trades: as its bars say over their span, and as its calendar says before and after.

    Intraday a bar would be known before and after so long after a session's open as bars are within the span, and at
    its close.

    Attributes
    ----------
    known_at : ndarray of int64, shape (n_bars,)
        Of all its base bars, those of the warm-up among them; at least one.
    timeframe : Timeframe
        Length of the bars.
    sessions : Sessions or None
        None: nothing is known beyond the bars, and it trades at no such moment.
    """

    known_at: Int64s
    timeframe: Timeframe
    sessions: Sessions | None

    def at(self, moments: Int64s) -> Bools:
        """Return at which of some moments a bar of the symbol is, or would be, known; shape (n_moments,)."""
        within = (moments >= self.known_at[0]) & (moments <= self.known_at[-1])
        found: Bools = np.where(within, np.isin(moments, self.known_at), self._expected(moments))
        return found

    def _expected(self, moments: Int64s) -> Bools:
        sessions = self.sessions
        if sessions is None or not len(sessions.dates):
            return np.zeros(len(moments), dtype=np.bool_)
        if not self.timeframe.intraday:
            days = known_at(sessions.dates, Timeframe("1d"), sessions)
            return np.isin(moments, days)
        usual = np.unique(_since_open(self.known_at, sessions))
        since = _since_open(moments, sessions)
        return (since > 0) & (np.isin(since, usual) | np.isin(moments, sessions.closes))


def in_common_hours(pool: Pool, trading: Mapping[str, TradingMoments]) -> Pool:
    """Return the pool with nothing to learn from on rows of other moments; they can still be looked back on.

    A moment is common if every symbol trades then, see `TradingMoments`: one that begins late or ends early takes
    nothing from the others' past and future but the hours at which its market is closed.

    Parameters
    ----------
    pool : Pool
    trading : mapping of symbol to TradingMoments
        The symbols that decide which moments are common.

    Raises
    ------
    InvalidInput
        If no row is left.
    """
    moments = np.unique(pool.known_at)
    common = np.ones(len(moments), dtype=np.bool_)
    for one in trading.values():
        common &= one.at(moments)
    kept = common[np.searchsorted(moments, pool.known_at)]
    label_end = np.where(kept, pool.label_end, NO_LABEL)
    if (label_end == NO_LABEL).all():
        names = ", ".join(pool.symbols)
        raise InvalidInput(f"training_data.alignment: common_hours leaves no row: {names} never trade at one moment")
    steps = {step: replace(own, label_end=np.where(kept, own.label_end, NO_LABEL)) for step, own in pool.steps.items()}
    return replace(pool, label_end=label_end, steps=steps)


def kept_note(before: Pool, after: Pool) -> str:
    """Return the sentence that says how many rows of each symbol are left to learn from."""
    kept = []
    for symbol in after.symbols:
        rows = after.rows_of(symbol)
        counts = ((pool.label_end[rows] != NO_LABEL).sum() for pool in (after, before))
        kept.append("{} {:,} of {:,}".format(symbol, *counts))
    return f"training_data.alignment: common_hours keeps, of the rows that could be learnt from: {', '.join(kept)}"


def _since_open(moments: Int64s, sessions: Sessions) -> Int64s:
    """Return how long after its session's open each moment lies, up to the close; -1 outside of sessions."""
    place = np.searchsorted(sessions.opens, moments, side="left") - 1
    inside = np.maximum(place, 0)
    trades = (place >= 0) & (moments <= sessions.closes[inside])
    return np.where(trades, moments - sessions.opens[inside], -1)
