"""Laws of a backtest: what stands at a bar never depends on later ones."""

from __future__ import annotations

import numpy as np
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.backtest.account import Account
from ktrdr.domain.backtest.simulation import Simulation, simulate

SIDES = st.sampled_from([-1, 0, 1])
PRICES = st.floats(0.01, 1000.0)
ROWS = st.lists(st.tuples(PRICES, PRICES, SIDES), min_size=1, max_size=40)
ACCOUNTS = st.builds(
    Account, st.floats(1.0, 1e6), st.floats(0.0, 0.02), st.floats(0.0, 0.02), st.floats(0.05, 1.0, exclude_min=True)
)


def run(rows: list[tuple[float, float, int]], account: Account) -> Simulation:
    opens, closes, sides = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    return simulate(opens, closes, sides.astype(np.int8), account)


@settings(max_examples=examples(200))
@given(ROWS, ROWS, ACCOUNTS)
def test_equity_and_position_depend_on_earlier_bars_alone(rows, later, account) -> None:
    known, both = run(rows, account), run([*rows, *later], account)
    assert both.equity[: len(rows)].tobytes() == known.equity.tobytes()
    assert both.held[: len(rows)].tobytes() == known.held.tobytes()


@settings(max_examples=examples(100))
@given(ROWS, ACCOUNTS, SIDES, PRICES)
def test_what_is_decided_at_the_last_close_changes_nothing(rows, account, side, price) -> None:
    *before, (opened, closed, _) = rows
    assert run([*before, (opened, closed, side)], account).equity.tobytes() == run(rows, account).equity.tobytes()
    other = run([*before, (opened, price, side)], account).equity[:-1]
    assert other.tobytes() == run(rows, account).equity[:-1].tobytes()


@settings(max_examples=examples(100))
@given(ROWS, ACCOUNTS)
def test_profits_of_all_trades_add_up_to_the_equity(rows, account) -> None:
    done = run(rows, account)
    assert np.isclose(
        account.capital + done.trades.profits.sum(), done.equity[-1], rtol=1e-9, atol=1e-9 * account.capital
    )


@settings(max_examples=examples(100))
@given(ROWS, ACCOUNTS, st.floats(1.5, 100.0))
def test_equity_scales_with_the_capital(rows, account, times) -> None:
    more = Account(account.capital * times, account.commission, account.slippage, account.allocation)
    assert np.allclose(run(rows, more).equity, run(rows, account).equity * times, rtol=1e-9)
