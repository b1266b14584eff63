"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object to stdout.")]
DataDir = Annotated[
    Path | None,
    typer.Option(help="Folder of {SYMBOL}_{timeframe}.parquet or .csv files; without it, the embedded bars."),
]
ModelsDir = Annotated[Path | None, typer.Option(help="Where models are published [default: models].")]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Symbol instead of the strategy's.")]
