"""Block-bootstrap intervals of a backtest, against resampling row by row."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.intervals import bootstrap
from ktrdr.domain.backtest.metrics import bar_returns
from ktrdr.domain.backtest.simulation import Simulation, simulate

PERIODS = 252.0


def trade(rows: int, hold: int, seed: int = 0) -> tuple[Simulation, Simulation]:
    """Trade for `hold` bars each, in a random direction; beside buy and hold."""
    rng = np.random.default_rng(seed)
    closes = 100 * np.exp(np.cumsum(rng.normal(0.0005, 0.01, rows)))
    opens = np.concatenate(([100.0], closes[:-1]))
    sides = np.tile(np.repeat([1, -1], hold), rows // hold + 1)[:rows].astype(np.int8)
    account = Account(1e5, 0.0001, 0.0)
    return simulate(opens, closes, sides, account), simulate(opens, closes, np.ones(rows, dtype=np.int8), account)


def slow(returns: np.ndarray, market: np.ndarray, length: int, blocks: int, rng: np.random.Generator) -> np.ndarray:
    """The three figures of 2,000 resamples."""
    found = []
    for starts in rng.integers(0, len(returns), size=(2000, blocks)):
        rows = (starts[:, None] + np.arange(length)).ravel() % len(returns)
        drawn = returns[rows]
        growth, above = np.log1p(drawn).mean() * PERIODS, (drawn - market[rows]).mean() * PERIODS
        found.append((growth, drawn.mean() / drawn.std() * np.sqrt(PERIODS), above))
    return np.array(found)


def test_the_intervals_equal_slow_ones() -> None:
    own, beside = trade(401, 8)
    returns, market = bar_returns(own.equity), bar_returns(beside.equity)
    found = bootstrap(returns, market, own.trades, PERIODS, np.random.default_rng(5))
    assert (found.block_bars, found.blocks) == (8, 50)

    rng = np.random.default_rng(5)
    short, long = slow(returns, market, 8, 50, rng), slow(returns, market, 16, 25, rng)
    whole = slow_whole(returns, market)
    one, two = (short - whole).var(axis=0) * 50 / 49, (long - whole).var(axis=0) * 25 / 24
    wider = np.sqrt(np.maximum(2 * two - one, one) / one * 50 / 49) * stats.t.ppf(0.975, 49) / stats.norm.ppf(0.975)
    ends = whole + np.quantile(short - whole, [0.025, 0.975], axis=0) * wider
    assert found.annualised_return == pytest.approx(np.exp(ends[:, 0]) - 1, rel=1e-3)
    assert found.sharpe == pytest.approx(ends[:, 1], rel=1e-3)
    assert found.above_buy_and_hold == pytest.approx(ends[:, 2], rel=1e-3)


def slow_whole(returns: np.ndarray, market: np.ndarray) -> np.ndarray:
    ratio = returns.mean() / returns.std() * np.sqrt(PERIODS)
    return np.array([np.log1p(returns).mean() * PERIODS, ratio, (returns - market).mean() * PERIODS])


def test_the_figure_lies_within_and_more_bars_are_surer() -> None:
    widths = []
    for rows in (500, 5000):
        own, beside = trade(rows, 5, seed=2)
        returns = bar_returns(own.equity)
        found = bootstrap(returns, bar_returns(beside.equity), own.trades, PERIODS, np.random.default_rng(0))
        assert found.sharpe is not None
        assert found.sharpe[0] < returns.mean() / returns.std() * np.sqrt(PERIODS) < found.sharpe[1]
        widths.append(found.sharpe[1] - found.sharpe[0])
    assert widths[1] < widths[0] / 2


def test_bars_that_share_a_trade_stay_together() -> None:
    own, beside = trade(600, 100)
    found = bootstrap(*map(bar_returns, (own.equity, beside.equity)), own.trades, PERIODS, np.random.default_rng(0))
    assert (found.block_bars, found.blocks, found.sharpe) == (100, 5, None)
    assert found.missing == "5 blocks of 100 bars are too few"
    assert replace(found, blocks=1).missing == "1 block of 100 bars is too few"


def test_without_a_trade_there_is_nothing_to_be_sure_of() -> None:
    _, beside = trade(600, 5)
    idle = simulate(np.ones(600), np.ones(600), np.zeros(600, dtype=np.int8), Account())
    found = bootstrap(*map(bar_returns, (idle.equity, beside.equity)), idle.trades, PERIODS, np.random.default_rng(0))
    assert found.missing == "nothing was traded"
    assert found.as_dict() == {
        "annualised_return": None, "sharpe": None, "above_buy_and_hold": None, "block_bars": 3, "blocks": 199,
    }  # fmt: skip
