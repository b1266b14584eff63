"""Zigzag labels by looking ahead: which large move lies in the next bars."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktrdr.domain.catalogue.labels import ZIGZAG_LOOKAHEAD, Parameters
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Target
from ktrdr.domain.labels.outcomes import largest_moves
from ktrdr.domain.labels.thresholds import threshold_multiple, threshold_unit
from ktrdr.domain.market.bars import Bars

BUY, HOLD, SELL = range(3)
_TRADED_SHARE = 0.4


def zigzag_lookahead(bars: Bars, parameters: Parameters) -> LabelSet:
    """Label each bar by the larger of the largest gain and the largest loss ahead, if it reaches the threshold.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `ZIGZAG_LOOKAHEAD`, complete.

    Returns
    -------
    LabelSet
        0 buy, 1 hold, 2 sell. No label for the last ``label_lookahead`` bars, nor while an ATR threshold warms up.

    Notes
    -----
    Causality: every label, hold too, has looked at all closes up to t + label_lookahead, and its span ends there. The
    threshold uses bars up to t.
    """
    lookahead, threshold = parameters["label_lookahead"], parameters["zigzag_threshold"]
    gain, loss = largest_moves(bars, lookahead, parameters["entry"])
    needed = threshold_multiple(threshold) * threshold_unit(bars, threshold, lookahead)
    values = np.full(len(bars), HOLD, dtype=np.int64)
    values[(gain >= needed) & (gain > loss)] = BUY
    values[(loss >= needed) & (loss > gain)] = SELL
    defined = np.isfinite(gain) & np.isfinite(needed)
    end_rows = np.where(defined, np.arange(len(bars)) + lookahead, NO_LABEL)
    return LabelSet(values, end_rows, Target.of(ZIGZAG_LOOKAHEAD), ZIGZAG_LOOKAHEAD.horizon(parameters))


def balancing_threshold(bars: Bars, parameters: Parameters) -> dict[str, float | dict[str, float]]:
    """Return the threshold with which buy and sell together take 40 % of the labels, about 20 % each.

    Returns
    -------
    dict
        A share or an ATR multiple, as the given threshold is; empty without labels.

    Notes
    -----
    Advice for a person, computed on all bars given; no label depends on it.
    """
    gain, loss = largest_moves(bars, parameters["label_lookahead"], parameters["entry"])
    unit = threshold_unit(bars, parameters["zigzag_threshold"], parameters["label_lookahead"])
    larger = np.where(gain == loss, 0.0, np.maximum(gain, loss))
    with np.errstate(divide="ignore", invalid="ignore"):
        moves = larger / unit
    moves = moves[~np.isnan(moves)]
    if not len(moves):
        return {}
    number = float(np.quantile(moves, 1 - _TRADED_SHARE, method="higher"))
    return {"zigzag_threshold": {"atr": number} if isinstance(parameters["zigzag_threshold"], Mapping) else number}
