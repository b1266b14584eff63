"""Whether the next bars are bullish or bearish."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.catalogue.labels import CONTEXT, Parameters
from ktrdr.domain.labels.labelset import LabelSet, Target
from ktrdr.domain.labels.outcomes import ends_after, forward_returns
from ktrdr.domain.market.bars import Bars

BULLISH, BEARISH, NEUTRAL = range(3)
_SHARE = 0.2


def context(bars: Bars, parameters: Parameters) -> LabelSet:
    """Label each bar by its forward return against two thresholds.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `CONTEXT`, complete.

    Returns
    -------
    LabelSet
        0 bullish, 1 bearish, 2 neutral; no label for the last `horizon` bars.

    Notes
    -----
    Causality: the label at t uses the entry price and the close of t + horizon, where its span ends.
    """
    horizon = parameters["horizon"]
    returns = forward_returns(bars, horizon, parameters["entry"])
    values = np.full(len(bars), NEUTRAL, dtype=np.int64)
    values[returns > parameters["bullish_threshold"]] = BULLISH
    values[returns < parameters["bearish_threshold"]] = BEARISH
    end_rows = ends_after(horizon, ~np.isnan(returns))
    return LabelSet(values, end_rows, Target.of(CONTEXT), CONTEXT.horizon(parameters))


def balancing_thresholds(bars: Bars, parameters: Parameters) -> dict[str, float]:
    """Return the thresholds beyond which 20 % of the returns lie on each side; advice for a person."""
    returns = forward_returns(bars, parameters["horizon"], parameters["entry"])
    returns = returns[~np.isnan(returns)]
    if not len(returns):
        return {}
    low, high = np.quantile(returns, (_SHARE, 1 - _SHARE))
    return {"bullish_threshold": float(high), "bearish_threshold": float(low)}
