"""``ktrdr predict``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from ktrdr.entrypoints.cli.options import MODEL, AsOf, DataDir, Ensemble, Json, ModelsDir, OfStrategy, Prefer
from ktrdr.entrypoints.cli.render import emit, say_notes, table
from ktrdr.entrypoints.cli.session import open_container, strategy_of


def predict(
    model: Annotated[str, typer.Argument(help=MODEL)],
    symbol: Annotated[str | None, typer.Option(help="Symbol instead of the model's; needed with a strategy.")] = None,
    timeframe: OfStrategy = None,
    as_of: AsOf = None,
    prefer: Prefer = None,
    ensemble: Ensemble = False,
    last: Annotated[int, typer.Option(help="How many of the newest bars.")] = 1,
    strict: Annotated[bool, typer.Option("--strict", help="Refuse a signal on a bar that is not over.")] = False,
    closed_only: Annotated[bool, typer.Option("--closed-only", help="Leave out bars that are not over.")] = False,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Print signal, decision and probabilities of the newest bars, and the features behind the last one."""
    from ktrdr.application.use_cases.predict import PredictRequest

    container = open_container(data_dir=data_dir, models_dir=models_dir)
    named, symbol, timeframe = strategy_of(container, model, symbol, timeframe)
    choice = timeframe, as_of, prefer, ensemble
    forecast = container.predict().execute(PredictRequest(named, symbol, last, *choice, strict, closed_only))
    say_notes(forecast.notes)
    payload = forecast.as_dict()
    emit(payload, _text(payload), json)


def _text(forecast: Mapping[str, Any]) -> str:
    rows, version = forecast["predictions"], f"_v{forecast['version']}" if forecast["version"] else ""
    head = f"{forecast['model']}{version} on {forecast['symbol']}"
    figures = [
        {**row["probabilities"], "confidence": row["confidence"]}
        if "probabilities" in row
        else {"prediction": row["prediction"]}
        for row in rows
    ]
    columns = ("timestamp", "signal", "decision", "position")
    marks = [() if row["closed"] else (f"not over before {row['known_at']}",) for row in rows]
    marked = ["" for _ in max(marks)]
    lines = table(
        ["bar", *columns[1:], *figures[0], *marked],
        [
            (*(row[name] for name in columns), *(f"{value:.4f}" for value in values.values()), *(mark or marked))
            for row, values, mark in zip(rows, figures, marks, strict=True)
        ],
    )
    behind = table(["feature", "value"], [(name, f"{value:.4f}") for name, value in rows[-1]["features"].items()])
    return f"{head}\n\n{lines}\n\nbehind {rows[-1]['timestamp']}\n{behind}"
