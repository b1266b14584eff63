"""The return over the next bars, in units of the risk taken."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.catalogue.labels import RISK_ADJUSTED, Parameters
from ktrdr.domain.labels.labelset import LabelSet, Target
from ktrdr.domain.labels.outcomes import ends_after, forward_returns
from ktrdr.domain.labels.trailing import log_returns, rolling_deviation
from ktrdr.domain.market.bars import Bars

_CUTS = {3: (0.5, -0.5), 5: (1.5, 0.5, -0.5, -1.5)}


def risk_adjusted(bars: Bars, parameters: Parameters) -> LabelSet:
    """Label each bar by its forward return over its trailing volatility, cut at fixed numbers.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `RISK_ADJUSTED`, complete.

    Returns
    -------
    LabelSet
        The best class first: 0 buy, 1 hold, 2 sell, or five from strong_buy to strong_sell. A ratio of exactly a cut
        belongs to the class nearer to hold. No label for the last `horizon` bars, while the volatility warms up, and
        where it is 0.

    Notes
    -----
    Causality: the label at t uses closes up to t, the entry price, and the close of t + horizon, where its span ends.
    """
    horizon = parameters["horizon"]
    risk = rolling_deviation(log_returns(bars), parameters["vol_window"]) * np.sqrt(horizon)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = forward_returns(bars, horizon, parameters["entry"]) / risk
    values = np.zeros(len(bars), dtype=np.int64)
    for cut in _CUTS[parameters["classes"]]:
        values += (ratio <= cut) if cut > 0 else (ratio < cut)
    end_rows = ends_after(horizon, (risk > 0) & ~np.isnan(ratio))
    return LabelSet(values, end_rows, Target.of(RISK_ADJUSTED, parameters), RISK_ADJUSTED.horizon(parameters))
