"""The ``ktrdr fuzzy`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ktrdr.entrypoints.cli.options import PAGES, DataDir, EndDate, Json, StartDate, Strict, SymbolOption, Timeframe
from ktrdr.entrypoints.cli.render import emit, say, say_notes, section
from ktrdr.entrypoints.cli.session import effective_strategy, open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.fit_sets import FittedSets
    from ktrdr.application.use_cases.plot_sets import SetPlot, SetPlots

app = typer.Typer(no_args_is_help=True, help="Fuzzy sets over the values that their indicators really take.")
StrategyFile = Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML).")]


@app.command()
def plot(
    strategy: StrategyFile,
    output: Annotated[
        Path | None, typer.Option(readable=False, help="The HTML file to draw into [default: FILE_sets.html].")
    ] = None,
    symbol: SymbolOption = None,
    timeframe: Timeframe = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    data_dir: DataDir = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Show what each set covers and which memberships are dead, and draw them over histograms."""
    from ktrdr.domain.training.request import TrainingRequest

    container = open_container(data_dir=data_dir)
    write = container.write_file()
    output = output or Path(f"{strategy.stem}_sets.html")
    write.check(output, *PAGES)
    effective = effective_strategy(
        container, strategy, strict, symbol=symbol, timeframe=timeframe, start=start_date, end=end_date
    )
    found = container.plot_sets().execute(TrainingRequest(effective))
    say_notes(found.notes)
    write(output, container.sets_page()(found))
    emit({"path": str(output), **found.as_dict()}, _sets_text(found, output), json)


@app.command()
def fit(
    strategy: StrategyFile,
    output: Annotated[
        Path | None,
        typer.Option(readable=False, help="The new strategy file; must not be there yet [default: FILE_fitted.yaml]."),
    ] = None,
    set_ids: Annotated[list[str] | None, typer.Option("--set", help="Only this set; may be repeated.")] = None,
    symbol: SymbolOption = None,
    timeframe: Timeframe = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    data_dir: DataDir = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Propose memberships from quantiles of the train part, as a new file; comments are not carried over."""
    from ktrdr.domain.training.request import TrainingRequest

    container = open_container(data_dir=data_dir)
    write = container.write_file()
    output = output or Path(f"{strategy.stem}_fitted.yaml")
    write.check(output, ".yaml", ".yml", new=True)
    effective = effective_strategy(
        container, strategy, strict, symbol=symbol, timeframe=timeframe, start=start_date, end=end_date
    )
    document = container.read_document()(strategy)
    fitted = container.fit_sets().execute(TrainingRequest(effective), document, set_ids or ())
    say_notes(fitted.notes)
    write(output, container.render_document()(fitted.document).encode(), new=True)
    say("note: comments of the old file are not in the new one")
    emit({"path": str(output), **fitted.as_dict()}, _fitted_text(fitted, output), json)


def _sets_text(found: SetPlots, output: Path) -> str:
    sections = [f"{found.strategy.name} on {found.symbol}"]
    sections += [_set_text(one) for one in found.plots]
    findings = [(sentence,) for one in found.plots for sentence in one.sentences()]
    fine = "every row is covered, and no membership is dead"
    sections.append(section("findings", findings or [(fine,)]))
    return "\n\n".join([*sections, f"drawn: {output}"])


def _set_text(one: SetPlot) -> str:
    rows: list[tuple[Any, ...]] = [
        (item.name, _numbers(item.parameters), f"mean {item.mean:.3f}", f"strongest on {item.strongest:.1%}")
        for item in one.use.memberships
    ]
    title = f"{one.name} on {one.timeframe}, over {one.fuzzy_set.reference.text}"
    return section(f"{title}: {one.use.rows:,} rows, {one.use.uncovered:.2%} uncovered", rows)


def _fitted_text(fitted: FittedSets, output: Path) -> str:
    rows = [
        (f"{item.fuzzy_set}.{item.membership}", item.type, f"{_numbers(item.before)} -> {_numbers(item.after)}")
        for item in fitted.changes
    ]
    kept = [(name, reason) for name, reason in fitted.kept.items()]
    sections = [section(f"fitted to {fitted.rows:,} train rows, until {fitted.until}", rows)]
    sections += [section("kept as they are", kept)] if kept else []
    return "\n\n".join([*sections, f"written: {output}"])


def _numbers(values: tuple[float, ...]) -> str:
    return "[" + ", ".join(f"{value:g}" for value in values) + "]"
