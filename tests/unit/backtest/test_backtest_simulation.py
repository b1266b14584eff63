"""Backtest accounts: by value, and against a plain loop over bars."""

from __future__ import annotations

import numpy as np
import pytest
from twins.account import Twin

from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.simulation import Simulation, simulate
from ktrdr.domain.errors import InvalidInput

FREE = Account(1000.0, 0.0, 0.0)


def run(opens: list[float], closes: list[float], positions: list[int], account: Account = FREE) -> Simulation:
    return simulate(np.array(opens, dtype=float), np.array(closes, dtype=float), np.int8(positions), account)


def test_what_is_decided_at_a_close_is_filled_at_the_next_open() -> None:
    done = run([10, 20, 30, 40], [15, 25, 35, 45], [1, 1, 0, 0])
    assert done.held.tolist() == [0, 1, 1, 0]
    assert done.equity.tolist() == [1000, 1250, 1750, 2000]
    assert (done.trades.entry_prices.tolist(), done.trades.exit_prices.tolist()) == ([20], [40])
    assert (done.trades.units.tolist(), done.trades.profits.tolist()) == ([50], [1000])


def test_a_short_earns_what_the_price_loses() -> None:
    done = run([10, 20, 10], [10, 15, 10], [-1, 0, 0])
    assert done.equity.tolist() == [1000, 1250, 1500]
    assert done.trades.returns.tolist() == [0.5]


def test_costs_are_paid_on_both_legs_and_never_borrowed() -> None:
    done = run([100, 100, 110, 110], [100, 100, 110, 110], [1, 0, 0, 0], Account(1010.0, 0.006, 0.004))
    assert done.trades.units.tolist() == [pytest.approx(10)]  # 1,000 in the market and 10 for its entry
    assert done.equity == pytest.approx([1010, 1000, 1100 - 11, 1100 - 11])
    assert done.trades.costs == pytest.approx([10 + 11])
    assert done.traded_value == pytest.approx(1000 + 1100)


def test_the_allocation_leaves_the_rest_in_cash() -> None:
    done = run([10, 10, 20], [10, 20, 20], [1, 1, 1], Account(1000.0, 0.0, 0.0, 0.25))
    assert done.equity.tolist() == [1000, 1250, 1250]


def test_a_reversal_is_an_exit_and_an_entry_sized_after_it() -> None:
    done = run([10, 10, 20, 10], [10, 10, 20, 10], [1, -1, -1, -1])
    assert done.trades.sides.tolist() == [1, -1]
    assert done.trades.units.tolist() == [100, 100]
    assert done.equity.tolist() == [1000, 1000, 2000, 3000]


def test_a_trade_that_is_open_at_the_end_has_not_paid_for_its_exit() -> None:
    done = run([10, 10, 10], [10, 10, 20], [1, 1, 0], Account(1010.0, 0.01, 0.0))
    assert done.trades.closed.tolist() == [False]
    assert done.equity[-1] == pytest.approx(2000)
    assert done.trades.costs == pytest.approx([10])


def test_who_has_nothing_left_trades_no_more() -> None:
    done = run([10, 10, 10, 1, 1], [10, 10, 25, 1, 1], [-1, -1, -1, 1, 1])
    assert done.ruined_at == 2
    assert done.equity.tolist() == [1000, 1000, -500, -500, -500]
    assert done.held.tolist() == [0, -1, -1, 0, 0]
    assert (len(done.trades), done.trades.exits.tolist()) == (1, [2])


def test_prices_must_be_above_nothing() -> None:
    with pytest.raises(InvalidInput, match="not above 0"):
        run([1, 0], [1, 1], [0, 0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"capital": 0}, "capital must be a number from 1e-06 to 1e\\+15, found 0"),
        ({"capital": float("inf")}, "capital must be a number from .*, found inf"),
        ({"capital": float("nan")}, "capital must be a number from .*, found nan"),
        ({"capital": 1e308}, "capital must be a number from .*, found 1e\\+308"),
        ({"commission": 0.5, "slippage": 0.5}, "commission and slippage together must be below 1, found 1"),
        ({"commission": -0.1}, "commission must be a fraction"),
        ({"slippage": 1}, "slippage must be a fraction"),
        ({"slippage": float("nan")}, "slippage must be a fraction"),
        ({"allocation": 1.5}, "allocation must be a fraction"),
        ({"allocation": 0}, "allocation must be a fraction"),
    ],
)
def test_accounts_that_can_not_be(values: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        Account(**values)


@pytest.mark.parametrize("seed", range(12))
def test_a_plain_loop_agrees(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, wild = 700, 0.3 if seed % 3 == 0 else 0.02  # wild prices ruin shorts
    closes = 50 * np.exp(np.cumsum(rng.normal(0, wild, rows)))
    opens = closes * np.exp(rng.normal(0, wild / 3, rows))
    positions = np.repeat(rng.integers(-1, 2, rows), rng.integers(1, 9, rows))[:rows].astype(np.int8)
    settings = rng.uniform(1e3, 1e6), rng.uniform(0, 0.01), rng.uniform(0, 0.01), rng.uniform(0.1, 1)
    done, twin = simulate(opens, closes, positions, Account(*settings)), Twin(*settings).run(opens, closes, positions)

    assert done.equity == pytest.approx(twin.equity, rel=1e-9, abs=1e-9 * settings[0])
    assert done.held.tolist() == twin.held
    assert done.ruined_at == twin.ruined_at
    assert done.traded_value == pytest.approx(twin.traded, rel=1e-9)
    found = done.trades
    for name, values in {
        "side": found.sides, "entry": found.entries, "exit": found.exits, "entry_price": found.entry_prices,
        "exit_price": found.exit_prices, "units": found.units, "costs": found.costs, "profit": found.profits,
    }.items():  # fmt: skip
        assert values == pytest.approx([trade[name] for trade in twin.trades], rel=1e-9, abs=1e-6), name
    assert found.closed.tolist() == [trade["closed"] for trade in twin.trades]


def test_some_of_those_loops_end_in_ruin() -> None:
    rng = np.random.default_rng(0)
    closes = 50 * np.exp(np.cumsum(rng.normal(0, 0.3, 700)))
    assert simulate(closes, closes, np.full(700, -1, dtype=np.int8), FREE).ruined_at is not None
