"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object to stdout.")]
DataDir = Annotated[
    Optional[Path],  # noqa: UP007 - typer reads the annotation at run time
    typer.Option(help="Folder of {SYMBOL}_{timeframe}.parquet or .csv files; without it, the embedded bars."),
]
ModelsDir = Annotated[Optional[Path], typer.Option(help="Where models are published [default: models].")]  # noqa: UP007
SymbolOption = Annotated[Optional[str], typer.Option("--symbol", help="Symbol instead of the strategy's.")]  # noqa: UP007
