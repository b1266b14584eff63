"""How sure the figures of a backtest are: intervals from blocks of bars."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, sqrt
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.backtest.simulation import Trades
from ktrdr.domain.evaluation.significance import MAX_BLOCKS, MIN_BLOCKS, RESAMPLES, block_length, widening
from ktrdr.domain.resolution import resolution

_TAILS = (0.025, 0.975)
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % intervals; None where they cannot be given, as where nothing varies but roundings.

    Attributes
    ----------
    annualised_return, sharpe : tuple of float, or None
        Of the figures of those names.
    above_buy_and_hold : tuple of float, or None
        Of the mean difference in return from buy and hold, times bars a year (fraction).
    block_bars, blocks : int
        Length of a block, and how many there are; fewer than `MIN_BLOCKS` give no intervals.
    traded : bool
        Whether there was a trade; without one there are no intervals either.
    """

    annualised_return: Ends | None
    sharpe: Ends | None
    above_buy_and_hold: Ends | None
    block_bars: int
    blocks: int
    traded: bool = True

    @property
    def said(self) -> str:
        """The blocks in words."""
        noun = "block" if self.blocks == 1 else "blocks"
        return f"{self.blocks} {noun} of {self.block_bars:,} {'bar' if self.block_bars == 1 else 'bars'}"

    @property
    def missing(self) -> str | None:
        """Why there are none at all; None where there are some."""
        if self.annualised_return or self.sharpe or self.above_buy_and_hold:
            return None
        if self.blocks < MIN_BLOCKS:
            return f"{self.said} {'is' if self.blocks == 1 else 'are'} too few"
        return "nothing varies by more than rounding" if self.traded else "nothing was traded"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        ends = {name: getattr(self, name) for name in ("annualised_return", "sharpe", "above_buy_and_hold")}
        plain = {name: None if value is None else list(value) for name, value in ends.items()}
        return {**plain, "block_bars": self.block_bars, "blocks": self.blocks}


def bootstrap(returns: Floats, market: Floats, trades: Trades, periods: float, rng: np.random.Generator) -> Intervals:
    """Return intervals from a circular block bootstrap of the bars.

    Blocks are at least as long as 95 of 100 trades, so that bars that share a trade stay together; at most
    `MAX_BLOCKS` of them. Each begins anywhere, and runs over the end into the beginning. The quantiles of what the
    resamples deviate from the figure are widened for few blocks and for what blocks miss; see `widening`.

    Parameters
    ----------
    returns, market : ndarray of float64, shape (n,)
        Of the strategy and of buy and hold, bar by bar (fractions).
    trades : Trades
    periods : float
        Bars a year.
    rng : numpy.random.Generator

    References
    ----------
    Politis, Romano (1992), A circular block-resampling procedure for stationary data.
    """
    longest = block_length(trades.entries, trades.exits) if len(trades) else 1
    length = max(longest, -(-len(returns) // MAX_BLOCKS), 1)
    blocks = len(returns) // length
    if blocks < MIN_BLOCKS or not len(trades):
        return Intervals(None, None, None, length, blocks, len(trades) > 0)
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing is left
        growths = np.log1p(returns)
    mean, least = float(returns.mean()), resolution(1.0, returns, market)
    centred = returns - mean  # the square of a mean would swallow a small variance
    columns = np.stack((centred, centred**2, returns - market, growths))
    around = np.concatenate((columns, columns[:, : 2 * length]), axis=1)
    sums = np.concatenate((np.zeros((len(columns), 1)), np.cumsum(around, axis=1)), axis=1)
    resampled = (
        sums[:, len(returns)] / len(returns),
        _resampled(sums, len(returns), length, blocks, rng),
        _resampled(sums, len(returns), 2 * length, blocks // 2, rng),
    )
    figures = zip(*(_figures(means, mean, least, periods) for means in resampled), strict=True)
    growth, ratio, above = (
        _ends(three, blocks, noise)
        for three, noise in zip(figures, (least * periods, 0.0, least * periods), strict=True)
    )
    return Intervals(None if growth is None else _compounded(growth), ratio, above, length, blocks)


def _resampled(sums: Floats, n: int, length: int, blocks: int, rng: np.random.Generator) -> Floats:
    """Return the mean of each column, shape (n_columns, `RESAMPLES`), in each resample of `blocks` circular blocks."""
    starts = rng.integers(0, n, size=(RESAMPLES, blocks))
    totals = [(one[starts + length] - one[starts]).sum(axis=1) for one in sums]
    return np.stack(totals) / (blocks * length)


def _figures(means: Floats, mean: float, least: float, periods: float) -> tuple[Floats, Floats, Floats]:
    """Return log growth a year, Sharpe ratio, and return above the market a year, from the means of the columns.

    The ratio is NaN where the deviation is not above `least`.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        deviations = np.sqrt(means[1] - means[0] ** 2)
        ratios = np.where(deviations > least, (mean + means[0]) / deviations * sqrt(periods), np.nan)
    return means[3] * periods, ratios, means[2] * periods


def _ends(figures: tuple[Floats, ...], blocks: int, noise: float) -> Ends | None:
    """Return the interval of a figure: of the whole, of resamples of blocks, and of blocks of twice the length."""
    if not all(np.isfinite(values).all() for values in figures):
        return None
    whole, short, long = figures
    short, long = short - whole, long - whole
    if short.std() <= max(noise, resolution(whole)):
        return None
    low, high = whole + np.quantile(short, _TAILS) * widening(short, long, blocks)
    return float(low), float(high)


def _compounded(growth: Ends) -> Ends | None:
    try:
        low, high = (exp(end) - 1 for end in growth)
    except OverflowError:
        return None
    return (low, high) if isfinite(high) else None
