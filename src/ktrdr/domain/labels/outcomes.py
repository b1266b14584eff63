"""What happened after each bar: the prices that labels are made of."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.bars import Bars


def entry_prices(bars: Bars, entry: str) -> Floats:
    """Return the price from which each bar's outcome is counted.

    Parameters
    ----------
    bars : Bars
    entry : str
        ``close`` (the bar's own) or ``next_open``.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        NaN at the last bar for ``next_open``.
    """
    if entry == "close":
        return bars.close
    return np.append(bars.open[1:], np.nan)[: len(bars)]


def divisors(prices: Floats) -> Floats:
    """Return what moves from prices are divided by: the price, which makes returns of them, or 1 where not above 0.

    So a move keeps its sign, and its order beside others of its bar; nothing else of it has a meaning there.
    """
    return np.where(prices > 0, prices, 1.0)


def forward_returns(bars: Bars, horizon: int, entry: str) -> Floats:
    """Return each bar's return from its entry price to the close `horizon` bars ahead.

    Parameters
    ----------
    bars : Bars
    horizon : int
    entry : str
        See `entry_prices`.

    Returns
    -------
    ndarray of float64, shape (n_bars,)
        Fractions, see `divisors`; NaN for the last `horizon` bars.
    """
    values = np.full(len(bars), np.nan)
    rows = max(len(bars) - horizon, 0)
    price = entry_prices(bars, entry)[:rows]
    values[:rows] = (bars.close[horizon:] - price) / divisors(price)
    return values


def ends_after(horizon: int, defined: NDArray[np.bool_]) -> Int64s:
    """Return the rows `horizon` bars ahead, `NO_LABEL` where `defined` is false."""
    return np.where(defined, np.arange(len(defined), dtype=np.int64) + horizon, NO_LABEL)


def ahead(values: Floats, bars: int) -> Floats:
    """Return the values `bars` rows later; NaN at the end."""
    later = np.full(len(values), np.nan)
    later[: max(len(values) - bars, 0)] = values[bars:]
    return later


def behind(values: Floats, bars: int) -> Floats:
    """Return the values `bars` rows earlier; NaN at the beginning."""
    earlier = np.full(len(values), np.nan)
    earlier[bars:] = values[: max(len(values) - bars, 0)]
    return earlier


def largest_moves(bars: Bars, lookahead: int, entry: str, *, touched: bool = False) -> tuple[Floats, Floats]:
    """Return the largest gain and the largest loss over the closes of the next bars.

    Parameters
    ----------
    bars : Bars
    lookahead : int
        The closes looked at are those of t+1 to t+lookahead.
    entry : str
        See `entry_prices`.
    touched : bool
        Over the highs and lows instead.

    Returns
    -------
    gain, loss : ndarray of float64, shape (n_bars,)
        Fractions of the entry price (see `divisors`), a loss counted positive; negative where every close lies on the
        other side. NaN for the last `lookahead` bars.
    """
    gain, loss = np.full(len(bars), np.nan), np.full(len(bars), np.nan)
    rows = max(len(bars) - lookahead, 0)
    price = entry_prices(bars, entry)[:rows]
    unit = divisors(price)
    highest, lowest = (bars.high, bars.low) if touched else (bars.close, bars.close)
    gain[:rows] = (_window_max(highest[1:], lookahead) - price) / unit
    loss[:rows] = (price + _window_max(-lowest[1:], lookahead)) / unit
    return gain, loss


def _window_max(values: Floats, length: int) -> Floats:
    """Return ``values[i : i + length].max()`` for every full window, from windows of doubling length."""
    if len(values) < length:
        return np.empty(0)
    width = 1
    while 2 * width <= length:
        values = np.maximum(values[:-width], values[width:])
        width *= 2
    overlap = length - width
    return np.maximum(values[: len(values) - overlap], values[overlap:])
