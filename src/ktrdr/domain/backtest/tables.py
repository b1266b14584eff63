"""A backtest as tables: one row a trade, one row a bar."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.backtest.metrics import bar_returns, drawdowns
from ktrdr.domain.backtest.simulation import Int8s, Simulation
from ktrdr.domain.decisions.run import DecisionSeries
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import Bars


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """What a model said and its strategy decided on the bars of a backtest.

    Attributes
    ----------
    places : ndarray of int64, shape (n_rows,)
        Bars that were predicted, ascending; at the others nothing is decided.
    outputs : ndarray of float64
        Probabilities, shape (n_rows, n_classes), or predictions, shape (n_rows,).
    decisions : DecisionSeries
        On those rows.
    """

    places: Int64s
    outputs: NDArray[np.float64]
    decisions: DecisionSeries

    def positions(self, n_bars: int) -> Int8s:
        """Return the position that is wanted after each bar, shape (n_bars,): flat, until a decision changes it."""
        decided = np.zeros(n_bars, dtype=np.int64)
        decided[self.places] = 1
        from_flat = np.concatenate((np.zeros(1, dtype=np.int8), self.decisions.positions))
        return from_flat[np.cumsum(decided)]


def signals_table(bars: Bars, course: Course, target: Target, simulation: Simulation) -> pd.DataFrame:
    """Return one row per bar.

    Returns
    -------
    DataFrame
        timestamp; ``probability_{class}`` for each class, or prediction (NaN where the bar was not predicted); decision
        (``buy``, ``hold``, ``sell``); position that is wanted after its close (-1, 0, 1) and filled at the next open;
        equity at its close, which comes of the positions of earlier bars.
    """
    names = [f"probability_{name}" for name in target.classes] or ["prediction"]
    outputs = np.full((len(bars), len(names)), np.nan)
    outputs[course.places] = course.outputs.reshape(len(course.places), len(names))
    actions = np.full(len(bars), "hold")
    actions[course.places] = course.decisions.actions
    return pd.DataFrame(
        {
            "timestamp": pd.to_datetime(bars.stamps, utc=True),
            **{name: outputs[:, place] for place, name in enumerate(names)},
            "decision": actions,
            "position": course.positions(len(bars)),
            "equity": simulation.equity,
        }
    )


def equity_table(bars: Bars, simulation: Simulation, market: Simulation) -> pd.DataFrame:
    """Return one row per bar: timestamp, held, equity, return, drawdown, buy_and_hold (its equity).

    `held` is the position during the bar; returns and drawdowns are fractions.
    """
    return pd.DataFrame(
        {
            "timestamp": pd.to_datetime(bars.stamps, utc=True),
            "held": simulation.held,
            "equity": simulation.equity,
            "return": np.concatenate(([0.0], bar_returns(simulation.equity))),
            "drawdown": drawdowns(simulation.equity),
            "buy_and_hold": market.equity,
        }
    )


def trades_table(bars: Bars, simulation: Simulation) -> pd.DataFrame:
    """Return one row per trade, in time order; see `Trades` for what the columns mean."""
    trades = simulation.trades
    stamps = pd.to_datetime(bars.stamps, utc=True)
    return pd.DataFrame(
        {
            "side": np.where(trades.sides > 0, "long", "short"),
            "entry": stamps[trades.entries],
            "exit": stamps[trades.exits],
            "bars": trades.exits - trades.entries,
            "entry_price": trades.entry_prices,
            "exit_price": trades.exit_prices,
            "units": trades.units,
            "costs": trades.costs,
            "profit": trades.profits,
            "return": trades.returns,
            "closed": trades.closed,
        }
    )
