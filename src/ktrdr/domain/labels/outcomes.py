"""What happened after each bar: the prices that labels are made of."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.market.bars import Bars, Floats


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


def largest_moves(bars: Bars, lookahead: int, entry: str) -> tuple[Floats, Floats]:
    """Return the largest gain and the largest loss over the closes of the next bars.

    Parameters
    ----------
    bars : Bars
    lookahead : int
        The closes looked at are those of t+1 to t+lookahead.
    entry : str
        See `entry_prices`.

    Returns
    -------
    gain, loss : ndarray of float64, shape (n_bars,)
        Fractions of the entry price, a loss counted positive; negative where every close lies on the other side. NaN
        for the last `lookahead` bars.
    """
    gain, loss = np.full(len(bars), np.nan), np.full(len(bars), np.nan)
    rows = max(len(bars) - lookahead, 0)
    price, ahead = entry_prices(bars, entry)[:rows], bars.close[1:]
    gain[:rows] = (_window_max(ahead, lookahead) - price) / price
    loss[:rows] = (price + _window_max(-ahead, lookahead)) / price
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
