"""What a training run gave: one outcome in full, or several side by side."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from ktrdr.entrypoints.cli.exit_codes import EXIT_CODES
from ktrdr.entrypoints.cli.outcome import outcome_text
from ktrdr.entrypoints.cli.render import emit, say, say_notes, section, table

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ktrdr.application.use_cases.train import FailedJob, TrainedModel, TrainingResult

_NAMED = 3
_OUTCOMES = ("look_for_a_leak", "better", "worse", "not_distinguishable", "too_little_data")
_LUCK = 0.05
"""How often a 95 % interval misses the truth."""
_MANY = 10


def report(result: TrainingResult, output: Path | None, json: bool) -> None:
    """Print notes, outcomes and failures.

    Raises
    ------
    typer.Exit
        With the code ``incomplete`` if a job of several failed.
    """
    _say_notes(result.models)
    alone = len(result.models) == 1 and not result.failures
    if alone and result.models[0].kept:
        say(f"note: {result.models[0].name} is kept: the same strategy on the same bars would only repeat it")
    text = outcome_text(result.models[0]) if alone else side_by_side(result)
    if output is not None:
        text += f"\nfiles      {output}"
    emit(result.as_dict(), text, json)
    if result.failures:
        raise typer.Exit(EXIT_CODES["incomplete"])


def side_by_side(result: TrainingResult) -> str:
    """Return one line a model, what the verdicts come to, and the failures with their reasons."""
    parts = [_table(result.models), _summary(result), failures_text(result.failures)]
    return "\n\n".join(part for part in parts if part)


def _table(models: Sequence[TrainedModel]) -> str:
    if not models:
        return ""
    rows = []
    for model in models:
        verdict = model.report["verdict"]
        rows.append(
            (
                model.stored.key.symbol or "all",
                f"v{model.stored.number}{' (kept)' * model.kept}",
                f"{model.rows['train']:,}",
                f"{model.rows['test']:,}",
                f"{verdict['loss']:.4g}",
                f"{verdict['baseline_loss']:.4g}",
                verdict["baseline"].replace("_", " "),
                f"{verdict['difference']:+.3g}",
                _hits(model.report["metrics"]),
                verdict["outcome"].replace("_", " "),
            )
        )
    metric = models[0].report["verdict"]["metric"].replace("_", " ")
    header = ["symbol", "version", "train rows", "test rows", metric, "of baseline", "baseline", "difference"]
    return table([*header, "accuracy", "verdict"], rows)


def _hits(metrics: Mapping[str, Any]) -> str:
    """Return the share of classes, or of directions, that were forecast right."""
    share = metrics.get("accuracy", metrics.get("directional_accuracy"))
    return "-" if share is None else f"{share:.4g}"


def _summary(result: TrainingResult) -> str:
    counts = Counter(model.report["verdict"]["outcome"] for model in result.models)
    verdicts = [f"{counts[name]} {name.replace('_', ' ')}" for name in _OUTCOMES if counts[name]]
    kept = sum(model.kept for model in result.models)
    ends = [*verdicts, *([f"{kept} kept from before"] if kept else [])]
    ends += [f"{len(result.failures)} failed"] if result.failures else []
    total = len(result.models) + len(result.failures)
    line = f"{total} symbols: {', '.join(ends)}"
    judged = len(result.models) - counts["too_little_data"]
    if judged >= _MANY:
        line += f"\nluck alone makes about {judged * _LUCK:.1f} of {judged} such verdicts better or worse"
    if result.models:
        line += f"\nmodels     {Path(result.models[0].stored.location).parent}"
    return line


def failures_text(failures: Sequence[FailedJob]) -> str:
    """Return one line a failure with its reason; nothing where there are none."""
    return (
        section("failed", [(item.name, item.family.replace("_", " "), item.reason) for item in failures])
        if failures
        else ""
    )


def _say_notes(models: Sequence[TrainedModel]) -> None:
    """Say each note once, with the symbols that it is about where there are several models, and guesses in one line."""
    from ktrdr.domain.market.inference import guesses_in_one, is_guess

    for warning in dict.fromkeys(warning for model in models for warning in model.warnings):
        say(f"warning: {warning}")
    about: dict[str, list[str]] = {}
    for model in models:
        for note in model.notes:
            about.setdefault(note, []).append(str(model.stored.key.symbol))
    say_notes(
        guesses_in_one(
            note if is_guess(note) else f"{note}{_whose(symbols, len(models))}" for note, symbols in about.items()
        )
    )


def _whose(symbols: list[str], total: int) -> str:
    if total == 1:
        return ""
    more = f" and {len(symbols) - _NAMED} more" if len(symbols) > _NAMED else ""
    return f" ({'all' if len(symbols) == total else ', '.join(symbols[:_NAMED]) + more})"
