"""``ktrdr backtest``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.domain.errors import InvalidInput
from ktrdr.entrypoints.cli.options import PAGES, DataDir, EndDate, Ensemble, Json, ModelsDir, Prefer, Timeframe
from ktrdr.entrypoints.cli.render import emit, say_notes
from ktrdr.entrypoints.cli.session import open_container

if TYPE_CHECKING:
    import pandas as pd

    from ktrdr.application.use_cases.backtest import BacktestReport
    from ktrdr.domain.strategy.document import Strategy
    from ktrdr.entrypoints.container import Container

_STRATEGY = "Strategy file (YAML), or the name of a strategy that there are models of."
_MODEL = "strategy/SYMBOL_TIMEFRAME_vN, ..._latest, or a model's folder, instead of the one that is found."
_START = "First day to trade on; by default the first bar that had no part in choosing the model."
_TABLE = "into this .parquet or .csv file."


def backtest(
    strategy: Annotated[str, typer.Argument(help=_STRATEGY)],
    symbol: Annotated[str | None, typer.Option(help="Symbol to trade; by default the strategy's or model's.")] = None,
    model: Annotated[str | None, typer.Option(help=_MODEL)] = None,
    timeframe: Timeframe = None,
    prefer: Prefer = None,
    ensemble: Ensemble = False,
    start_date: Annotated[str | None, typer.Option(help=_START)] = None,
    end_date: EndDate = None,
    in_sample: Annotated[bool, typer.Option("--in-sample", help="Also trade on bars that chose the model.")] = False,
    capital: Annotated[float, typer.Option(help="What the account begins with.")] = 100_000.0,
    commission: Annotated[float, typer.Option(help="Fraction of the traded value, at entry and at exit.")] = 0.001,
    slippage: Annotated[float, typer.Option(help="Fraction of the traded value, at entry and at exit.")] = 0.0005,
    allocation: Annotated[float, typer.Option(help="Fraction of the equity that a position takes.")] = 1.0,
    report: Annotated[
        Path | None, typer.Option(readable=False, help="Write figures and charts into this HTML file.")
    ] = None,
    trades_out: Annotated[Path | None, typer.Option(readable=False, help=f"Write the trades {_TABLE}")] = None,
    equity_out: Annotated[
        Path | None, typer.Option(readable=False, help=f"Write equity and drawdown by bar {_TABLE}")
    ] = None,
    signals_out: Annotated[
        Path | None, typer.Option(readable=False, help=f"Write probabilities and decisions by bar {_TABLE}")
    ] = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Trade a stored model's decisions on bars that had no part in choosing it, and say what they would have earned."""
    from ktrdr.application.use_cases.backtest import BacktestRequest
    from ktrdr.domain.backtest.account import Account
    from ktrdr.entrypoints.cli.backtest_text import backtest_text

    account = Account(capital, commission, slippage, allocation)
    container = open_container(data_dir=data_dir, models_dir=models_dir)
    tables = {"trades": trades_out, "equity": equity_out, "signals": signals_out}
    _check(container, report, tables)
    name, file = _read(container, strategy, symbol, timeframe)
    if file is not None and model is None:
        symbols, timeframe = file.training_data.symbols.symbols, file.training_data.timeframes.base
        symbol = symbols[0] if symbol is None and len(symbols) == 1 else symbol
    request = BacktestRequest(
        name, symbol, model, timeframe, start_date, end_date, in_sample, prefer, account, ensemble
    )
    done = container.backtest().execute(request)
    say_notes((*_differences(file, done), *done.notes))
    files = _write(container, done, report, tables)
    emit({**done.as_dict(), "files": files}, backtest_text(done, files), json)


def _check(container: Container, report: Path | None, tables: dict[str, Path | None]) -> None:
    if report is not None:
        container.write_file().check(report, *PAGES)
    for path in tables.values():
        if path is not None:
            container.write_table().check(path)
    named: dict[str, str] = {}
    for option, path in {"--report": report, **{f"--{name}-out": path for name, path in tables.items()}}.items():
        other = option if path is None else named.setdefault(os.path.realpath(path), option)
        if other != option:
            raise InvalidInput(f"{other} and {option} name the same file: {path}")


def _read(
    container: Container, strategy: str, symbol: str | None, timeframe: str | None
) -> tuple[str, Strategy | None]:
    """Return the strategy's name, and what its file says where it is one."""
    path = Path(strategy)
    if path.suffix not in {".yaml", ".yml"}:
        return strategy, None
    found: Strategy = container.read_strategy().execute(path, symbol=symbol, timeframe=timeframe)
    return found.name, found


def _differences(file: Strategy | None, done: BacktestReport) -> list[str]:
    """Say what the file says otherwise: the model goes by what it was trained with."""
    from ktrdr.domain.strategy.writing.render import render

    if file is None:
        return []
    written, trained = render(file), done.manifest.strategy
    parts = ("indicators", "fuzzy_sets", "nn_inputs", "decisions", "deployment")
    changed = [name for name in parts if written.get(name) != trained.get(name)]
    return [f"{', '.join(changed)}: the file differs from the trained strategy, which is used"] if changed else []


def _write(
    container: Container, done: BacktestReport, report: Path | None, tables: dict[str, Path | None]
) -> dict[str, str]:
    """Write what was asked for; return what lies where."""
    files = {}
    if report is not None:
        container.write_file()(report, container.backtest_page()(done))
        files["report"] = str(report)
    for name, path in tables.items():
        if path is not None:
            frame: pd.DataFrame = getattr(done.result, name)
            container.write_table()(frame, path)
            files[name] = str(path)
    return files
