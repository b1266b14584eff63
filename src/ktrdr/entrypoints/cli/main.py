"""The ``ktrdr`` command."""

from __future__ import annotations

import sys
import warnings
from typing import Annotated

import typer

from ktrdr.entrypoints.cli import data, explain, features, fuzzy, indicators, labels, models, strategy
from ktrdr.entrypoints.cli.backtest import backtest
from ktrdr.entrypoints.cli.errors import run_guarded
from ktrdr.entrypoints.cli.predict import predict
from ktrdr.entrypoints.cli.train import train

app = typer.Typer(
    name="ktrdr",
    help="Train trading models from one strategy file, and say honestly what they are worth.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(train)
app.command()(predict)
app.command()(backtest)
app.add_typer(strategy.app, name="strategy")
app.add_typer(indicators.app, name="indicators")
app.add_typer(fuzzy.app, name="fuzzy")
app.add_typer(labels.app, name="labels")
app.add_typer(features.app, name="features")
app.add_typer(data.app, name="data")
app.add_typer(models.app, name="models")
app.add_typer(explain.app, name="explain")


def _print_version(wanted: bool) -> None:
    if wanted:
        from ktrdr import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Train trading models from one strategy file, and say honestly what they are worth."""


def run() -> None:
    """Run the command line; the console script."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # of libraries, for programmers; what users should know is said as a note
    sys.exit(run_guarded(lambda: app(standalone_mode=False), sys.argv[1:]))
