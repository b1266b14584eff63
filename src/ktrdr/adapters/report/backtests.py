"""The page of a backtest: figures, equity, drawdown, and the trades on the price."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ktrdr.adapters.report.panels import Line, Marks, panel, price_chart
from ktrdr.adapters.report.sections import Chart, Section, render_sections
from ktrdr.adapters.report.wording import NOTHING, figure, percent, words
from ktrdr.application.use_cases.backtest import BacktestReport
from ktrdr.domain.backtest.metrics import drawdowns
from ktrdr.domain.backtest.result import Result
from ktrdr.domain.market.bars import iso

_LONG, _SHORT, _FLAT, _OWN, _MARKET = 0, 2, 1, 4, 3
_LISTED = 50
_FRACTIONS = frozenset(
    {"total_return", "annualised_return", "max_drawdown", "win_rate", "exposure", "var_95", "cvar_95"}
    | {"above_buy_and_hold"}
)


def backtest_page(report: BacktestReport) -> bytes:
    """Return the page: one file without a network, the same bytes for the same backtest."""
    result, model = report.result, report.model
    bars, account = result.bars, result.account
    facts = [
        f"{model.reference} ({model.reason})",
        *report.span.marks,
        f"{len(bars):,} bars, {iso(bars.stamps[0])} to {iso(bars.stamps[-1])}",
        f"capital {account.capital:,.0f}",
        f"costs a leg: {account.commission:g} commission, {account.slippage:g} slippage",
        f"allocation {percent(account.allocation)}",
    ]
    title = f"{report.manifest.strategy_name} on {bars.symbol} {bars.timeframe}"
    sections = [_figures(result), _equity(result), _price(result), _trades(result)]
    return render_sections("ktrdr backtest", title, facts, report.notes, sections)


def _figures(result: Result) -> Section:
    columns = [result.metrics.as_dict(), *(values.as_dict() for values in result.benchmark.values())]
    intervals = result.intervals.as_dict()
    rows = [
        (words(name), *(_figure(name, values[name]) for values in columns), _interval(name, intervals.get(name)))
        for name in columns[0]
    ]
    header = ("figure", "strategy", *map(words, result.benchmark), "95 % interval")
    return Section("Figures", [], _sureness(result), header, rows)


def _sureness(result: Result) -> list[str]:
    found = result.intervals
    if found.missing:
        return [f"No intervals: {found.missing}."]
    above = _interval("above_buy_and_hold", found.as_dict()["above_buy_and_hold"])
    return [
        f"Intervals: block bootstrap, {found.said}.",
        f"Mean return above buy and hold, a year: {above}.",
    ]


def _equity(result: Result) -> Section:
    bars, capital = result.bars, result.account.capital
    own, market = result.strategy.equity, result.market.equity
    legend = [("strategy", _OWN), ("buy and hold", _MARKET)]
    equity = panel(
        "Equity by bar",
        bars,
        [Line(market / capital, _MARKET), Line(own / capital, _OWN), Line(np.ones(len(bars)), _FLAT)],
    )
    below = panel("Drawdown by bar", bars, [Line(-drawdowns(market), _MARKET), Line(-drawdowns(own), _OWN)])
    charts = [
        Chart(equity, "Equity at closes, as a multiple of the capital.", [*legend, ("always flat", _FLAT)]),
        Chart(below, "Drawdown: how far below the highest close so far, as a fraction of it.", legend),
    ]
    return Section("Equity and drawdown", charts)


def _price(result: Result) -> Section:
    trades, held = result.strategy.trades, result.strategy.held
    kinds = np.select([held > 0, held < 0], [_LONG, _SHORT], -1).astype(np.int64)
    long = trades.sides > 0
    marks = [
        Marks(trades.entries[long], trades.entry_prices[long], "up", _LONG),
        Marks(trades.entries[~long], trades.entry_prices[~long], "down", _SHORT),
        Marks(trades.exits[trades.closed], trades.exit_prices[trades.closed], "up", _OWN),
    ]
    title = f"Trades on the price of {result.bars.symbol} {result.bars.timeframe}"
    caption = (
        "Closes in the range from low to high. Behind them the position held; triangles are fills at opens, one "
        "of a kind in six pixels."
    )
    legend = [("long", _LONG), ("short", _SHORT), ("exit", _OWN)]
    return Section("Trades on the price", [Chart(price_chart(title, result.bars, (), kinds, marks), caption, legend)])


def _trades(result: Result) -> Section:
    table = result.trades
    newest = table.iloc[-_LISTED:][::-1]
    rows = [_trade(row) for row in newest.to_dict("records")]
    listed = f"The newest {len(rows)} of {len(table):,} trades." if len(table) else "Nothing was traded."
    header = ("entry", "side", "bars", "entry price", "exit price", "profit", "return")
    return Section("Trades", [], [listed], header, rows)


def _trade(row: Mapping[Any, Any]) -> tuple[str, ...]:
    left = f"{row['exit_price']:.6g}" if row["closed"] else f"{row['exit_price']:.6g} (open)"
    entered = f"{row['entry']:%Y-%m-%d %H:%M}", row["side"], f"{row['bars']}", f"{row['entry_price']:.6g}"
    return *entered, left, f"{row['profit']:,.2f}", f"{row['return']:.2%}"


def _figure(name: str, value: float | None) -> str:
    return percent(value) if name in _FRACTIONS else figure(value, name)


def _interval(name: str, ends: list[float] | None) -> str:
    return NOTHING if ends is None else f"{_figure(name, ends[0])} to {_figure(name, ends[1])}"
