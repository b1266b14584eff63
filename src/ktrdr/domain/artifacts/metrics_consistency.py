"""Whether the metrics of a model follow from each other, where they must."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isclose, log
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.artifacts.artifact import METRICS
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.verdict_consistency import close
from ktrdr.domain.evaluation.classification import calibration_error, class_scores, defined
from ktrdr.domain.evaluation.episodes import note
from ktrdr.domain.evaluation.few_rows import OTHER_STARTS, sentences_of

Report = Mapping[str, Any]
SLACK = 1e-6
"""Of probabilities in single precision, which sum to 1 but for roundings."""


def metrics_problems(manifest: Manifest, report: Report) -> Iterator[str]:
    """Yield a sentence where the manifest does not repeat the metrics, or some do not follow from others."""
    metrics = report["metrics"]
    yield from _few_rows(report)
    yield from _members(manifest, report)
    if {name: value for name, value in metrics.items() if isinstance(value, int | float)} != manifest.training_metrics:
        yield f"training_metrics are not the metrics of {METRICS}"
    if manifest.target["kind"] != "classification":
        if not close(metrics["rmse"] ** 2, metrics["mse"]) or metrics["mae"] > metrics["rmse"] * (1 + 1e-9):
            yield f"{METRICS}: mse, rmse and mae are not those of one forecast"
        if metrics.get("qlike", 0.0) < 0 or not 0 <= metrics.get("floored_forecasts", 0) <= report["rows"]:
            yield f"{METRICS}: qlike or floored_forecasts can not be that of {report['rows']} rows"
        return
    matrix, rows, classes = metrics["confusion_matrix"], report["rows"], manifest.target["classes"]
    if not close(metrics["accuracy"], sum(matrix[place][place] for place in range(len(classes))) / rows):
        yield f"{METRICS}: accuracy is not that of its confusion_matrix"
    yield from _shares(manifest, report)
    yield from _scores(report, np.array(matrix, dtype=np.int64))
    yield from _episodes(manifest, report)
    for name, row in zip(classes, matrix, strict=True):
        shares = (metrics["per_class"][name]["support"] / rows, report["class_shares"]["test"][name])
        if not all(close(share, sum(row) / rows) for share in shares):
            yield f"{METRICS}: the rows of {name} are not those of its confusion_matrix"


def _members(manifest: Manifest, report: Report) -> Iterator[str]:
    """Ask that the scores of members are about those that there are, and that shares and differences are some."""
    names = [item["name"] for item in manifest.model.get("members", ())]
    scores, against = report.get("members", []), report["verdict"]["baseline_loss"]
    found = [item["name"] for item in scores if item["type"] is not None]
    if found != names:
        yield f"{METRICS}: members are not those of the model"
    if not all(close(item["loss"] - against, item["difference"]) for item in scores):
        yield f"{METRICS}: a member's difference is not that of its loss"
    shares = [item["share"] for item in scores if item["share"] is not None]
    if shares and (min(shares) < 0 or not close(sum(shares), 1.0)):
        yield f"{METRICS}: the shares of the members do not sum to 1"


def _scores(report: Report, confusion: Int64s) -> Iterator[str]:
    """Ask for the scores of a confusion matrix and of the table of confidence, and for a possible Brier score.

    The most probable class of k has at least 1 / k: a hit costs at most 1 - 1 / k, a miss at least 1 / 2, at most 2.
    """
    metrics, scores = report["metrics"], class_scores(confusion)
    means = {"balanced_accuracy": scores["recall"], "macro_f1": scores["f1"]}
    wrong = [name for name in means.keys() & metrics.keys() if not close(metrics[name], float(np.nanmean(means[name])))]
    for place, found in enumerate(metrics["per_class"].values()):
        wrong += [name for name in scores.keys() & found.keys() if found[name] != defined(scores[name][place])]
    if wrong:
        yield f"{METRICS}: {', '.join(sorted({*wrong}))} can not be that of its confusion_matrix"
    table, hits = report["calibration"], metrics["accuracy"]
    accuracy = sum(found["rows"] * found["accuracy"] for found in table) / report["rows"]
    error = calibration_error(table)
    if not close(metrics.get("calibration_error", error), error) or not close(hits, accuracy):
        yield f"{METRICS}: calibration_error or accuracy is not that of its calibration"
    least, most = (1 - hits) / 2, hits * (1 - 1 / len(confusion)) + 2 * (1 - hits)
    if (
        not least - SLACK <= metrics.get("brier", least) <= most + SLACK
        or metrics["log_loss"] < (1 - hits) * log(2) - SLACK
    ):
        yield f"{METRICS}: brier or log_loss can not be that of a model with its accuracy"


def _episodes(manifest: Manifest, report: Report) -> Iterator[str]:
    """Ask for an episode of each class that has rows, none without, and that the verdict says which are too few."""
    if "episodes" not in report:
        return  # of classes that do not last, or of a version that did not count
    found = report["episodes"]
    for part, shares in report["class_shares"].items():
        rows = manifest.split["parts"][part]["rows"]
        for name, share in shares.items():
            count, most = found[part][name], round(share * rows)
            if type(count) is not int or not min(most, 1) <= count <= most:
                yield f"{METRICS}: episodes of {name} in {part} can not be those of {most} rows"
    if found.keys() != report["class_shares"].keys() or not report["verdict"]["sentence"].endswith(note(found)):
        yield f"{METRICS}: the verdict does not say which classes have too few episodes"


def _few_rows(report: Report) -> Iterator[str]:
    """Ask that starts differ by their losses, and that the words are those of the means."""
    found = report.get("few_rows", {"symbols": []})
    if not found["symbols"]:
        return
    for row in found["symbols"]:
        if not all(
            isclose(row[name]["difference"], row["loss"] - row[name]["loss"], rel_tol=1e-6, abs_tol=1e-9 * row["loss"])
            for name in OTHER_STARTS
        ):
            yield f"{METRICS}: few_rows of {row['symbol']} differ by something else than their losses"
    words = sentences_of(found["all"], found["metric"].replace("_", " "), len(found["symbols"]))
    if list(words) != found["sentences"]:
        yield f"{METRICS}: few_rows does not say what its figures say"


def _shares(manifest: Manifest, report: Report) -> Iterator[str]:
    """Ask that the shares of classes are those of whole rows of each part."""
    for part, shares in report["class_shares"].items():
        rows = manifest.split["parts"][part]["rows"]
        counts = {name: round(share * rows) for name, share in shares.items()}
        if sum(counts.values()) != rows or not all(close(share, counts[name] / rows) for name, share in shares.items()):
            yield f"{METRICS}: class_shares of {part} are not those of {rows} rows"
