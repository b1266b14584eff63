"""The return over the next bars, as a number."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.catalogue.labels import FORWARD_RETURN, Parameters
from ktrdr.domain.labels.labelset import LabelSet, Target
from ktrdr.domain.labels.outcomes import ends_after, forward_returns
from ktrdr.domain.market.bars import Bars


def forward_return(bars: Bars, parameters: Parameters) -> LabelSet:
    """Return each bar's return from the entry price to the close `horizon` bars ahead.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `FORWARD_RETURN`, complete.

    Returns
    -------
    LabelSet
        Fractions; NaN and no label for the last `horizon` bars.

    Notes
    -----
    Causality: the target at t uses the entry price and the close of t + horizon, where its span ends.
    """
    horizon = parameters["horizon"]
    values = forward_returns(bars, horizon, parameters["entry"])
    end_rows = ends_after(horizon, ~np.isnan(values))
    return LabelSet(values, end_rows, Target.of(FORWARD_RETURN), FORWARD_RETURN.horizon(parameters))
