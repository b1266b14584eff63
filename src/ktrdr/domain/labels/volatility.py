"""How much the price will move over the next bars, as a number."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.catalogue.labels import VOLATILITY, Parameters
from ktrdr.domain.labels.labelset import LabelSet, Target
from ktrdr.domain.labels.outcomes import ahead, ends_after
from ktrdr.domain.labels.trailing import log_returns, rolling_deviation
from ktrdr.domain.market.bars import Bars


def volatility(bars: Bars, parameters: Parameters) -> LabelSet:
    """Return the standard deviation of the log returns of the next `window` bars.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `VOLATILITY`, complete.

    Returns
    -------
    LabelSet
        Log return per bar (sample standard deviation); NaN and no label for the last `window` bars.

    Notes
    -----
    Causality: the target at t uses the closes of t to t + window, where its span ends.
    """
    window = parameters["window"]
    values = ahead(rolling_deviation(log_returns(bars), window), window)
    end_rows = ends_after(window, ~np.isnan(values))
    return LabelSet(values, end_rows, Target.of(VOLATILITY), VOLATILITY.horizon(parameters))
