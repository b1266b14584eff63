"""Figures of a backtest against empyrical, pandas and by value."""

from __future__ import annotations

import empyrical
import numpy as np
import pandas as pd
import pytest
from twins.account import Twin

from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.metrics import measure
from ktrdr.domain.backtest.simulation import Simulation, simulate

PERIODS = 252.0


def random_run(seed: int, rows: int = 900) -> tuple[Simulation, Twin]:
    rng = np.random.default_rng(seed)
    closes = 80 * np.exp(np.cumsum(rng.normal(0.0002, 0.015, rows)))
    opens = closes * np.exp(rng.normal(0, 0.004, rows))
    positions = rng.choice([-1, 0, 1], rows).astype(np.int8)
    account = Account(50_000.0, 0.0004, 0.0002, 0.8)
    return simulate(opens, closes, positions, account), Twin(50_000.0, 0.0004, 0.0002, 0.8).run(
        opens, closes, positions
    )


@pytest.mark.parametrize("seed", range(6))
def test_figures_of_returns_are_those_of_empyrical(seed: int) -> None:
    done, twin = random_run(seed)
    found, returns = measure(done, PERIODS), pd.Series(twin.equity).pct_change().dropna().reset_index(drop=True)
    yearly = {"annualization": PERIODS}
    expected = {
        "total_return": empyrical.cum_returns_final(returns),
        "annualised_return": empyrical.annual_return(returns, **yearly),
        "sharpe": empyrical.sharpe_ratio(returns, **yearly),
        "sortino": empyrical.sortino_ratio(returns, **yearly),
        "calmar": empyrical.calmar_ratio(returns, **yearly),
        "max_drawdown": -empyrical.max_drawdown(returns),
        "var_95": -empyrical.value_at_risk(returns),
        "cvar_95": -empyrical.conditional_value_at_risk(returns),
    }
    assert {name: getattr(found, name) for name in expected} == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_figures_of_trades_are_those_of_the_loop(seed: int) -> None:
    done, twin = random_run(seed)
    found, trades = measure(done, PERIODS), pd.DataFrame(twin.trades)
    profits = trades.profit[trades.closed.astype(bool)]
    assert found.trades == len(trades) > 100
    assert found.win_rate == pytest.approx((profits > 0).mean(), rel=1e-12)
    assert found.profit_factor == pytest.approx(profits[profits > 0].sum() / -profits[profits < 0].sum(), rel=1e-9)
    assert found.exposure == pytest.approx(np.abs(twin.held[1:]).mean(), rel=1e-12)
    years = (len(twin.equity) - 1) / PERIODS
    assert found.turnover == pytest.approx(twin.traded / np.mean(twin.equity) / years, rel=1e-9)


def of(*equity: float) -> Simulation:
    """A simulation with this equity and no trades."""
    nothing = simulate(np.ones(len(equity)), np.ones(len(equity)), np.zeros(len(equity), dtype=np.int8), Account())
    return Simulation(np.array(equity, dtype=float), nothing.held, nothing.trades, 0.0)


def test_the_deepest_drawdown_lasts_from_its_last_peak_until_that_is_reached_again() -> None:
    found = measure(of(90, 100, 100, 80, 50, 99, 100, 120, 110, 120), PERIODS)
    assert (found.max_drawdown, found.max_drawdown_bars) == (0.5, 4)


def test_a_drawdown_that_is_not_made_up_for_lasts_until_the_end() -> None:
    found = measure(of(100, 120, 60, 70, 80), PERIODS)
    assert (found.max_drawdown, found.max_drawdown_bars) == (0.5, 3)


def test_what_can_not_be_said_is_none() -> None:
    flat = measure(of(100, 100, 100), PERIODS)
    assert (flat.sharpe, flat.sortino, flat.calmar, flat.win_rate, flat.profit_factor) == (None,) * 5
    assert (flat.total_return, flat.max_drawdown, flat.max_drawdown_bars, flat.trades) == (0.0, 0.0, 0, 0)
    rising = measure(of(100, 110, 130), PERIODS)
    assert rising.sharpe is not None
    assert (rising.sortino, rising.calmar) == (None, None)
    assert measure(of(100, -20, -20), PERIODS).annualised_return is None
    assert measure(of(1, 1e9), 525_600.0).annualised_return is None  # more than a number can hold


def test_annualising_goes_by_bars_a_year() -> None:
    assert measure(of(100, 110, 121), 4.0).annualised_return == pytest.approx(1.1**4 - 1)
