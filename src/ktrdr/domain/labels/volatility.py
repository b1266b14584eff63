"""How much the price will move over the next bars, as a number."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.catalogue.labels import VOLATILITY, Parameters
from ktrdr.domain.catalogue.models.volatility import DECAY, HAR_BARS
from ktrdr.domain.labels.labelset import LabelSet, Naive, Target
from ktrdr.domain.labels.outcomes import ahead, ends_after
from ktrdr.domain.labels.trailing import log_returns, rolling_deviation
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.windows import window_mean


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
        Log return per bar (sample standard deviation); NaN and no label for the last `window` bars. It is compared with
        `naive_volatilities`.

    Notes
    -----
    Causality: the target at t uses the closes of t to t + window, where its span ends.
    """
    window = parameters["window"]
    returns = log_returns(bars)
    values = ahead(rolling_deviation(returns, window), window)
    end_rows = ends_after(window, ~np.isnan(values))
    naive = naive_volatilities(returns, window)
    return LabelSet(values, end_rows, Target.of(VOLATILITY), VOLATILITY.horizon(parameters), naive=naive)


def naive_volatilities(returns: Floats, window: int) -> tuple[Naive, ...]:
    """Return what forecasts of volatility are compared with, besides the last known target.

    - ``ewma``: the root of the exponentially weighted mean of all squared returns, which fall by 0.94 a bar.
    - ``har``: the mean absolute returns of the last 1, 5 and 22 bars, to be weighed by least squares on train rows.
    - ``known_part``: the targets that have begun and are not over at t have known parts, the last 1, 2, ... and
      `window` - 1 returns; this is the root of the mean of their mean squares.

    Parameters
    ----------
    returns : ndarray of float64, shape (n,)
        Log returns; the first is NaN.
    window : int
        Bars that the target looks ahead.

    Notes
    -----
    Causality: each value at t uses returns up to t.

    References
    ----------
    J.P. Morgan (1996), RiskMetrics technical document. Corsi (2009), A simple approximate long-memory model of realized
    volatility.
    """
    import pandas as pd

    squares = np.square(returns)
    weighted = pd.Series(squares).ewm(alpha=1.0 - DECAY, min_periods=HAR_BARS[-1]).mean().to_numpy(dtype=np.float64)
    means = np.column_stack([window_mean(np.abs(returns), span) for span in HAR_BARS])
    bars = " and ".join((", ".join(map(str, HAR_BARS[:-1])), str(HAR_BARS[-1])))
    return (
        Naive("ewma", f"an EWMA of squared returns with decay {DECAY:g}", np.sqrt(weighted)),
        Naive("har", f"a HAR regression on the mean absolute returns of {bars} bars", means),
        Naive("known_part", "the known part of the targets that are not over", _known_parts(squares, window)),
    )


def _known_parts(squares: Floats, window: int) -> Floats:
    """Return the root of the mean, over the last 1 to `window` - 1 squares, of their means; NaN until there are all."""
    if len(squares) < window:
        return np.full(len(squares), np.nan)
    total = np.zeros(len(squares))
    weight = 0.0
    for back in range(window - 2, -1, -1):  # the square `back` bars ago is in all parts longer than that
        weight += 1.0 / (back + 1)
        total[back:] += weight * squares[: len(squares) - back]
        total[:back] = np.nan
    return np.sqrt(total / (window - 1))
