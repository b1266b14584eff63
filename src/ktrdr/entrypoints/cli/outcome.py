"""The outcome of a training as text: the verdict first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.members_text import members_text
from ktrdr.entrypoints.cli.pooled import few_rows_text, symbols_text
from ktrdr.entrypoints.cli.render import table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ktrdr.application.use_cases.train import TrainedModel

_MOST_IMPORTANT = 8


def outcome_text(model: TrainedModel) -> str:
    """Return verdict, metrics beside baselines, importance, diagnosis, and where the files lie."""
    report, verdict = model.report, model.report["verdict"]
    parts = [
        f"{model.stored.reference}\nverdict    {verdict['sentence']}\n{detectable_text(verdict)}".rstrip()
        + beside_text(report),
        _comparison(report["metrics"], report["baselines"]),
        members_text(report),
        episodes_text(report["episodes"]) if "episodes" in report else "",
        steps_text(report["by_step"]) if "by_step" in report else "",
        symbols_text(report["by_symbol"]) if "by_symbol" in report else "",
        f"folds over symbols\n{symbols_text(report['by_symbol_fold'])}" if "by_symbol_fold" in report else "",
        few_rows_text(report["few_rows"]) if "few_rows" in report else "",
        _seeds(report.get("seeds", [])),
        _importance(model.importance),
        _diagnosis(report.get("diagnosis", [])),
        f"model      {model.stored.location}\nreport     {model.stored.location}/report.html",
    ]
    return "\n\n".join(part for part in parts if part)


def beside_text(report: Mapping[str, Any]) -> str:
    """Return what another loss says, on a line of its own; nothing where none was asked."""
    return f"\nbeside     {report['beside']['sentence']}" if "beside" in report else ""


def detectable_text(verdict: Mapping[str, Any]) -> str:
    """Return what the test rows could not show; nothing for a verdict of an older version."""
    found = verdict.get("detectable")
    return f"limits     {found['sentence']}" if isinstance(found, dict) and "sentence" in found else ""


def _comparison(metrics: Mapping[str, Any], baselines: Mapping[str, Mapping[str, Any]]) -> str:
    names = _figures(metrics)
    rows = [("model", *(_figure(metrics[name]) for name in names))]
    rows += [
        (baseline.replace("_", " "), *(_figure(values.get(name)) for name in names))
        for baseline, values in baselines.items()
    ]
    return table(["test rows", *(name.replace("_", " ") for name in names)], rows)


def episodes_text(episodes: Mapping[str, Mapping[str, int]]) -> str:
    """Return how often each class came in each part, and which ones are not judged for that."""
    from ktrdr.domain.evaluation.episodes import too_few

    few = too_few(episodes["test"])
    rows = [
        (name, *(f"{counts[name]:,}" for counts in episodes.values()), "too few to judge" if name in few else "")
        for name in episodes["test"]
    ]
    return table(["episodes", *episodes, ""], rows)


def steps_text(by_step: Mapping[str, Mapping[str, Any]]) -> str:
    """Return a line per number of bars ahead: its rows, what the purge took, and its verdict."""
    rows = [(step, *_counts(found), found["verdict"]["sentence"]) for step, found in by_step.items()]
    header = ["bars ahead", "train", "validation", "test", "purged", "verdict"]
    return f"{table(header, rows)}\n{len(rows)} steps are {len(rows)} tests: the more, the likelier one by chance"


def _counts(found: Mapping[str, Any]) -> tuple[str, ...]:
    counts = (f"{found['rows'][name]:,}" for name in ("train", "validation", "test"))
    return (*counts, " + ".join(f"{count:,}" for count in found["purged"].values()))


def _seeds(seeds: list[Mapping[str, Any]]) -> str:
    if len(seeds) < 2:
        return ""
    names = _figures(seeds[0]["metrics"])
    rows = [
        (f"{item['seed']}{' (shipped)' * item['shipped']}", *(_figure(item["metrics"][name]) for name in names))
        for item in seeds
    ]
    return table(["seed", *(name.replace("_", " ") for name in names)], rows)


def _importance(importance: Mapping[str, Any]) -> str:
    if "features" not in importance:
        return ""
    ordered = sorted(importance["features"], key=lambda item: -item["mean"])[:_MOST_IMPORTANT]
    rows = [(item["id"], f"{item['mean']:+.3g}", f"{item['std']:.3g}") for item in ordered]
    return table(["most important", f"rise of {importance['metric'].replace('_', ' ')}", "spread"], rows)


def _diagnosis(findings: list[Mapping[str, Any]]) -> str:
    return "\n".join(f"{item['topic']}: {item['finding']} {item['suggestion']}".rstrip() for item in findings)


def _figures(metrics: Mapping[str, Any]) -> list[str]:
    """Return the names of the metrics that are one number."""
    return [name for name, value in metrics.items() if isinstance(value, int | float)]


def _figure(value: Any) -> str:
    return "-" if value is None else f"{value:.4g}"
