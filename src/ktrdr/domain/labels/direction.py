"""Which way the price goes over the next bars."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.catalogue.labels import DIRECTION, Parameters
from ktrdr.domain.labels.labelset import LabelSet, Target
from ktrdr.domain.labels.outcomes import ends_after, forward_returns
from ktrdr.domain.market.bars import Bars

UP, NEUTRAL, DOWN = range(3)
_MOVING_SHARE = 0.4


def direction(bars: Bars, parameters: Parameters) -> LabelSet:
    """Label each bar by its forward return: above the band, inside it, or below it.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `DIRECTION`, complete.

    Returns
    -------
    LabelSet
        0 up, 1 neutral, 2 down; no label for the last `horizon` bars.

    Notes
    -----
    Causality: the label at t uses the entry price and the close of t + horizon, where its span ends.
    """
    horizon, band = parameters["horizon"], parameters["neutral_band"]
    returns = forward_returns(bars, horizon, parameters["entry"])
    values = np.full(len(bars), NEUTRAL, dtype=np.int64)
    values[returns > band] = UP
    values[returns < -band] = DOWN
    end_rows = ends_after(horizon, ~np.isnan(returns))
    return LabelSet(values, end_rows, Target.of(DIRECTION), DIRECTION.horizon(parameters))


def balancing_band(bars: Bars, parameters: Parameters) -> dict[str, float]:
    """Return the band outside of which 40 % of the returns lie, about 20 % on each side; advice for a person."""
    returns = np.abs(forward_returns(bars, parameters["horizon"], parameters["entry"]))
    returns = returns[~np.isnan(returns)]
    return {"neutral_band": float(np.quantile(returns, 1 - _MOVING_SHARE))} if len(returns) else {}
