"""Prices that jump: splits, spikes that return, wicks, and other moves by more than half."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.quality.evidence import Evidence, usual
from ktrdr.domain.market.quality.finding import Found, marked, rest
from ktrdr.domain.market.timeframe import NS_PER_DAY

_RATIOS = {
    "3:2": 1.5, "2:1": 2.0, "5:2": 2.5, "3:1": 3.0, "4:1": 4.0, "5:1": 5.0, "6:1": 6.0, "7:1": 7.0, "8:1": 8.0,
    "10:1": 10.0, "15:1": 15.0, "20:1": 20.0, "25:1": 25.0, "30:1": 30.0, "50:1": 50.0, "100:1": 100.0,
}  # fmt: skip
_SMALLEST_SPLIT = 0.3
_SPLIT_CALM = 2.0
_SPIKE_BARS, _SPIKE_TIMES = 3, 10.0
_SPIKE_LEAST, _SPIKE_RETURNS = 0.01, 0.25
_WICK_LEAST = 0.02
_WITHIN_THE_DAY = 2.0
_WICK_WITHIN_THE_DAY = 2.0
_MANY = 200
_NEVER_SPLIT = ("index", "forex", "metal")


def big_moves(evidence: Evidence, limit: float) -> Found | None:
    """Find closes that move by more than a share in one bar, a fall counting like the rise that undoes it."""
    marks = np.abs(evidence.move) > np.log1p(limit) + 1e-12
    rows = np.flatnonzero(marks)
    shown = ", ".join(f"{iso(evidence.bars.stamps[row])} (x {_factor(evidence.move[row])})" for row in rows[:5])
    said = "half" if limit == 0.5 else f"{limit:.0%}"
    text = f"move by more than {said} against the close before"
    return marked(evidence.bars, marks, text, shown + rest(len(rows)))


def splits(evidence: Evidence, limit: float) -> Found | None:
    """Find opens at a split's ratio to the close before, on a bar that is otherwise calm."""
    marks, names = split_bars(evidence, limit)
    rows = np.flatnonzero(marks)
    shown = ", ".join(f"{iso(evidence.bars.stamps[row])} ({names[row]})" for row in rows[:5])
    return marked(evidence.bars, marks, "look like splits that were not adjusted for", shown + rest(len(rows)))


def spikes(evidence: Evidence, limit: float) -> Found | None:
    """Find closes that jump by many times the usual move, twice as many within the day, and jump back."""
    return marked(evidence.bars, _spike_starts(evidence, limit)[0], "jump away and back within three bars")


def wicks(evidence: Evidence, limit: float) -> Found | None:
    """Find highs and lows many times the usual distance beyond open and close, twice as many within the day."""
    open_, high, low, close = evidence.logs
    beyond = np.maximum(high - np.maximum(open_, close), np.minimum(open_, close) - low)
    beyond = np.nan_to_num(beyond)
    times = limit * (_WICK_WITHIN_THE_DAY if evidence.bars.timeframe.intraday else 1.0)
    marks = beyond > _WICK_LEAST
    rows = np.flatnonzero(marks)
    marks[rows] = beyond[rows] > times * usual(beyond, 250, rows)
    return marked(evidence.bars, marks, "have a high or low far beyond open and close")


def split_bars(evidence: Evidence, tolerance: float = 0.05) -> tuple[Bools, dict[int, str]]:
    """Return which bars open at a split's ratio and are calm otherwise, and the ratio by row."""
    bars, gap = evidence.bars, evidence.gap
    marks, names = np.zeros(len(bars), dtype=np.bool_), dict[int, str]()
    rows = np.flatnonzero(np.abs(gap) > _SMALLEST_SPLIT)
    if not len(rows) or len(rows) > _MANY or (evidence.facts and evidence.facts.asset_class in _NEVER_SPLIT):
        return marks, names
    room = np.clip(5 * 1.4826 * usual(np.abs(gap), 50, rows), 0.015, tolerance)
    sizes = np.log(list(_RATIOS.values()))
    apart = np.abs(np.abs(gap[rows])[:, None] - sizes)
    near = (apart.min(axis=1) <= room) & (np.abs(evidence.move[rows] - gap[rows]) <= _SMALLEST_SPLIT / 2)
    calm = _calm(evidence.span, rows, evidence) & _calm(np.nan_to_num(bars.close * bars.volume), rows, evidence)
    for row, place in zip(rows[near & calm], apart.argmin(axis=1)[near & calm], strict=True):
        name = list(_RATIOS)[place]
        names[int(row)] = name if gap[row] < 0 else ":".join(reversed(name.split(":")))
    marks[list(names)] = True
    return marks & ~spike_edges(evidence, _SPIKE_TIMES), names


def _calm(values: Floats, rows: Int64s, evidence: Evidence) -> Bools:
    """Return where a value is at most twice the largest of the 40 bars, or about the day, before."""
    per_day = int(NS_PER_DAY // evidence.bars.timeframe.ns)
    width = int(np.clip(per_day, 40, 2000))
    before = rows[:, None] - np.arange(1, width + 1)
    largest = np.where(before >= 0, values[np.maximum(before, 0)], 0.0).max(axis=1)
    calm: Bools = values[rows] <= _SPLIT_CALM * largest + 1e-12
    return calm


def spike_edges(evidence: Evidence, limit: float) -> Bools:
    """Return the bars on which a spike begins and those on which it is undone."""
    begins, length = _spike_starts(evidence, limit)
    edges = begins.copy()
    edges[np.flatnonzero(begins) + length[begins]] = True
    return edges


def _spike_starts(evidence: Evidence, limit: float) -> tuple[Bools, Int64s]:
    """Return on which bars spikes begin, and of how many bars they are."""
    close, size = evidence.logs[3], np.abs(evidence.move)
    times = limit * (_WITHIN_THE_DAY if evidence.bars.timeframe.intraday else 1.0)
    large = np.flatnonzero(size > _SPIKE_LEAST)
    large = large[size[large] > times * evidence.usual_move(large)]
    begins, length = np.zeros(len(size), dtype=np.bool_), np.zeros(len(size), dtype=np.int64)
    for bars in range(_SPIKE_BARS, 0, -1):
        rows = large[(large > 0) & (large < len(size) - bars)]
        back, undone = np.abs(close[rows + bars] - close[rows - 1]), size[rows + bars]
        returned = rows[(back < _SPIKE_RETURNS * size[rows]) & (undone > (1 - _SPIKE_RETURNS) * size[rows])]
        begins[returned] = True
        length[returned] = bars
    ends = np.flatnonzero(begins) + length[begins]
    begins[ends[ends < len(begins)]] = False
    return begins, length


def _factor(move: float) -> str:
    factor = float(np.exp(move))
    return f"{factor:{'.2f' if factor < 1e6 else '.0e'}}"
