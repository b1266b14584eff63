"""Regimes: trending up or down, ranging, or volatile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.catalogue.labels import REGIME, Parameters
from ktrdr.domain.labels.as_now import as_now
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Target
from ktrdr.domain.labels.outcomes import ahead
from ktrdr.domain.labels.thresholds import average_true_range
from ktrdr.domain.labels.trailing import log_returns, rolling_deviation
from ktrdr.domain.labels.zigzag_segments import Pivots, find_pivots
from ktrdr.domain.market.bars import Bars

UP, DOWN, RANGING, VOLATILE = range(4)
_FEWEST_PIVOTS = 4
_VOLATILE_SHARE = 0.2
Mask = NDArray[np.bool_]


def regime(bars: Bars, parameters: Parameters) -> LabelSet:
    """Label each bar by the macro segment that it lies in, or as volatile.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `REGIME`, complete.

    Returns
    -------
    LabelSet
        0 trending up, 1 trending down, 2 ranging, 3 volatile. No label up to the first macro pivot and after the last
        one, for the last ``atr_period`` bars, and where the trailing volatility is missing or 0.

    Notes
    -----
    Causality: a span ends where the pivot that closes the bar's macro segment was confirmed, or `atr_period` bars
    ahead if that is later; spans have no upper bound. Only micro pivots that were confirmed by then count. Reversals
    and the trailing volatility use bars up to their own. The forecast that needs no model is `as_now`: the last macro
    segment that was confirmed, or volatile. There is none "as the rule says": the rule judges a segment by both its
    ends, and the one that runs has none yet.

    References
    ----------
    Merrill (1977), Filtered Waves.
    """
    surge = _surge(bars, parameters)
    unit = _median_range(bars, parameters)
    macro = find_pivots(bars.close, parameters["macro_atr_mult"] * unit)
    micro = find_pivots(bars.close, parameters["micro_atr_mult"] * unit)
    values = np.full(len(bars), RANGING, dtype=np.int64)
    end_rows = np.full(len(bars), NO_LABEL, dtype=np.int64)
    if len(macro.rows) > 1:
        span, lengths = slice(macro.rows[0] + 1, macro.rows[-1] + 1), np.diff(macro.rows)
        kinds = _segment_kinds(bars.close, macro, micro, parameters["progression_tolerance"])
        values[span] = np.repeat(kinds, lengths)
        end_rows[span] = np.repeat(macro.confirmed[1:], lengths)
    values[surge > parameters["vol_crisis_threshold"]] = VOLATILE
    reach = np.maximum(end_rows, np.arange(len(bars)) + parameters["atr_period"])
    end_rows = np.where((end_rows == NO_LABEL) | ~np.isfinite(surge), NO_LABEL, reach)
    naive = (as_now(values, end_rows),)
    return LabelSet(values, end_rows, Target.of(REGIME), REGIME.horizon(parameters), naive=naive)


def _median_range(bars: Bars, parameters: Parameters) -> Floats:
    """Return the trailing median of the average true range, as a fraction of the close."""
    import pandas as pd

    ranges = average_true_range(bars, parameters["atr_period"])
    median: Floats = pd.Series(ranges).rolling(parameters["vol_lookback"]).median().to_numpy()
    return median / bars.close


def _surge(bars: Bars, parameters: Parameters) -> Floats:
    """Return the volatility of the next bars over the trailing one; not finite where either is missing or 0 / 0."""
    returns = log_returns(bars)
    coming = ahead(rolling_deviation(returns, parameters["atr_period"]), parameters["atr_period"])
    trailing = rolling_deviation(returns, parameters["vol_lookback"])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(trailing > 0, coming / trailing, np.nan)


def _segment_kinds(close: Floats, macro: Pivots, micro: Pivots, tolerance: float) -> Int64s:
    """Return the kind of each macro segment, from one macro pivot to the next."""
    first = np.searchsorted(micro.rows, macro.rows[:-1], side="left")
    last = np.minimum(
        np.searchsorted(micro.rows, macro.rows[1:], side="right"),
        np.searchsorted(micro.confirmed, macro.confirmed[1:], side="right"),
    )
    rises = close[macro.rows[1:]] > close[macro.rows[:-1]]
    prices = close[micro.rows]
    higher, lower = prices[2:] > prices[:-2], prices[2:] < prices[:-2]
    rising_lows = _share_between(higher, ~micro.highs[2:], first, last)
    falling_highs = _share_between(lower, micro.highs[2:], first, last)
    trends = (last - first >= _FEWEST_PIVOTS) & (np.where(rises, rising_lows, falling_highs) >= tolerance)
    return np.where(trends, np.where(rises, UP, DOWN), RANGING)


def _share_between(hits: Mask, counted: Mask, first: Int64s, last: Int64s) -> Floats:
    """Return the share of hits among the counted pairs of pivots (k, k + 2) that lie in ``first <= k < last - 2``."""
    total, found = (np.append(0, np.cumsum(mask)) for mask in (counted, hits & counted))
    low = np.minimum(first, len(total) - 1)
    high = np.clip(last - 2, low, len(total) - 1)
    share: Floats = (found[high] - found[low]) / np.maximum(total[high] - total[low], 1)
    return share


def balancing_crisis(bars: Bars, parameters: Parameters) -> dict[str, float]:
    """Return the crisis threshold that 20 % of the bars exceed; advice for a person."""
    surge = _surge(bars, parameters)
    surge = surge[np.isfinite(surge)]
    return {"vol_crisis_threshold": float(np.quantile(surge, 1 - _VOLATILE_SHARE))} if len(surge) else {}
