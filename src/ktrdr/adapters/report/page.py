"""The report as one HTML page: what an artifact says, put into words a template can print."""

from __future__ import annotations

from collections.abc import Mapping
from math import floor, log10
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ktrdr.adapters.report.charts import contribution_chart, interval_chart, loss_chart, losses_of, reliability_chart
from ktrdr.adapters.report.wording import date, feature_source, figure, marked, percent, setting, words
from ktrdr.domain.artifacts.artifact import HISTORY, IMPORTANCE, METRICS, Artifact
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import learned_sets
from ktrdr.domain.evaluation.episodes import too_few
from ktrdr.domain.evaluation.explaining.stability import ranks_in_words
from ktrdr.domain.market.bars import from_iso

_FILTERS = {"date": date, "figure": figure, "marked": marked, "percent": percent, "setting": setting, "words": words}
_SHOWN, _DRAWN = 15, 10
_CLASS_TILES = ("log_loss", "accuracy", "balanced_accuracy", "calibration_error")
_NUMBER_TILES = ("mse", "mae", "directional_accuracy", "r2", "qlike")


def render_page(artifact: Artifact) -> bytes:
    """Return ``report.html``: self-contained, the same bytes for the same artifact.

    Parameters
    ----------
    artifact : Artifact
        Sealed or not. Whatever its reports lack, the page says is not there.
    """
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(_FILTERS)
    return environment.get_template("template.html.j2").render(_view(artifact)).encode()


def _view(artifact: Artifact) -> dict[str, Any]:
    manifest, metrics, history = artifact.manifest, artifact.document(METRICS), artifact.document(HISTORY)
    epochs, verdict = history.get("epochs", []), metrics.get("verdict", {})
    return {
        "manifest": manifest,
        "classes": manifest.target.get("classes", []),
        "verdict": verdict,
        "beside": metrics.get("beside", {}).get("sentence", ""),
        "opening": verdict.get("sentence", "").partition(": "),
        "interval_chart": interval_chart(verdict["difference"], verdict["interval"]) if verdict.get("interval") else "",
        "tiles": _tiles(metrics),
        "comparison": _comparison(metrics),
        "members": metrics.get("members", []),
        "by_step": metrics.get("by_step", {}),
        "own_step": str(manifest.model.get("forecast_step", "")),
        "by_symbol": metrics.get("by_symbol", {}),
        "by_symbol_fold": metrics.get("by_symbol_fold", {}),
        "few_rows": metrics.get("few_rows", {}),
        "findings": metrics.get("diagnosis", []),
        "history": history,
        "epochs": epochs,
        "losses": losses_of(epochs),
        "loss_chart": loss_chart(epochs, history["best_epoch"]) if len(epochs) > 1 and losses_of(epochs) else "",
        "confusion": _confusion(metrics.get("metrics", {})),
        "calibration": metrics.get("calibration", []),
        "reliability_chart": reliability_chart(metrics["calibration"]) if metrics.get("calibration") else "",
        "importance": _importance(artifact.document(IMPORTANCE)),
        "contributions": _contributions(artifact.document(IMPORTANCE).get("contributions", {})),
        "seeds": metrics.get("seeds", []),
        "seed_metrics": [name for name in (*_CLASS_TILES, *_NUMBER_TILES) if name in metrics.get("metrics", {})],
        "episodes": metrics.get("episodes", {}),
        "few": too_few(metrics.get("episodes", {}).get("test", {})),
        "shares": metrics.get("class_shares", {}),
        "timeline": _timeline(manifest.split.get("parts", {})),
        "features": _features(manifest),
        "learned": learned_sets(manifest),
    }


