"""The ``ktrdr explain`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.entrypoints.cli.options import MODEL, PAGES, AsOf, DataDir, Ensemble, Json, ModelsDir, OfStrategy, Prefer
from ktrdr.entrypoints.cli.render import emit, say_notes, table
from ktrdr.entrypoints.cli.session import open_container, strategy_of

if TYPE_CHECKING:
    from ktrdr.application.use_cases.explain_rules import Explanation
    from ktrdr.domain.evaluation.rules import RuleMeasure

app = typer.Typer(no_args_is_help=True, help="Say in words what a model does.")


@app.callback()
def main() -> None:
    """Say in words what a model does."""


@app.command()
def rules(
    model: Annotated[str, typer.Argument(help=MODEL)],
    symbol: Annotated[str | None, typer.Option(help="Symbol whose model it is, with a strategy.")] = None,
    timeframe: OfStrategy = None,
    as_of: AsOf = None,
    prefer: Prefer = None,
    top: Annotated[int, typer.Option(help="How many rules at most.")] = 10,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Print the strongest rules, chosen on train and validation rows, and how well they hold on test rows."""
    from ktrdr.application.use_cases.explain_rules import ExplainRequest

    container = open_container(data_dir=data_dir, models_dir=models_dir)
    named, symbol, timeframe = strategy_of(container, model, symbol, timeframe)
    request = ExplainRequest(named, top, symbol, timeframe, as_of, prefer)
    explanation = container.explain_rules().execute(request)
    say_notes(explanation.notes)
    emit(explanation.as_dict(), _text(explanation), json)


@app.command()
def decision(
    model: Annotated[str, typer.Argument(help=MODEL)],
    symbol: Annotated[str | None, typer.Option(help="Symbol instead of the model's; needed with a strategy.")] = None,
    at: Annotated[str | None, typer.Option(help="Date or moment (UTC) of the bar [default: the newest bar].")] = None,
    rows: Annotated[int, typer.Option(help="How many bars up to that one, for --table.")] = 1,
    method: Annotated[
        str, typer.Option(help="auto: exact where the model can; sampling; lime: lines besides.")
    ] = "auto",
    top: Annotated[int, typer.Option(help="How many groups and inputs to print.")] = 10,
    table_out: Annotated[
        Path | None, typer.Option("--table", readable=False, help="Write all contributions into this .csv or .parquet.")
    ] = None,
    timeframe: OfStrategy = None,
    as_of: AsOf = None,
    prefer: Prefer = None,
    ensemble: Ensemble = False,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Print what each indicator added to what a model said at one bar, so that it adds up."""
    from ktrdr.application.use_cases.explain_decision import DecisionRequest
    from ktrdr.entrypoints.cli.explain_text import decision_text

    container = open_container(data_dir=data_dir, models_dir=models_dir)
    if table_out is not None:
        container.write_table().check(table_out)
    named, symbol, timeframe = strategy_of(container, model, symbol, timeframe)
    request = DecisionRequest(named, symbol, at, rows, method, timeframe, as_of, prefer, ensemble)
    found = container.explain_decision().execute(request)
    say_notes(found.notes)
    if table_out is not None:
        container.write_table()(found.table(), table_out)
    emit(found.as_dict(), decision_text(found, top), json)


@app.command("global")
def whole(
    model: Annotated[str, typer.Argument(help=MODEL)],
    symbol: Annotated[str | None, typer.Option(help="Symbol whose model it is, with a strategy.")] = None,
    output: Annotated[Path | None, typer.Option(readable=False, help="Draw everything into this HTML file.")] = None,
    drop_column: Annotated[
        bool, typer.Option("--drop-column", help="Refit without each group, too: a fit a group, each written down.")
    ] = False,
    top: Annotated[int, typer.Option(help="Inputs whose partial dependence is computed.")] = 6,
    timeframe: OfStrategy = None,
    as_of: AsOf = None,
    prefer: Prefer = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Print what a model leans on, on validation rows, and how it depends on each input."""
    from ktrdr.application.use_cases.explain_global import GlobalRequest
    from ktrdr.entrypoints.cli.explain_text import global_text

    container = open_container(data_dir=data_dir, models_dir=models_dir)
    if output is not None:
        container.write_file().check(output, *PAGES)
    named, symbol, timeframe = strategy_of(container, model, symbol, timeframe)
    request = GlobalRequest(named, top, drop_column, symbol, timeframe, as_of, prefer)
    found = container.explain_global().execute(request)
    say_notes(found.notes)
    if output is not None:
        container.write_file()(output, container.explanation_page()(found))
    payload = found.as_dict() | {"path": None if output is None else str(output)}
    emit(payload, global_text(found, None if output is None else str(output)), json)


def _text(explanation: Explanation) -> str:
    manifest, (seen, test) = explanation.manifest, explanation.rows
    head = f"{manifest.model_name}_v{manifest.version}: {seen:,} train and validation rows, {test:,} test rows"
    shares = table(
        ["decision", "train and validation", "test"],
        [(name.upper(), *(f"{share:.1%}" for share in both)) for name, both in explanation.shares.items()],
    )
    rows = [(rule.text, *_figures(rule.test), *_figures(rule.chosen_on)[:2]) for rule in explanation.rules]
    header = ["rule, on test rows", "support", "agreement", "lift", "support when chosen", "agreement when chosen"]
    return f"{head}\n\n{shares}\n\n{table(header, rows) if rows else 'no rules'}"


def _figures(found: RuleMeasure) -> tuple[str, str, str]:
    agreement = "-" if found.agreement is None else f"{found.agreement:.1%}"
    return f"{found.support:.1%}", agreement, "-" if found.lift is None else f"{found.lift:.2f}"
