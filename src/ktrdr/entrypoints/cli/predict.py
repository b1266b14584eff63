"""``ktrdr predict``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from ktrdr.entrypoints.cli.options import MODEL, AsOf, DataDir, Ensemble, Json, ModelsDir, OfStrategy, Prefer
from ktrdr.entrypoints.cli.render import emit, say_notes, table
from ktrdr.entrypoints.cli.session import open_container, strategy_of

if TYPE_CHECKING:
    from ktrdr.application.use_cases.predict import Forecast


POSITIONS = {-1: "short", 0: "flat", 1: "long"}


def predict(
    model: Annotated[str, typer.Argument(help=MODEL)],
    symbol: Annotated[str | None, typer.Option(help="Symbol instead of the model's; needed with a strategy.")] = None,
    timeframe: OfStrategy = None,
    as_of: AsOf = None,
    prefer: Prefer = None,
    ensemble: Ensemble = False,
    last: Annotated[int, typer.Option(help="How many of the newest bars.")] = 1,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    json: Json = False,
) -> None:
    """Print signal, decision and probabilities of the newest bars, and the features behind the last one."""
    from ktrdr.application.use_cases.predict import PredictRequest

    container = open_container(data_dir=data_dir, models_dir=models_dir)
    named, symbol, timeframe = strategy_of(container, model, symbol, timeframe)
    forecast = container.predict().execute(PredictRequest(named, symbol, last, timeframe, as_of, prefer, ensemble))
    say_notes(forecast.notes)
    rows = _rows(forecast)
    payload = {"model": forecast.manifest.model_name, "version": forecast.manifest.version, "symbol": forecast.symbol}
    emit({**payload, "reason": forecast.reason, "predictions": rows}, _text(forecast, rows), json)


def _rows(forecast: Forecast) -> list[dict[str, Any]]:
    from ktrdr.domain.market.bars import iso

    matrix, confidence = forecast.matrix, forecast.signals.confidence
    rows = []
    for row in range(len(matrix)):
        entry: dict[str, Any] = {"timestamp": iso(matrix.stamps[row]), "known_at": iso(matrix.known_at[row])}
        decision = forecast.decisions[row]
        entry["signal"] = str(forecast.signals.actions[row])
        entry |= {"decision": decision.action, "position": POSITIONS[decision.position], "reason": decision.reason}
        if forecast.target.is_classification:
            entry["confidence"] = None if confidence is None else float(confidence[row])
            entry["probabilities"] = dict(zip(forecast.target.classes, forecast.outputs[row].tolist(), strict=True))
        else:
            entry["prediction"] = float(forecast.outputs[row])
        entry["features"] = dict(zip(matrix.ids, map(float, matrix.values[row]), strict=True))
        rows.append(entry)
    return rows


def _text(forecast: Forecast, rows: list[dict[str, Any]]) -> str:
    manifest = forecast.manifest
    version = f"_v{manifest.version}" if manifest.version else ""
    head = f"{manifest.model_name}{version} on {forecast.symbol}"
    figures = [
        {**row["probabilities"], "confidence": row["confidence"]}
        if "probabilities" in row
        else {"prediction": row["prediction"]}
        for row in rows
    ]
    columns = ("timestamp", "signal", "decision", "position")
    lines = table(
        ["bar", *columns[1:], *figures[0]],
        [
            (*(row[name] for name in columns), *(f"{value:.4f}" for value in values.values()))
            for row, values in zip(rows, figures, strict=True)
        ],
    )
    behind = table(["feature", "value"], [(name, f"{value:.4f}") for name, value in rows[-1]["features"].items()])
    return f"{head}\n\n{lines}\n\nbehind {rows[-1]['timestamp']}\n{behind}"
