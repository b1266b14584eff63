"""A backtest: what an account did with a model's decisions, and what that is worth beside doing nothing clever."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.intervals import Intervals, bootstrap
from ktrdr.domain.backtest.metrics import Metrics, bar_returns, measure
from ktrdr.domain.backtest.simulation import Simulation, simulate
from ktrdr.domain.backtest.tables import Course, equity_table, signals_table, trades_table
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import Bars, iso


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """A strategy on the bars of one symbol, beside buy and hold.

    Attributes
    ----------
    bars : Bars
        Those that were traded on, at least 2.
    target : Target
        What the model's outputs mean.
    course : Course
    account : Account
    periods : float
        Bars a year; see `bars_per_year`.
    strategy, market : Simulation
        Of the decisions, and of buy and hold: bought at the second open and never sold, by the same account.
    metrics : Metrics
        Of the strategy.
    benchmark : mapping of str to Metrics
        ``buy_and_hold`` and ``always_flat``.
    intervals : Intervals
    """

    bars: Bars
    target: Target
    course: Course
    account: Account
    periods: float
    strategy: Simulation
    market: Simulation
    metrics: Metrics
    benchmark: dict[str, Metrics]
    intervals: Intervals

    @property
    def trades(self) -> pd.DataFrame:
        """One row per trade; see `trades_table`."""
        return trades_table(self.bars, self.strategy)

    @property
    def equity(self) -> pd.DataFrame:
        """One row per bar; see `equity_table`."""
        return equity_table(self.bars, self.strategy, self.market)

    @property
    def signals(self) -> pd.DataFrame:
        """One row per bar; see `signals_table`."""
        return signals_table(self.bars, self.course, self.target, self.strategy)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        ruined = self.strategy.ruined_at
        return {
            "account": asdict(self.account),
            "periods_per_year": self.periods,
            "metrics": self.metrics.as_dict(),
            "benchmark": {name: values.as_dict() for name, values in self.benchmark.items()},
            "intervals": self.intervals.as_dict(),
            "trades": len(self.strategy.trades),
            "ruined_at": None if ruined is None else iso(self.bars.stamps[ruined]),
        }


def replay(
    bars: Bars, course: Course, target: Target, account: Account, periods: float, rng: np.random.Generator
) -> Result:
    """Trade what was decided, and measure it.

    Raises
    ------
    InvalidInput
        If a price is not above 0.

    Notes
    -----
    Causality: see `simulate`; the figures, of course, are of all bars.
    """
    prices = bars.open, bars.close
    strategy = simulate(*prices, course.positions(len(bars)), account)
    market = simulate(*prices, np.ones(len(bars), dtype=np.int8), account)
    flat = simulate(*prices, np.zeros(len(bars), dtype=np.int8), account)
    benchmark = {"buy_and_hold": measure(market, periods), "always_flat": measure(flat, periods)}
    intervals = bootstrap(bar_returns(strategy.equity), bar_returns(market.equity), strategy.trades, periods, rng)
    simulations = strategy, market, measure(strategy, periods), benchmark, intervals
    return Result(bars, target, course, account, periods, *simulations)
