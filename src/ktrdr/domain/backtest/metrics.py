"""What a backtest is worth, in figures."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import isfinite, sqrt
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.backtest.simulation import Simulation, Trades
from ktrdr.domain.resolution import quotient, resolution

TAIL = 0.05
"""Share of the worst bars that VaR and CVaR speak of."""


@dataclass(frozen=True, slots=True)
class Metrics:
    """Figures of one simulation; None where one is not defined. Returns are fractions, of the equity at closes.

    A deviation, downside, drawdown, profit or loss below the `resolution` of what it was taken of counts as none.

    Attributes
    ----------
    total_return : float
        Last equity over the first, minus 1.
    annualised_return : float or None
        The same, compounded to a year; None where nothing is left, or a year of it is more than a number can hold.
    sharpe, sortino : float or None
        Mean return of a bar over its standard deviation (n - 1), and over the root mean square of the negative ones,
        times the square root of bars a year; the riskless rate is 0.
    calmar : float or None
        Annualised return over the deepest drawdown.
    max_drawdown : float
        Largest loss from an earlier peak, a fraction of the peak.
    max_drawdown_bars : int
        Bars from that peak until it was reached again, or until the end.
    win_rate : float or None
        Share of closed trades with a profit after costs.
    profit_factor : float or None
        Profits of closed trades over their losses.
    exposure : float
        Share of bars, the first left out, during which a position was held.
    turnover : float or None
        Value of all fills over the mean equity, a year.
    var_95, cvar_95 : float or None
        The loss of a bar that 5 % of the bars exceed, and their mean loss; historical, fractions.
    trades : int

    References
    ----------
    Sharpe (1994), The Sharpe ratio. Sortino, van der Meer (1991), Downside risk. Young (1991), Calmar ratio: a smoother
    tool. Rockafellar, Uryasev (2000), Optimization of conditional value-at-risk.
    """

    total_return: float
    annualised_return: float | None
    sharpe: float | None
    sortino: float | None
    calmar: float | None
    max_drawdown: float
    max_drawdown_bars: int
    win_rate: float | None
    profit_factor: float | None
    exposure: float
    turnover: float | None
    var_95: float | None
    cvar_95: float | None
    trades: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)


def bar_returns(equity: Floats) -> Floats:
    """Return the return of each bar but the first (fractions); 0 where nothing was left before it."""
    before = equity[:-1]
    returns: Floats = np.divide(np.diff(equity), before, out=np.zeros(len(before)), where=before > 0)
    return returns


def drawdowns(equity: Floats) -> Floats:
    """Return how far each close lies below the highest so far, as a fraction of it."""
    below: Floats = 1 - equity / np.maximum.accumulate(equity)
    return below


def measure(simulation: Simulation, periods: float) -> Metrics:
    """Return the figures of a simulation.

    Parameters
    ----------
    simulation : Simulation
        At least 2 bars.
    periods : float
        Bars a year; see `bars_per_year`.
    """
    equity, trades = simulation.equity, simulation.trades
    returns = bar_returns(equity)
    annual = annualised(float(equity[-1] / equity[0]), periods / len(returns))
    depth, length = _deepest(equity)
    tail, downside = float(np.quantile(returns, TAIL)), float(np.sqrt((np.minimum(returns, 0) ** 2).mean()))
    return Metrics(
        float(equity[-1] / equity[0] - 1),
        annual,
        sharpe(returns, periods),
        quotient(float(returns.mean()) * sqrt(periods), downside, resolution(1.0, returns)),
        None if annual is None else quotient(annual, depth, 0.0),
        depth,
        length,
        _win_rate(trades),
        _profit_factor(trades),
        float((simulation.held[1:] != 0).mean()),
        _turnover(simulation, periods / len(returns)),
        -tail + 0.0,
        -float(returns[returns <= tail].mean()) + 0.0,
        len(trades),
    )


def annualised(growth: float, years_inverse: float) -> float | None:
    """Return a growth factor compounded to a year, minus 1; None where that is no number."""
    if growth < 0:
        return None
    try:
        result = growth**years_inverse - 1
    except OverflowError:
        return None
    return result if isfinite(result) else None


def sharpe(returns: Floats, periods: float) -> float | None:
    """Return the annualised ratio of mean and standard deviation; None where nothing moves but roundings."""
    if len(returns) < 2:
        return None
    return quotient(float(returns.mean()) * sqrt(periods), float(returns.std(ddof=1)), resolution(1.0, returns))


def _turnover(simulation: Simulation, years_inverse: float) -> float | None:
    mean = float(simulation.equity.mean())
    return quotient(simulation.traded_value * years_inverse, mean, 0.0) if mean > 0 else None


def _deepest(equity: Floats) -> tuple[float, int]:
    """Return the deepest drawdown and its length in bars."""
    below, least = drawdowns(equity), resolution(1.0)
    trough = int(below.argmax())
    if below[trough] <= least:
        return 0.0, 0
    peak = trough - int(below[trough::-1].argmin())
    back = np.flatnonzero(equity[trough:] >= equity[peak] * (1 - least))
    end = trough + int(back[0]) if len(back) else len(equity) - 1
    return float(below[trough]), end - peak


def _win_rate(trades: Trades) -> float | None:
    profits = _closed_profits(trades)
    return float((profits > 0).mean()) if len(profits) else None


def _profit_factor(trades: Trades) -> float | None:
    profits = _closed_profits(trades)
    return quotient(float(profits[profits > 0].sum()), -float(profits[profits < 0].sum()), 0.0)


def _closed_profits(trades: Trades) -> Floats:
    """Return the profits of closed trades, 0 where a trade made no more than the rounding of what it traded."""
    profits: Floats = np.where(np.abs(trades.returns) > resolution(1.0), trades.profits, 0.0)[trades.closed]
    return profits
