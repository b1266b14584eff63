"""What rounding leaves of a difference, and that no figure is made of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.intervals import bootstrap
from ktrdr.domain.backtest.metrics import bar_returns, measure, sharpe
from ktrdr.domain.backtest.simulation import Simulation, simulate
from ktrdr.domain.evaluation.joint import TimeBlocks
from ktrdr.domain.evaluation.regression import r2
from ktrdr.domain.evaluation.significance import mean_difference, paired_differences
from ktrdr.domain.labels.trailing import rolling_deviation
from ktrdr.domain.market.timeframe import NS_PER_DAY
from ktrdr.domain.resolution import quotient, resolution
from ktrdr.domain.training.scaling import Scaler, TargetScaler

EPS = float(np.finfo(np.float64).eps)


def test_resolution_is_sixty_four_roundings_of_the_largest_finite_magnitude():
    assert resolution(1.0) == 64 * EPS
    assert resolution(np.array([2.0, -8.0, np.nan, np.inf]), 1.0) == 8 * 64 * EPS
    assert resolution(np.array([0.5], np.float32)) == 32 * float(np.finfo(np.float32).eps)
    assert (resolution(), resolution(np.zeros(3)), resolution(np.empty(0)), resolution(np.nan)) == (0.0,) * 4


def test_quotient():
    assert quotient(3.0, -2.0, 1.0) == -1.5
    assert quotient(3.0, 1.0, 1.0) is None
    assert quotient(3.0, np.nan, 0.0) is None
    assert quotient(1e300, 1e-300, 0.0) is None


def grown(rate: float, rows: int) -> dict[str, np.ndarray]:
    """Equity that grows by the same rate every bar, computed in four ways that round differently."""
    bars = np.arange(rows)
    return {
        "power": 1e5 * (1 + rate) ** bars,
        "product": 1e5 * np.cumprod(np.full(rows, 1 + rate)),
        "exponential": 1e5 * np.exp(np.cumsum(np.full(rows, np.log1p(rate)))),
        "cents": 7.3 * np.cumprod(np.full(rows, 1 + rate)) * 1e3,
    }


@given(st.floats(-0.01, 0.01).filter(lambda rate: abs(rate) > 1e-8), st.integers(3, 700))
def test_growth_at_one_rate_has_no_sharpe_whatever_rounding_made_of_it(rate, rows):
    for equity in grown(rate, rows).values():
        assert sharpe(bar_returns(equity), 252.0) is None


@pytest.mark.parametrize("deviation", [1e-12, 1e-6, 1e-2])
def test_returns_that_vary_by_more_than_rounding_have_a_sharpe(deviation):
    returns = 0.001 + deviation * np.random.default_rng(0).standard_normal(500)
    expected = returns.mean() / returns.std(ddof=1) * np.sqrt(252)
    assert sharpe(returns, 252.0) == pytest.approx(expected, rel=1e-12)


def of(equity: np.ndarray) -> Simulation:
    nothing = simulate(np.ones(len(equity)), np.ones(len(equity)), np.zeros(len(equity), dtype=np.int8), Account())
    return Simulation(equity, nothing.held, nothing.trades, 0.0)


def test_losses_and_drawdowns_of_rounding_are_none():
    wobbling = 1e5 * (1 + EPS * np.tile([0, 1, -1, 2], 50))
    found = measure(of(wobbling), 252.0)
    assert (found.sharpe, found.sortino, found.calmar) == (None, None, None)
    assert (found.max_drawdown, found.max_drawdown_bars) == (0.0, 0)


def test_a_peak_that_is_reached_again_but_for_rounding_ends_the_drawdown():
    found = measure(of(np.array([100.0, 50.0, 100.0 * (1 - EPS), 90.0, 80.0])), 252.0)
    assert (found.max_drawdown, found.max_drawdown_bars) == (0.5, 2)


def test_a_trade_that_makes_rounding_neither_wins_nor_loses():
    opens = np.array([1.0, 3.0, 3.0 * (1 + EPS), 3.0, 3.0 * (1 - EPS), 3.0, 6.0, 6.0])
    positions = np.array([1, 0, 1, 0, 1, 0, 0, 0], dtype=np.int8)
    found = measure(simulate(opens, opens, positions, Account(1e5, 0.0, 0.0)), 252.0)
    assert found.trades == 3
    assert found.win_rate == pytest.approx(1 / 3)
    assert found.profit_factor is None


def churned(closes: np.ndarray) -> tuple[Simulation, Simulation]:
    """Long for three bars and flat for none, without costs: the same as buy and hold but for rounding."""
    opens = np.concatenate((closes[:1], closes[:-1]))
    always, ones = Account(1e5, 0.0, 0.0), np.ones(len(closes), dtype=np.int8)
    sides = np.tile([1, 1, 1, 0], len(closes) // 4 + 1)[: len(closes)].astype(np.int8)
    return simulate(opens, closes, sides, always), simulate(opens, closes, ones, always)


def test_no_interval_where_only_rounding_varies():
    own, beside = churned(1e5 * 1.001 ** np.arange(400))
    steady = np.full(399, 0.001) * (1 + 1e-13 * np.random.default_rng(0).standard_normal(399))
    found = bootstrap(steady, np.zeros(399), own.trades, 252.0, np.random.default_rng(0))
    assert (found.annualised_return, found.sharpe, found.above_buy_and_hold) == (None, None, None)
    assert found.blocks >= 10
    assert found.missing == "nothing varies by more than rounding"
    walk = bar_returns(1e5 * np.exp(np.cumsum(np.random.default_rng(1).normal(0, 0.01, 400))))
    noisy = walk + EPS * np.random.default_rng(2).standard_normal(399)
    for periods in (252.0, 525_600.0):
        found = bootstrap(noisy, walk, own.trades, periods, np.random.default_rng(0))
        assert found.sharpe is not None
        assert found.above_buy_and_hold is None
    assert beside.equity[-1] > own.equity[-1]


def test_a_small_deviation_beside_a_large_mean_keeps_its_interval():
    """The square of the mean is 1e12 times the variance: taken apart it would be lost in rounding."""
    own, _ = churned(np.linspace(1.0, 2.0, 400))
    deviations = 1e-9 * np.random.default_rng(3).standard_normal(399)
    returns = 0.001 + deviations
    found = bootstrap(returns, np.zeros(399), own.trades, 252.0, np.random.default_rng(0))
    ratio = returns.mean() / returns.std() * np.sqrt(252)
    assert found.sharpe is not None
    assert found.sharpe[0] < ratio < found.sharpe[1]


def test_r2_of_targets_that_vary_by_rounding_is_none():
    targets = 0.1 * (1 + EPS * np.tile([0, 1, 2, -1], 30))
    assert r2(targets, np.full(120, 0.1)) is None
    assert r2(targets + np.tile([0.0, 1e-9], 60), targets) == pytest.approx(-1.0, rel=1e-3)


def test_losses_that_differ_by_rounding_are_equal():
    rng = np.random.default_rng(0)
    own = rng.exponential(1.0, 300)
    theirs = own * (1 + EPS * rng.integers(1, 4, 300))
    differences = paired_differences(own, theirs)
    times = np.arange(300) * NS_PER_DAY
    assert not differences.any()
    assert mean_difference(differences, times, 3 * NS_PER_DAY, rng).interval == (0.0, 0.0)
    blocks = TimeBlocks.draw([times], 3 * NS_PER_DAY, rng)
    assert blocks.difference(blocks.resample(times, differences)).interval == (0.0, 0.0)
    assert paired_differences(own, own + 1e-9) == pytest.approx(-1e-9, rel=1e-5)


@pytest.mark.parametrize("values", [np.full(300, -0.1), -0.1 * (1 + EPS * np.tile([0, 1, 3], 100))])
def test_differences_that_are_all_the_same_have_no_interval(values):
    """All test rows of one class, judged by two constant forecasts: nothing says how sure their difference is."""
    rng, times = np.random.default_rng(0), np.arange(300) * NS_PER_DAY
    found = mean_difference(values, times, 3 * NS_PER_DAY, rng)
    assert found.mean == pytest.approx(-0.1)
    assert (found.interval, found.blocks) == (None, 100)
    blocks = TimeBlocks.draw([times], 3 * NS_PER_DAY, rng)
    assert blocks.difference(blocks.resample(times, values)).interval is None


@pytest.mark.parametrize("name", ["minmax", "zscore", "robust"])
def test_a_column_that_varies_by_rounding_is_not_blown_up(name):
    column = np.float32(0.1) * np.ones(400, np.float32)
    column[::3] = np.nextafter(column[0], np.float32(1), dtype=np.float32)
    scaler = Scaler.fit(column[:, None], [name])
    assert scaler.scale.tolist() == [1.0]
    assert abs(scaler.transform(column[:, None])).max() < 1e-7


@pytest.mark.parametrize("name", ["zscore", "robust"])
def test_outliers_do_not_make_the_rest_of_a_column_look_like_rounding(name):
    """As volume has it: the quartiles lie a millionth of the largest value apart, and are quite another number."""
    column = np.random.default_rng(0).uniform(0, 10, 1000).astype(np.float32)
    column[0] = 1e9
    scaler = Scaler.fit(column[:, None], [name])
    quartiles = np.quantile(column.astype(float), [0.25, 0.75])
    expected = column.astype(float).std() if name == "zscore" else quartiles[1] - quartiles[0]
    assert scaler.scale[0] == pytest.approx(expected)


def test_targets_that_vary_by_rounding_are_not_blown_up():
    assert TargetScaler.fit(0.1 * (1 + EPS * np.tile([0.0, 1.0], 50))).std == 1.0


def test_a_market_that_grows_at_one_rate_has_no_volatility():
    closes = 37.0 * 1.0007 ** np.arange(300)
    found = rolling_deviation(np.diff(np.log(closes), prepend=np.nan), 20)
    assert found[30:].max() == 0.0
