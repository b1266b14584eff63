"""The ``ktrdr features`` commands."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ktrdr.entrypoints.cli.options import DataDir, EndDate, Json, ModelsDir, StartDate, Strict, SymbolOption, Timeframe
from ktrdr.entrypoints.cli.render import emit, say_notes
from ktrdr.entrypoints.cli.session import effective_strategy, open_container

app = typer.Typer(no_args_is_help=True, help="Features for other tools.")


@app.callback()
def main() -> None:
    """Features for other tools."""


@app.command()
def export(
    strategy: Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML).")],
    out: Annotated[Path, typer.Option(readable=False, help="FILE.parquet or FILE.csv.")],
    symbol: SymbolOption = None,
    timeframe: Timeframe = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    model: Annotated[
        str | None, typer.Option("--model", help="Model of this strategy: its tuned fuzzy sets instead of the written.")
    ] = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    strict: Strict = False,
    json: Json = False,
) -> None:
    """Write one row per bar that training reads: features in order, label, label end, part."""
    from ktrdr.domain.training.request import TrainingRequest

    container = open_container(data_dir=data_dir, models_dir=models_dir)
    tuned = None if model is None else container.model_storage().load(model).manifest
    write = container.write_table()
    write.check(out)
    effective = effective_strategy(
        container, strategy, strict, symbol=symbol, timeframe=timeframe, start=start_date, end=end_date
    )
    exported = container.export_features().execute(TrainingRequest(effective), tuned)
    say_notes(exported.notes)
    write(exported.frame, out)
    rows, columns = exported.frame.shape
    emit({"path": str(out), **exported.as_dict()}, f"{out}: {rows:,} rows, {columns} columns", json)
