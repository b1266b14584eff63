"""Zigzag labels by legs: which way the price runs until the next pivot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.catalogue.labels import ZIGZAG_SEGMENTS, Parameters
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Target
from ktrdr.domain.labels.outcomes import divisors
from ktrdr.domain.labels.thresholds import threshold_multiple, threshold_unit
from ktrdr.domain.labels.zigzag_lookahead import BUY, HOLD, SELL
from ktrdr.domain.market.bars import Bars

_FEW = 8
"""Swings are thinned out while at least one turn in so many can go; the loop over the rest is then the cheaper way."""


@dataclass(frozen=True, slots=True, eq=False)
class Pivots:
    """Confirmed turns of a zigzag, in order; highs and lows alternate.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_pivots,)
    confirmed : ndarray of int64, shape (n_pivots,)
        Row of the bar whose close made the pivot final: nothing later can undo it.
    highs : ndarray of bool, shape (n_pivots,)
    """

    rows: Int64s
    confirmed: Int64s
    highs: NDArray[np.bool_]


def zigzag_segments(bars: Bars, parameters: Parameters) -> LabelSet:
    """Label each bar between two pivots by the direction of the leg, and each pivot as hold.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `ZIGZAG_SEGMENTS`, complete.

    Returns
    -------
    LabelSet
        0 buy (the next pivot is higher), 1 hold (a pivot), 2 sell. No label before the first confirmed pivot, nor
        after the last one.

    Notes
    -----
    Causality: a bar's span ends where the first pivot at or after it was confirmed; a pivot's own span, where it was
    confirmed itself. Spans have no upper bound. The threshold uses bars up to the extreme that it measures from.

    References
    ----------
    Merrill (1977), Filtered Waves.
    """
    threshold = parameters["zigzag_threshold"]
    pivots = find_pivots(bars.close, threshold_multiple(threshold) * threshold_unit(bars, threshold))
    values = np.full(len(bars), HOLD, dtype=np.int64)
    end_rows = np.full(len(bars), NO_LABEL, dtype=np.int64)
    if len(pivots.rows):
        span = slice(pivots.rows[0], pivots.rows[-1] + 1)
        lengths = np.diff(pivots.rows, prepend=pivots.rows[0] - 1)
        values[span] = np.repeat(np.where(pivots.highs, BUY, SELL), lengths)
        values[pivots.rows] = HOLD
        end_rows[span] = np.repeat(pivots.confirmed, lengths)
    return LabelSet(values, end_rows, Target.of(ZIGZAG_SEGMENTS), ZIGZAG_SEGMENTS.horizon(parameters))


def find_pivots(close: Floats, reversal: Floats) -> Pivots:
    """Return the zigzag's pivots.

    A running extreme becomes a pivot at the first close that lies on the other side of it by `reversal`, which is taken
    at the extreme's bar. Of equal extremes the first one counts. Until the first pivot, a high and a low are sought.

    Parameters
    ----------
    close : ndarray of float64, shape (n_bars,)
    reversal : ndarray of float64, shape (n_bars,)
        Fractions of the close (see `divisors`); NaN before some bar, from which the search starts.

    Notes
    -----
    Causality: the pivots that the first k bars confirm are the first pivots of any longer series.
    """
    start = int(np.isnan(reversal).sum())
    close, swing = close[start:], (reversal * divisors(close))[start:]
    floors = np.minimum(close - swing, np.nextafter(close, -np.inf))
    ceilings = np.maximum(close + swing, np.nextafter(close, np.inf))
    turns = _turning_points(close)
    while len(shallow := _shallow_swings(turns, close, floors, ceilings)) > len(turns) // _FEW:
        turns = np.delete(turns, np.concatenate((shallow, shallow + 1)))
    found, last_is_high = _alternate(close[turns].tolist(), floors[turns].tolist(), ceilings[turns].tolist())
    rows = turns[found]
    highs = (np.arange(len(rows))[::-1] % 2 == 0) == last_is_high
    return Pivots(rows + start, _confirmations(close, rows, highs, floors, ceilings) + start, highs)


def _turning_points(close: Floats) -> Int64s:
    """Return the rows of all local extremes (the first of equal closes), and of both ends."""
    rows = np.flatnonzero(np.append(True, close[1:] != close[:-1])[: len(close)])
    rising = np.diff(close[rows]) > 0
    return rows[np.concatenate(([True], rising[1:] != rising[:-1], [True]))] if len(rows) > 1 else rows


def _shallow_swings(turns: Int64s, close: Floats, floors: Floats, ceilings: Floats) -> Int64s:
    """Return the places in `turns` whose swing to the next one can be left out, with both ends, never two in a row.

    Such a swing lies inside the prices of its neighbours and is too small to end a leg. It then confirms nothing that
    the turn before it has not confirmed, and its extreme is exceeded by the turn after it.
    """
    price = close[turns]
    before, one, other, after = price[:-3], price[1:-2], price[2:-1], price[3:]
    inner = turns[1:-2]
    dip = (one > other) & (other >= before) & (after > one) & (other > floors[inner])
    bounce = (one < other) & (other <= before) & (after < one) & (other < ceilings[inner])
    return np.flatnonzero(dip | bounce) + 1


def _alternate(prices: list[float], floors: list[float], ceilings: list[float]) -> tuple[list[int], bool]:
    """Return which turns are pivots, and whether the last one is a high."""
    found = []
    high = low = 0
    seek_high = seek_low = True
    for turn, price in enumerate(prices):
        if seek_high:
            if price > prices[high]:
                high = turn
            elif price <= floors[high]:
                found.append(high)
                low, seek_high, seek_low = turn, False, True
        if seek_low:
            if price < prices[low]:
                low = turn
            elif price >= ceilings[low]:
                found.append(low)
                high, seek_high, seek_low = turn, True, False
    return found, not seek_high


def _confirmations(close: Floats, rows: Int64s, highs: NDArray[np.bool_], floors: Floats, ceilings: Floats) -> Int64s:
    """Return for each pivot the first bar after it that lies beyond its level; it is the next pivot or before it."""
    if not len(rows):
        return rows
    lengths = np.diff(rows, append=len(close) - 1)
    floor = np.repeat(np.where(highs, floors[rows], -np.inf), lengths)
    ceiling = np.repeat(np.where(highs, np.inf, ceilings[rows]), lengths)
    later = close[rows[0] + 1 :]
    beyond = np.flatnonzero((later <= floor) | (later >= ceiling)) + rows[0] + 1
    first: Int64s = beyond[np.searchsorted(beyond, rows, side="right")]
    return first
