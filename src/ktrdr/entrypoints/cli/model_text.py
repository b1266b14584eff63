"""Published models as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.render import section, table

if TYPE_CHECKING:
    from ktrdr.application.use_cases.list_models import ListedModel
    from ktrdr.domain.artifacts.manifest import Manifest

_SERIES = ("symbol", "timeframe", "rows", "first", "last", "source")
_PART = ("rows", "first", "last")


def list_text(models: Iterable[ListedModel]) -> str:
    """Return one line per version: the loss that decided its verdict, beside the best baseline's."""
    rows = [
        (
            model.stored.reference,
            "*" if model.stored.is_latest else "",
            model.created_at[:16].replace("T", " ") or "-",
            "cannot be read" if model.problem else _words(model.verdict.get("outcome")),
            _words(model.verdict.get("metric")),
            _value(model.verdict.get("loss")),
            _value(model.verdict.get("baseline_loss")),
        )
        for model in models
    ]
    header = ("model", "latest", "published (UTC)", "against the best baseline", "metric", "model's", "baseline's")
    return table(header, rows) if rows else "no models yet"


def show_text(manifest: Manifest, report: Mapping[str, Any]) -> str:
    """Return what a person wants to know of a model, section by section."""
    verdict = report.get("verdict")
    features = [(f"{place}", name) for place, name in enumerate(manifest.resolved_features, 1)]
    sections = [
        section(manifest.key.reference(manifest.version), _head(manifest)),
        section("verdict", [(_value(verdict.get("sentence")),)] if isinstance(verdict, Mapping) else []),
        section("metrics of the test rows", _flat(manifest.training_metrics)),
        section("has seen", _spans(manifest)),
        section(f"features, in order ({len(features)})", features),
        *_learned(manifest),
        section("data", [[_value(entry.get(name)) for name in _SERIES] for entry in manifest.data]),
        section("split", _parts(manifest.split)),
        section("settings", _settings(manifest.settings)),
        section("libraries", _flat(manifest.libraries)),
    ]
    return "\n\n".join(sections)


def _head(manifest: Manifest) -> list[tuple[str, str]]:
    return [
        ("published", manifest.created_at),
        ("strategy", f"{manifest.strategy_name} (version {manifest.strategy_version})"),
        ("model", str(manifest.model.get("type"))),
        ("predicts", ", ".join(map(str, manifest.target.get("classes") or [manifest.target.get("kind")]))),
        ("trained on", f"{', '.join(manifest.training_symbols)}; {', '.join(manifest.training_timeframes)}"),
        ("seed", str(manifest.seed)),
        ("contract hash", manifest.contract_hash),
    ]


def _learned(manifest: Manifest) -> list[str]:
    """Return a section of the fuzzy sets that were learned, where there are any."""
    from ktrdr.domain.artifacts.model_facts import learned_sets

    rows = [
        (item["set"], item["membership"], item["type"], _value(item["written"]), "->", _value(item["tuned"]))
        for item in learned_sets(manifest)
    ]
    return [section("fuzzy sets, written -> tuned", rows)] if rows else []


def _spans(manifest: Manifest) -> list[tuple[str, str]]:
    return [
        ("weights, until", manifest.fitted_until),
        ("choice of epoch, until", manifest.selected_until),
        ("verdict, until", manifest.judged_until),
    ]


def _settings(settings: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    return [
        (name, _value(item.get("value")), _value(item.get("origin")))
        if isinstance(item, Mapping)
        else (name, _value(item), "")
        for name, item in settings.items()
    ]


def _parts(split: Mapping[str, Any]) -> list[list[str]]:
    parts = split.get("parts")
    named = parts.items() if isinstance(parts, Mapping) else ()
    return [[name, *(_value(part.get(fact)) for fact in _PART)] for name, part in named if isinstance(part, Mapping)]


def _flat(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(_words(name), _value(value)) for name, value in values.items()]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    return "-" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def _words(value: Any) -> str:
    return _value(value).replace("_", " ")