def _tiles(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the main figures, each with the best a baseline has to set against it."""
    own, baselines = metrics.get("metrics", {}), metrics.get("baselines", {})
    tiles = []
    for name in (*_CLASS_TILES, *_NUMBER_TILES):
        if name not in own:
            continue
        others = [values[name] for values in baselines.values() if values.get(name) is not None]
        best = (max if "accuracy" in name else min)(others, default=None)
        beside = (
            _yardstick(name, len(own.get("per_class", {}))) if best is None else f"best baseline {figure(best, name)}"
        )
        tiles.append({"name": name, "value": own[name], "beside": beside})
    return tiles


def _yardstick(metric: str, n_classes: int) -> str:
    if metric == "balanced_accuracy" and n_classes:
        return f"chance {percent(1 / n_classes)}"
    return {"calibration_error": "0 is perfect", "r2": "the test mean has 0"}.get(metric, "")


def _comparison(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return the metrics that baselines have too, with the model's row first."""
    own, baselines = metrics.get("metrics", {}), metrics.get("baselines", {})
    names = [name for name in own if any(name in values for values in baselines.values())]
    return {
        "names": names,
        "rows": [("model", [own[name] for name in names])]
        + [(name, [values.get(key) for key in names]) for name, values in baselines.items()],
    }


def _confusion(metrics: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return one row per class that happened: counts, their shares of the row, and the class's scores."""
    per_class = metrics.get("per_class", {})
    return [
        {"name": name, "cells": [(count, count / max(sum(counts), 1)) for count in counts], "scores": scores}
        for (name, scores), counts in zip(per_class.items(), metrics.get("confusion_matrix", []), strict=False)
    ]


def _importance(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return the features from the most to the least important, with the places of their bars in percent."""
    features = sorted(report.get("features", []), key=lambda feature: -feature["mean"])
    low = min((min(feature["mean"] - feature["std"], 0.0) for feature in features), default=0.0)
    high = max((max(feature["mean"] + feature["std"], 0.0) for feature in features), default=0.0)
    width = (high - low) or 1.0

    def place(value: float) -> float:
        return 100.0 * (value - low) / width

    decimals = _decimals(max((abs(feature["mean"]) for feature in features), default=0.0))
    bars = [
        feature
        | {
            "figure": f"{feature['mean']:+{decimals}}",
            "spread": f"{feature['std']:{decimals}}",
            "left": place(min(feature["mean"], 0.0)),
            "right": place(max(feature["mean"], 0.0)),
            "low": place(feature["mean"] - feature["std"]),
            "high": place(feature["mean"] + feature["std"]),
        }
        for feature in features
    ]
    return {**report, "first": bars[:_SHOWN], "others": bars[_SHOWN:]}


def _contributions(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the groups with what they add, the largest drawn; empty where nothing was explained."""
    if not found.get("groups"):
        return {}
    ranks = ranks_in_words(np.array([group["ranks"] for group in found["groups"]]))
    decimals = _decimals(max(group["mean_absolute"] for group in found["groups"]))
    groups = [
        {
            **group,
            "rank": rank,
            "size": f"{group['mean_absolute']:{decimals}}",
            "deviation": f"{group['spread']:{decimals}}",
        }
        for group, rank in zip(found["groups"], ranks, strict=True)
    ]
    drawn = contribution_chart(groups[:_DRAWN], "prediction" if found["unit"] == "target" else found["unit"])
    return {**found, "groups": groups, "chart": drawn, "drawn": min(len(groups), _DRAWN)}


def _decimals(largest: float) -> str:
    """Return a format with three digits for the largest number, and as many decimals for all others."""
    wanted = 2 - floor(log10(largest)) if largest > 0 else 4
    return f".{max(wanted, 0)}f" if wanted <= 6 else ".2e"


def _timeline(parts: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the parts with their places in percent of the whole span; empty where a part's dates are not known."""
    if not parts or not all(part.get("first") and part.get("last") for part in parts.values()):
        return []
    spans = {name: (from_iso(part["first"]), from_iso(part["last"])) for name, part in parts.items()}
    begin = min(first for first, _ in spans.values())
    whole = max(max(last for _, last in spans.values()) - begin, 1)
    return [
        {
            "name": name,
            "left": 100.0 * (first - begin) / whole,
            "width": 100.0 * (last - first) / whole,
            "first": parts[name]["first"][:7],
            "last": parts[name]["last"][:7],
        }
        for name, (first, last) in spans.items()
    ]


def _features(manifest: Manifest) -> list[dict[str, str]]:
    sources = {entry.get("id"): feature_source(entry) for entry in manifest.feature_contract}
    return [{"id": name, "source": sources.get(name, "")} for name in manifest.resolved_features]
