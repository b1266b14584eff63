"""What ``ktrdr backtest`` prints for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.render import table

if TYPE_CHECKING:
    from ktrdr.application.use_cases.backtest import BacktestReport

_FRACTIONS = {"total_return", "annualised_return", "max_drawdown", "win_rate", "exposure", "var_95", "cvar_95"}


def backtest_text(done: BacktestReport, files: Mapping[str, str]) -> str:
    """Return model, span, account, figures beside the benchmarks, intervals and files."""
    facts = done.as_dict()
    span, columns = facts["span"], [facts["metrics"], *facts["benchmark"].values()]
    marks = f" ({', '.join(span['marks'])})" if span["marks"] else ""
    rows = [
        (name.replace("_", " "), *(_figure(name, values[name]) for values in columns), _interval(name, facts))
        for name in columns[0]
    ]
    missing, above = done.result.intervals.missing, _interval("above_buy_and_hold", facts)
    header = ["figure", "strategy", *(name.replace("_", " ") for name in facts["benchmark"]), "95 % interval"]
    lines = [
        f"{facts['strategy']} on {facts['symbol']} {facts['timeframe']}",
        f"model      {facts['model']['reference']}: {facts['model']['reason']}",
        f"bars       {span['bars']:,}, {span['first']} to {span['last']}{marks}",
        f"account    {_account(facts)}",
        "",
        table(header, rows),
        "",
        f"no intervals: {missing}" if missing else f"mean return above buy and hold, a year: {above}",
    ]
    return "\n".join([*lines, *(f"{name:10} {path}" for name, path in files.items())])


def _account(facts: Mapping[str, Any]) -> str:
    account = facts["account"]
    commission, slippage, share = (f"{100 * account[name]:g} %" for name in ("commission", "slippage", "allocation"))
    costs = f"commission {commission} and slippage {slippage} a leg"
    a_year = f"{facts['periods_per_year']:,.0f} bars a year"
    return f"{account['capital']:,.12g}, {share} of it in a position; {costs}; {a_year}"


def _figure(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.2%}" if name in _FRACTIONS or name == "above_buy_and_hold" else f"{value:.3f}"


def _interval(name: str, facts: Mapping[str, dict[str, list[float] | None]]) -> str:
    ends = facts["intervals"].get(name)
    return "" if not isinstance(ends, list) else f"{_figure(name, ends[0])} to {_figure(name, ends[1])}"
