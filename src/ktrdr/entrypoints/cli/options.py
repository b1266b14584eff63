"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print exactly one JSON object to stdout.")]
DataDir = Annotated[
    Path | None,
    typer.Option(
        readable=False, help="Folder of files {SYMBOL}_{timeframe}.csv, .parquet, ...; else the embedded bars."
    ),
]
ModelsDir = Annotated[Path | None, typer.Option(readable=False, help="Where models are published [default: models].")]
SymbolOption = Annotated[str | None, typer.Option("--symbol", help="Symbol instead of the strategy's.")]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse what would otherwise be a warning.")]
Timeframe = Annotated[str | None, typer.Option("--timeframe", help="Base timeframe instead of the strategy's.")]
StartDate = Annotated[str | None, typer.Option("--start-date", help="First day to use, such as 2010-01-31.")]
EndDate = Annotated[str | None, typer.Option("--end-date", help="Last day to use, the whole of it.")]
MODEL = "strategy/SYMBOL_TIMEFRAME_vN, ..._latest, a model's folder; or a strategy, to use its model for a symbol."
OfStrategy = Annotated[
    str | None, typer.Option("--timeframe", help="Base timeframe, with a strategy [default: the only one].")
]
AsOf = Annotated[str | None, typer.Option(help="Only models of the strategy that were chosen before that moment.")]
Ensemble = Annotated[bool, typer.Option("--ensemble", help="Average the strategy's models of all symbols.")]
Prefer = Annotated[str | None, typer.Option(help="Look for the universal or the symbol model first.")]

PAGES = (".html", ".htm")
"""What the name of a page may end in."""
