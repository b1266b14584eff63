"""From positions that are wanted at closes to trades at the next opens, and the equity at every close."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.backtest.account import Account
from ktrdr.domain.errors import InvalidInput

Int8s = NDArray[np.int8]


@dataclass(frozen=True, slots=True, eq=False)
class Trades:
    """Round trips in time order; all arrays have shape (n_trades,).

    Attributes
    ----------
    sides : ndarray of int8
        1 long, -1 short.
    entries, exits : ndarray of int64
        Bars of the fills; where not `closed`, the exit is the last bar.
    entry_prices, exit_prices : ndarray of float64
        Opens of those bars; the last close where the trade was not closed, or ended with the account.
    units : ndarray of float64
        How many were bought or sold short.
    costs, profits : ndarray of float64
        Quote currency; profits are after costs.
    closed : ndarray of bool
        False for a trade that is still open at the end; it is marked at the last close and has not paid for its exit.
    """

    sides: Int8s
    entries: Int64s
    exits: Int64s
    entry_prices: Floats
    exit_prices: Floats
    units: Floats
    costs: Floats
    profits: Floats
    closed: NDArray[np.bool_]

    def __len__(self) -> int:
        """Return the number of trades."""
        return len(self.sides)

    @property
    def returns(self) -> Floats:
        """Profit as a fraction of the value at entry."""
        return self.profits / (self.units * self.entry_prices)


@dataclass(frozen=True, slots=True, eq=False)
class Simulation:
    """What an account did.

    Attributes
    ----------
    equity : ndarray of float64, shape (n_bars,)
        Cash and position, marked at closes.
    held : ndarray of int8, shape (n_bars,)
        The position during each bar: -1 short, 0 flat, 1 long.
    trades : Trades
    traded_value : float
        Of all legs, quote currency.
    ruined_at : int or None
        Bar at which nothing was left; from there on nothing is traded and the equity stays as it was.
    """

    equity: Floats
    held: Int8s
    trades: Trades
    traded_value: float
    ruined_at: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Rounds:
    """Trades before anything is counted in money; `paid` says which of them paid for their exit."""

    sides: Int8s
    entries: Int64s
    exits: Int64s
    entry_prices: Floats
    exit_prices: Floats
    paid: NDArray[np.bool_]


def simulate(opens: Floats, closes: Floats, positions: Int8s, account: Account) -> Simulation:
    """Trade the positions that are wanted: decided at a close, filled at the next open.

    Parameters
    ----------
    opens, closes : ndarray of float64, shape (n_bars,)
        Above 0.
    positions : ndarray of int8, shape (n_bars,)
        Wanted after each close: -1 short, 0 flat, 1 long. Those after the last close are not filled.
    account : Account

    Returns
    -------
    Simulation
        Flat during the first bar. A position is sized once, when it is opened; wanting the same again changes nothing.
        From one side to the other in one bar is an exit and an entry at one open, the entry sized after the exit.

    Raises
    ------
    InvalidInput
        If a price is not above 0.

    Notes
    -----
    With E the equity before the entry, f the stake, s the side, c the cost rate and p the price over the entry price,
    equity within a trade is E (1 + f (s (p - 1) - c)), and after the exit at p it is smaller by E f c p.

    Causality: the equity of a bar uses positions of earlier bars, and prices up to its close.
    """
    if len(opens) and min(opens.min(), closes.min()) <= 0:
        raise InvalidInput("a backtest sizes positions by price, and some price is not above 0")
    held = np.concatenate((np.zeros(1, dtype=np.int8), positions[:-1]))[: len(opens)]
    rounds = _rounds(held, opens, closes)
    with np.errstate(over="ignore", invalid="ignore"):  # behind a ruin, which is cut off below
        grown = np.cumprod(_growth(rounds, account)) * account.capital
        before = np.concatenate(([account.capital], grown[:-1]))[: len(grown)]
        equity = _marked(held, closes, rounds, before, account)
    ruined = _first_ruin(equity, rounds, before)
    if ruined is None:
        return Simulation(equity, held, *_booked(rounds, before, account))
    return _cut(Simulation(equity, held, *_booked(rounds, before, account)), rounds, before, ruined, closes, account)


def _rounds(held: Int8s, opens: Floats, closes: Floats) -> _Rounds:
    changes = np.flatnonzero(np.diff(held, prepend=np.int8(0)))
    into = held[changes] != 0
    entries, exits = changes[into], np.append(changes[1:], len(held))[into] if len(changes) else changes
    paid = exits < len(held)
    exits = np.minimum(exits, len(held) - 1)
    return _Rounds(held[entries], entries, exits, opens[entries], np.where(paid, opens[exits], closes[exits]), paid)


def _growth(rounds: _Rounds, account: Account) -> Floats:
    moved = rounds.exit_prices / rounds.entry_prices
    grown: Floats = 1 + account.stake * (rounds.sides * (moved - 1) - account.cost_rate * (1 + rounds.paid * moved))
    return grown


def _marked(held: Int8s, closes: Floats, rounds: _Rounds, before: Floats, account: Account) -> Floats:
    """Return the equity at each close: within a trade by its price, between trades what the last one left."""
    if not len(before):
        return np.full(len(closes), account.capital)
    spans = np.diff(np.concatenate((rounds.entries, [len(closes)])))
    mark = closes[rounds.entries[0] :] / np.repeat(rounds.entry_prices, spans)
    mark -= 1
    mark *= np.repeat(rounds.sides.astype(np.float64), spans)
    mark -= account.cost_rate
    mark *= np.repeat(account.stake * before, spans)
    mark += np.repeat(before, spans)
    left = np.repeat(before * _growth(rounds, account), spans)
    inside = held[rounds.entries[0] :] != 0
    return np.concatenate((np.full(rounds.entries[0], account.capital), np.where(inside, mark, left)))


def _booked(rounds: _Rounds, before: Floats, account: Account) -> tuple[Trades, float]:
    """Return the trades in money, and the value of all their legs."""
    values = account.stake * before
    moved = rounds.exit_prices / rounds.entry_prices
    legs = values * (1 + rounds.paid * moved)
    costs = account.cost_rate * legs
    profits = values * rounds.sides * (moved - 1) - costs
    prices = rounds.entry_prices, rounds.exit_prices
    trades = Trades(
        rounds.sides,
        rounds.entries,
        rounds.exits,
        *prices,
        values / rounds.entry_prices,
        costs,
        profits,
        rounds.paid.copy(),
    )
    return trades, float(legs.sum())


def _first_ruin(equity: Floats, rounds: _Rounds, before: Floats) -> int | None:
    """Return the first bar at whose close, or at whose open after an exit, nothing is left."""
    broke = np.concatenate((np.flatnonzero(equity <= 0)[:1], rounds.entries[before <= 0][:1]))
    return int(broke.min()) if len(broke) else None


def _cut(
    whole: Simulation, rounds: _Rounds, before: Floats, ruined: int, closes: Floats, account: Account
) -> Simulation:
    """Return the simulation with nothing after the ruin: a position held then ends at that close, without costs."""
    kept = (rounds.entries < ruined) | ((rounds.entries == ruined) & (before > 0))
    fewer = _Rounds(*(getattr(rounds, name)[kept] for name in _Rounds.__slots__))
    last = (fewer.exits > ruined) | ((fewer.exits == ruined) & ~fewer.paid)
    fewer = replace(
        fewer,
        exits=np.where(last, ruined, fewer.exits),
        exit_prices=np.where(last, closes[ruined], fewer.exit_prices),
        paid=fewer.paid & ~last,
    )
    trades, traded = _booked(fewer, before[kept], account)
    equity, held = whole.equity.copy(), whole.held.copy()
    equity[ruined:] = account.capital + trades.profits.sum()
    held[ruined + 1 :] = 0
    held[ruined] = held[ruined] if last.any() else 0
    return Simulation(equity, held, replace(trades, closed=np.ones(len(trades), dtype=np.bool_)), traded, ruined)
