"""What is odd about bars: sentences, never errors."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.sessions import Sessions

_MOVE = 1.5
_PLAIN, _WILD = ".2f", ".0e"
_NAMED_AT_MOST = 5


def quality_warnings(bars: Bars) -> tuple[str, ...]:
    """Return one plain sentence for each oddity of these bars; none if nothing is odd.

    Looked at: closes that move by more than half in one bar (a fall to two thirds counts like the rise that undoes it,
    so that a 2-for-1 split is caught), prices at or below 0, open or close beyond high and low, bars without volume,
    bars outside the sessions, and bars missing inside them.
    """
    return tuple(_warnings(bars)) if len(bars) else ()


def _warnings(bars: Bars) -> Iterator[str]:
    worthless = np.minimum.reduce([bars.open, bars.high, bars.low, bars.close]) <= 0
    if worthless.any():
        yield f"{_count(worthless)} have a price at or below 0: {_named(bars, worthless)}"
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.concatenate(([1.0], bars.close[1:] / bars.close[:-1]))
    jumps = (ratio > _MOVE) | (ratio < 1 / _MOVE)
    if jumps.any():
        yield f"{_count(jumps)} move by more than half against the close before (splits?): {_named(bars, jumps, ratio)}"
    body_low, body_high = np.minimum(bars.open, bars.close), np.maximum(bars.open, bars.close)
    beyond = (body_low < bars.low) | (body_high > bars.high)
    if beyond.any():
        yield f"{_count(beyond)} have an open or close outside low and high: {_named(bars, beyond)}"
    silent = bars.volume == 0
    if silent.all():
        yield "no bar has volume"
    elif silent.any():
        yield f"{_count(silent)} have no volume"
    if bars.sessions is not None and len(bars.sessions.dates):
        yield from _session_warnings(bars, bars.sessions)


def _session_warnings(bars: Bars, sessions: Sessions) -> Iterator[str]:
    if bars.timeframe.minutes > 1440:
        return
    session = sessions.locate(bars.stamps, bars.timeframe)
    outside = session < 0
    if outside.any():
        yield f"{_count(outside)} lie outside the sessions of the calendar"
    present = session[~outside]
    if not len(present):
        return
    absent = present[0] + np.flatnonzero(np.bincount(present - present[0]) == 0)
    if len(absent):
        named = ", ".join(iso(date)[:10] for date in sessions.dates[absent[:_NAMED_AT_MOST]])
        yield f"{len(absent)} sessions have no bars: {named}{_rest(len(absent))}"
    if bars.timeframe.intraday:
        steps = np.diff(bars.stamps[~outside]) // bars.timeframe.ns
        gaps = (np.diff(present) == 0) & (steps > 1)
        if gaps.any():
            yield f"{int((steps[gaps] - 1).sum())} bars are missing in {int(gaps.sum())} gaps inside sessions"


def _count(marked: NDArray[np.bool_]) -> str:
    return f"{int(marked.sum())} of {len(marked)} bars"


def _named(bars: Bars, marked: NDArray[np.bool_], ratio: NDArray[np.float64] | None = None) -> str:
    rows = np.flatnonzero(marked)
    texts = [
        iso(bars.stamps[row]) + ("" if ratio is None else f" (x {ratio[row]:{_PLAIN if ratio[row] < 1e6 else _WILD}})")
        for row in rows[:_NAMED_AT_MOST]
    ]
    return ", ".join(texts) + _rest(len(rows))


def _rest(total: int) -> str:
    return f" and {total - _NAMED_AT_MOST} more" if total > _NAMED_AT_MOST else ""
