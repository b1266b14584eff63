"""``ktrdr train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ktrdr.domain.errors import Unavailable
from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES
from ktrdr.entrypoints.cli.options import DataDir, EndDate, Json, ModelsDir, StartDate, Strict, SymbolOption, Timeframe
from ktrdr.entrypoints.cli.render import emit, say, say_notes, warn_or_refuse
from ktrdr.entrypoints.cli.results import failures_text, report
from ktrdr.entrypoints.cli.session import open_container
from ktrdr.entrypoints.cli.symbols import chosen_symbols, named_symbols

if TYPE_CHECKING:
    from ktrdr.application.use_cases.train import TrainedModel, TrainingResult
    from ktrdr.domain.training.request import TrainingRequest
    from ktrdr.entrypoints.container import Container


def train(
    strategy: Annotated[Path, typer.Argument(readable=False, help="Strategy file (YAML).")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be trained; train nothing.")] = False,
    symbol: SymbolOption = None,
    symbols: Annotated[str | None, typer.Option(help="Symbols instead: AAPL,MSFT or @list.txt.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every symbol that there is instead.")] = False,
    mode: Annotated[str | None, typer.Option(help="single, multi or universal.")] = None,
    combination: Annotated[
        str | None,
        typer.Option(help="How symbols are pooled: balanced, downsample, concatenate, interleaved or reptile."),
    ] = None,
    hold_out_symbols: Annotated[
        str | None, typer.Option(help="Symbols that a pooled model is only tried on: TSLA,KO or @list.txt.")
    ] = None,
    symbol_configs: Annotated[
        Path | None,
        typer.Option(readable=False, help="File of symbol_overrides (YAML) instead of the strategy's section."),
    ] = None,
    symbol_folds: Annotated[
        int, typer.Option(help="Deal symbols into folds; try a model without each fold on that fold.")
    ] = 0,
    timeframe: Timeframe = None,
    start_date: StartDate = None,
    end_date: EndDate = None,
    epochs: Annotated[int | None, typer.Option(help="Passes over the train rows, at most.")] = None,
    seed: Annotated[int | None, typer.Option(help="Decides every random draw.")] = None,
    seeds: Annotated[int, typer.Option(help="Fit this many seeds to show their spread; the first is shipped.")] = 1,
    importance: Annotated[bool, typer.Option(help="Measure permutation importance.")] = True,
    accept_quality: Annotated[
        str | None, typer.Option(metavar="REASON", help="Train on bars that the limits of quality refuse; it is kept.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(help="Processes that train side by side [default: processors].")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Train only what is missing or stale.")] = False,
    output: Annotated[
        Path | None, typer.Option(readable=False, help="Write the model's files into this folder as well.")
    ] = None,
    data_dir: DataDir = None,
    models_dir: ModelsDir = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda or mps.")] = None,
    strict: Strict = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="One structured line per step, on stderr.")] = False,
    log_file: Annotated[Path | None, typer.Option(readable=False, help="The same lines into a file.")] = None,
    json: Json = False,
) -> None:
    """Train the models that a strategy describes, judge them, and publish them."""
    from ktrdr.application.preparing.override_reach import run_warnings
    from ktrdr.domain.training.request import Execution, TrainingRequest, read_combination, read_mode
    from ktrdr.entrypoints.steps import log_steps

    log_steps(verbose, log_file)
    chosen, execution = chosen_symbols(symbol, symbols, every), Execution(workers, resume)
    wanted = None if mode is None else read_mode(mode)
    container = open_container(data_dir=data_dir, models_dir=models_dir, device=device)
    effective = container.read_strategy().execute(
        strategy,
        symbol=symbol,
        symbols=chosen,
        timeframe=timeframe,
        start=start_date,
        end=end_date,
        symbol_configs=symbol_configs,
        epochs=epochs,
        seed=seed,
    )
    held_out = named_symbols("--hold-out-symbols", hold_out_symbols) or ()
    request = TrainingRequest(
        effective,
        seeds,
        importance,
        wanted,
        None if combination is None else read_combination(combination),
        execution,
        held_out,
        strict,
        symbol_folds,
        accept_quality=accept_quality,
    )
    warn_or_refuse(run_warnings(container.data_repository(), request), str(strategy), strict)
    if dry_run:
        _preview(container, request, json)
        return
    for folder in (container.settings().models_dir, output):
        if folder is not None:
            container.require_writable()(folder)
    result = _train(container, request)
    if output is not None:
        try:
            _copy(container, result.models, output)
        except Unavailable as error:
            published = ", ".join(model.stored.reference for model in result.models)
            raise Unavailable(f"{error}; published all the same: {published}") from error
    report(result, output, json)


def _preview(container: Container, request: TrainingRequest, json: bool) -> None:
    from ktrdr.domain.market.inference import guesses_in_one
    from ktrdr.entrypoints.cli.preview import preview_text

    found = container.dry_run().execute(request)
    for preview in found.previews:
        for warning in preview.warnings:
            say(f"warning: {warning}")
    say_notes(guesses_in_one(note for preview in found.previews for note in preview.notes))
    texts = [*(preview_text(preview) for preview in found.previews), failures_text(found.failures)]
    emit(found.as_dict(), "\n\n\n".join(filter(None, texts)), json)
    if found.failures:
        raise typer.Exit(EXIT_CODES["incomplete"])


def _train(container: Container, request: TrainingRequest) -> TrainingResult:
    from dependency_injector import providers

    from ktrdr.application.use_cases.train import TrainingResult
    from ktrdr.domain.errors import TrainingInterrupted
    from ktrdr.entrypoints.cli.progress import Progress

    with Progress() as progress:
        container.onlookers.override(providers.Object((progress,)))
        orchestrator = container.training_orchestrator()
        jobs = orchestrator.plan(request)
        try:
            return TrainingResult.of(progress.counted(orchestrator.run(jobs), len(jobs)))
        except (KeyboardInterrupt, TrainingInterrupted):
            if len(jobs) > 1:
                say("note: what was published stays; the same command with --resume trains the rest")
            raise


def _copy(container: Container, models: tuple[TrainedModel, ...], output: Path) -> None:
    """Write the files of the only model into a folder, or those of several into a folder each within it."""
    from ktrdr.domain.artifacts.manifest import METADATA

    for model in models:
        folder = output if len(models) == 1 else output / model.stored.key.stem
        artifact = container.model_storage().load(model.stored.reference)
        container.write_artifact()(folder, artifact)
        others = sorted(path.name for path in folder.iterdir() if path.name not in {*artifact.blobs, METADATA})
        if others:
            say(f"note: {folder} holds other files too ({others[0]}), so it can not be verified as a model")
