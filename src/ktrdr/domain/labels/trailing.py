"""How much prices have moved up to each bar: the yardsticks of labels."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.windows import window_deviation
from ktrdr.domain.resolution import resolution


def log_returns(bars: Bars) -> Floats:
    """Return the log return of each bar, shape (n_bars,); the first bar has none (NaN)."""
    return np.diff(np.log(bars.close), prepend=np.nan)


def rolling_deviation(returns: Floats, window: int) -> Floats:
    """Return the sample standard deviation (n - 1) of the last `window` log returns; NaN until there are as many.

    Exactly 0 over values that are equal but for the rounding of prices, whatever stood before them.

    Causality: the value at t uses the last `window` values alone.
    """
    return _above_rounding(window_deviation(returns, window, sample=True))


def bar_volatility(bars: Bars, span: int, method: str) -> Floats:
    """Return the exponentially weighted volatility of one bar.

    Parameters
    ----------
    bars : Bars
    span : int
        The weights fall by the factor ``1 - 2 / (span + 1)`` a bar.
    method : str
        ``atr``: the mean of true range / close; ``close``: the standard deviation of log returns.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Fractions of the price, 0 where no more than roundings; NaN until `span` bars after the first one are in. The
        first bar has no previous close and counts for nothing.

    Notes
    -----
    Causality: the value at t uses bars up to t.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, snippet 3.1.
    """
    import pandas as pd

    moves = log_returns(bars) if method == "close" else _relative_ranges(bars)
    weights = pd.Series(moves).ewm(span=span, min_periods=span)
    return _above_rounding((weights.std() if method == "close" else weights.mean()).to_numpy())


def _relative_ranges(bars: Bars) -> Floats:
    """Return true range / close; NaN for the first bar."""
    ranges = np.full(len(bars), np.nan)
    previous = bars.close[:-1]
    ranges[1:] = (np.maximum(bars.high[1:], previous) - np.minimum(bars.low[1:], previous)) / bars.close[1:]
    return ranges


def _above_rounding(deviations: Floats) -> Floats:
    """Return deviations of returns, 0 where they are no more than the rounding of the ratio of two prices."""
    return np.where(deviations <= resolution(1.0), 0.0, deviations)
