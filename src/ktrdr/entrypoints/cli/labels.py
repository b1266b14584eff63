"""The ``ktrdr labels`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.entrypoints.cli.options import PAGES, DataDir, EndDate, Json, StartDate, Strict, SymbolOption, Timeframe
from ktrdr.entrypoints.cli.render import emit, say_notes, section
from ktrdr.entrypoints.cli.session import effective_strategy, open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.show_labels import LabelView

app = typer.Typer(no_args_is_help=True, help="What a strategy asks a model to foresee.")


@app.callback()
def main() -> None:
    """Show what a strategy asks a model to foresee."""


@app.command()
def show(
    strategy: Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML).")],
    output: Annotated[
        Path | None,
        typer.Option(readable=False, help="The HTML file to draw price and labels into [default: FILE_labels.html]."),
    ] = None,
    bars: Annotated[int, typer.Option(min=10, help="How many of the newest bars to draw.")] = 500,
    symbol: SymbolOption = None,
    timeframe: Timeframe = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    data_dir: DataDir = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Show how labels are spread, how long they last and how far they look, and draw them with the price."""
    from ktrdr.domain.training.request import TrainingRequest

    container = open_container(data_dir=data_dir)
    write = container.write_file()
    output = output or Path(f"{strategy.stem}_labels.html")
    write.check(output, *PAGES)
    effective = effective_strategy(
        container, strategy, strict, symbol=symbol, timeframe=timeframe, start=start_date, end=end_date
    )
    view = container.show_labels().execute(TrainingRequest(effective))
    say_notes(view.notes)
    write(output, container.labels_page()(view, bars))
    emit({"path": str(output), **view.as_dict()}, _labels_text(view, output), json)


def _labels_text(view: LabelView, output: Path) -> str:
    facts = view.as_dict()
    parameters = ", ".join(f"{name} {value}" for name, value in facts["parameters"].items())
    rows = [
        (name, f"{item['share']:.1%}", f"mean run {item['mean_run']:.1f} bars", item["action"] or "")
        for name, item in facts["classes"].items()
    ]
    horizon = "no declared bound" if view.labels.horizon_bars is None else f"at most {view.labels.horizon_bars} bars"
    spans = [
        ("declared", horizon),
        ("mean", f"{view.mean_span:.1f} bars"),
        ("longest", f"{view.longest_span} bars"),
    ]
    sections = [
        f"{view.strategy.name}: {facts['source']} on {facts['symbol']} {facts['timeframe']}",
        section("parameters", [(parameters or "none",)]),
        section("labels" if view.labels.target.is_classification else "signs of the target", rows),
        section("bars looked ahead", spans),
        section("balance", [(line,) for line in view.balance.sentences()]),
    ]
    return "\n\n".join([*sections, f"drawn: {output}"])
