"""A backtest as tables, by value."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.result import Result, replay
from ktrdr.domain.backtest.tables import Course
from ktrdr.domain.decisions.run import DecisionSeries
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

OPENS, CLOSES = np.array([10.0, 10, 20, 20, 40, 40]), np.array([10.0, 20, 20, 40, 40, 20])
STAMPS = from_iso("2024-01-01T00:00:00Z") + np.arange(6) * NS_PER_DAY
BARS = Bars("ANY", Timeframe("1d"), STAMPS, OPENS, np.full(6, 40.0), np.full(6, 10.0), CLOSES, np.ones(6))
CLASSES = Target("classification", ("buy", "hold", "sell"), ("buy", "hold", "sell"))
PLACES = np.array([1, 2, 4])
DECISIONS = DecisionSeries(np.int8([1, 0, -1]), np.int8([1, 1, 0]), np.int8([0, 1, 0]))
OUTPUTS = np.array([[0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.2, 0.7]])


def run(outputs: np.ndarray = OUTPUTS, target: Target = CLASSES) -> Result:
    course = Course(PLACES, outputs, DECISIONS)
    return replay(BARS, course, target, Account(1000.0, 0.0, 0.0), 252.0, np.random.default_rng(0))


def test_signals_say_per_bar_what_was_decided() -> None:
    table = run().signals
    assert list(table) == [
        "timestamp", "probability_buy", "probability_hold", "probability_sell", "decision", "position", "equity",
    ]  # fmt: skip
    assert table.probability_sell.tolist() == pytest.approx([np.nan, 0.1, 0.1, np.nan, 0.7, np.nan], nan_ok=True)
    assert table.decision.tolist() == ["hold", "buy", "hold", "hold", "sell", "hold"]
    assert table.position.tolist() == [0, 1, 1, 1, 0, 0]
    assert table.equity.tolist() == [1000, 1000, 1000, 2000, 2000, 2000]


def test_a_regression_has_one_prediction() -> None:
    table = run(np.array([0.1, 0.0, -0.2]), Target("regression", unit="fraction")).signals
    assert list(table)[1] == "prediction"
    assert table.prediction.tolist() == pytest.approx([np.nan, 0.1, 0, np.nan, -0.2, np.nan], nan_ok=True)


def test_equity_stands_beside_buy_and_hold() -> None:
    table = run().equity
    assert table.held.tolist() == [0, 0, 1, 1, 1, 0]
    assert table["return"].tolist() == [0, 0, 0, 1, 0, 0]
    assert table.drawdown.tolist() == [0] * 6
    assert table.buy_and_hold.tolist() == [1000, 2000, 2000, 4000, 4000, 2000]


def test_trades_are_filled_at_opens() -> None:
    (trade,) = run().trades.to_dict("records")
    assert (trade["side"], trade["bars"], trade["closed"]) == ("long", 3, True)
    assert (trade["entry"].isoformat(), trade["exit"].isoformat()) == (
        "2024-01-03T00:00:00+00:00", "2024-01-06T00:00:00+00:00",
    )  # fmt: skip
    assert (trade["entry_price"], trade["exit_price"], trade["units"], trade["profit"]) == (20, 40, 50, 1000)


def test_the_benchmarks_trade_by_the_same_account() -> None:
    found = run().as_dict()
    assert found["benchmark"]["buy_and_hold"]["total_return"] == 1.0
    assert (found["benchmark"]["always_flat"]["total_return"], found["metrics"]["total_return"]) == (0.0, 1.0)
    assert (found["trades"], found["ruined_at"]) == (1, None)
