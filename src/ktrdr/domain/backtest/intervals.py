"""How sure the figures of a backtest are: intervals from blocks of bars."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, isfinite, sqrt
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.backtest.simulation import Trades
from ktrdr.domain.evaluation.significance import MAX_BLOCKS, MIN_BLOCKS, RESAMPLES, block_length, widening

_TAILS = (0.025, 0.975)
Ends = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Intervals:
    """95 % intervals; None where they cannot be given.

    Attributes
    ----------
    annualised_return, sharpe : tuple of float, or None
        Of the figures of those names.
    above_buy_and_hold : tuple of float, or None
        Of the mean difference in return from buy and hold, times bars a year (fraction).
    block_bars, blocks : int
        Length of a block, and how many there are; fewer than `MIN_BLOCKS` give no intervals.
    """

    annualised_return: Ends | None
    sharpe: Ends | None
    above_buy_and_hold: Ends | None
    block_bars: int
    blocks: int

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
        return "nothing was traded"

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
        return Intervals(None, None, None, length, blocks)
    with np.errstate(divide="ignore", invalid="ignore"):  # where nothing is left
        columns = np.stack((returns, returns**2, returns - market, np.log1p(returns)))
    around = np.concatenate((columns, columns[:, : 2 * length]), axis=1)
    sums = np.concatenate((np.zeros((len(columns), 1)), np.cumsum(around, axis=1)), axis=1)
    whole = _figures(sums[:, len(returns)] / len(returns), periods)
    short = _figures(_resampled(sums, len(returns), length, blocks, rng), periods)
    long = _figures(_resampled(sums, len(returns), 2 * length, blocks // 2, rng), periods)
    growth, ratio, above = (_ends(*three, blocks) for three in zip(whole, short, long, strict=True))
    return Intervals(None if growth is None else _compounded(growth), ratio, above, length, blocks)


def _resampled(sums: Floats, n: int, length: int, blocks: int, rng: np.random.Generator) -> Floats:
    """Return the mean of each column, shape (n_columns, `RESAMPLES`), in each resample of `blocks` circular blocks."""
    starts = rng.integers(0, n, size=(RESAMPLES, blocks))
    totals = [(one[starts + length] - one[starts]).sum(axis=1) for one in sums]
    return np.stack(totals) / (blocks * length)


def _figures(means: Floats, periods: float) -> tuple[Floats, Floats, Floats]:
    """Return log growth a year, Sharpe ratio, and return above the market a year, from the means of the columns."""
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = means[0] / np.sqrt(means[1] - means[0] ** 2) * sqrt(periods)
    return means[3] * periods, ratios, means[2] * periods


def _ends(whole: Floats, short: Floats, long: Floats, blocks: int) -> Ends | None:
    if not all(np.isfinite(values).all() for values in (whole, short, long)):
        return None
    short, long = short - whole, long - whole
    low, high = whole + np.quantile(short, _TAILS) * widening(short, long, blocks)
    return float(low), float(high)


def _compounded(growth: Ends) -> Ends | None:
    try:
        low, high = (exp(end) - 1 for end in growth)
    except OverflowError:
        return None
    return (low, high) if isfinite(high) else None
