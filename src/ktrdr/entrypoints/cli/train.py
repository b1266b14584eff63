"""``ktrdr train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ktrdr.entrypoints.cli.options import DataDir, EndDate, Json, ModelsDir, StartDate, Strict, SymbolOption, Timeframe
from ktrdr.entrypoints.cli.render import emit, say, warn_or_refuse
from ktrdr.entrypoints.cli.session import open_container

if TYPE_CHECKING:
    from ktrdr.application.use_cases.train import TrainedModel
    from ktrdr.domain.training.plan import TrainingRequest
    from ktrdr.entrypoints.container import Container


def train(
    strategy: Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be trained; train nothing.")] = False,
    symbol: SymbolOption = None,
    timeframe: Timeframe = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the train rows, at most.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every random draw.")] = None,
    seeds: Annotated[int, typer.Option(help="Fit this many seeds to show their spread; the first is shipped.")] = 1,
    importance: Annotated[bool, typer.Option(help="Measure permutation importance.")] = True,
    output: Annotated[Path | None, typer.Option(help="Write the model's files into this folder as well.")] = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    strict: Strict = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="One structured line per step, on stderr.")] = False,
    log_file: Annotated[Path | None, typer.Option(help="The same lines into a file.")] = None,
    json: Json = False,
) -> None:
    """Train the model that a strategy describes, judge it, and publish it."""
    from ktrdr.domain.artifacts.manifest import METADATA
    from ktrdr.domain.training.plan import TrainingRequest
    from ktrdr.entrypoints.steps import log_steps

    log_steps(verbose, log_file)
    container = open_container(data_dir=data_dir, models_dir=models_dir, device=device)
    effective = container.read_strategy().execute(
        strategy, symbol=symbol, timeframe=timeframe, start=start_date, end=end_date, epochs=epochs, seed=seed
    )
    warn_or_refuse(effective.warnings, str(strategy), strict)
    request = TrainingRequest(effective, seeds, importance)
    if dry_run:
        _preview(container, request, json)
        return
    for folder in (container.settings().models_dir, output):
        if folder is not None:
            container.require_writable()(folder)
    models = _train(container, request)
    if output is not None:
        artifact = container.model_storage().load(models[0].stored.reference)
        container.write_artifact()(output, artifact)
        others = sorted(path.name for path in output.iterdir() if path.name not in {*artifact.blobs, METADATA})
        if others:
            say(f"note: {output} holds other files too ({others[0]}), so it can not be verified as a model")
    for note in models[0].notes:
        say(f"note: {note}")
    _report(models, output, json)


def _preview(container: Container, request: TrainingRequest, json: bool) -> None:
    from ktrdr.entrypoints.cli.preview import preview_text

    (preview,) = container.dry_run().execute(request)
    for note in preview.notes:
        say(f"note: {note}")
    emit({"dry_run": preview.as_dict()}, preview_text(preview), json)


def _train(container: Container, request: TrainingRequest) -> tuple[TrainedModel, ...]:
    from dependency_injector import providers

    from ktrdr.entrypoints.cli.progress import Progress

    try:
        with Progress() as progress:
            container.on_epoch.override(providers.Object(progress.on_epoch))
            result: tuple[TrainedModel, ...] = container.training_orchestrator().execute(request).models
            return result
    except KeyboardInterrupt:
        # Between fit and publish nobody else counts it, and the test rows may have been looked at.
        container.trial_log().append_interrupted(request.strategy.name)
        raise


def _report(models: tuple[TrainedModel, ...], output: Path | None, json: bool) -> None:
    from ktrdr.entrypoints.cli.outcome import outcome_text

    payload: dict[str, Any] = {
        "models": [
            {
                "path": model.stored.location,
                "reference": model.stored.reference,
                "version": model.stored.number,
                "symbol": model.stored.key.symbol,
                "metrics": model.report["metrics"],
                "baselines": model.report["baselines"],
                "verdict": model.report["verdict"],
            }
            for model in models
        ]
    }
    text = "\n\n".join(outcome_text(model) for model in models)
    if output is not None:
        text += f"\nfiles      {output}"
    emit(payload, text, json)
