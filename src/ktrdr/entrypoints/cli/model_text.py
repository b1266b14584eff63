"""Published models as text."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.inputs_text import inputs_text
from ktrdr.entrypoints.cli.members_text import members_text
from ktrdr.entrypoints.cli.render import section, table

if TYPE_CHECKING:
    from ktrdr.application.serving.wanted import LoadedModel
    from ktrdr.application.use_cases.list_models import ListedModel
    from ktrdr.application.use_cases.show_model import ShownModel
    from ktrdr.domain.artifacts.artifact import Artifact
    from ktrdr.domain.artifacts.manifest import Manifest
    from ktrdr.domain.artifacts.symbol_files import PooledSymbol

_SERIES = ("symbol", "timeframe", "rows", "first", "last", "source")
_PART = ("rows", "first", "last")


def list_text(models: Iterable[ListedModel]) -> str:
    """Return one line per version: the loss that decided its verdict, beside the best baseline's."""
    rows = [
        (
            model.stored.reference,
            "*" if model.stored.is_latest else "",
            _trained_on(model),
            model.created_at[:16].replace("T", " ") or "-",
            "cannot be read" if model.problem else _words(model.verdict.get("outcome")),
            _words(model.verdict.get("metric")),
            _value(model.verdict.get("loss")),
            _value(model.verdict.get("baseline_loss")),
        )
        for model in models
    ]
    judged = ("against the best baseline", "metric", "model's", "baseline's")
    header = ("model", "latest", "trained on", "published (UTC)", *judged)
    return table(header, rows) if rows else "no models yet"


def _trained_on(model: ListedModel) -> str:
    symbols = model.trained_on
    return f"{len(symbols)} symbols, {model.timeframe}" if len(symbols) > 1 else ", ".join(symbols) or "-"


def which_text(loaded: LoadedModel) -> str:
    """Return which model was chosen, why, whether it is to be trusted, and what was passed over."""
    manifest = loaded.artifact.manifest
    head = [("because", loaded.reason), ("chosen by bars up to", manifest.selected_until), ("path", loaded.location)]
    more = {"beware": loaded.doubts, "passed over": loaded.passed_over, "guessed": loaded.inferred}
    said = [section(title, [(line,) for line in lines]) for title, lines in more.items() if lines]
    return "\n\n".join([section(loaded.reference, head), *said])


def show_text(shown: ShownModel) -> str:
    """Return what a person wants to know of a model, section by section."""
    from ktrdr.domain.artifacts.artifact import METRICS

    artifact = shown.artifact
    manifest, report = artifact.manifest, artifact.document(METRICS)
    verdict = report.get("verdict")
    features = [(f"{place}", name) for place, name in enumerate(manifest.resolved_features, 1)]
    sections = [
        section(manifest.key.reference(manifest.version), [*_head(manifest), *_signed(shown.signatures)]),
        section("verdict", _verdict(verdict, report) if isinstance(verdict, Mapping) else []),
        section("metrics of the test rows", _flat(manifest.training_metrics)),
        *([members_text(report)] if report.get("members") else []),
        section("has seen", _spans(manifest)),
        *_symbols(artifact),
        section(f"features, in order ({len(features)})", features),
        *inputs_text(manifest.indicators, manifest.strategy.get("context_data")),
        *_learned(manifest),
        section("data", [[_value(entry.get(name)) for name in _SERIES] for entry in manifest.data]),
        *_quality(manifest),
        section("split", _parts(manifest.split)),
        section("settings", _settings(manifest.settings)),
        section("libraries", _flat(manifest.libraries)),
    ]
    return "\n\n".join(sections)


def _verdict(verdict: Mapping[str, Any], report: Mapping[str, Any]) -> list[tuple[str]]:
    """Return the verdict, what its test rows could not show, which older models do not say, and another loss's."""
    limits = verdict.get("detectable")
    said = [limits.get("sentence")] if isinstance(limits, Mapping) else []
    beside = report.get("beside")
    said += [beside.get("sentence")] if isinstance(beside, Mapping) else []
    return [(_value(line),) for line in (verdict.get("sentence"), *said)]


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


def _signed(keys: Sequence[str]) -> list[tuple[str, str]]:
    said = f"with key {', '.join(keys)}; not verified here (models verify --key)"
    return [("signed", said)] if keys else []


def _symbols(artifact: Artifact) -> list[str]:
    """Return a table of the symbols of a universal model: what they are, and how many rows it has of each."""
    from ktrdr.domain.artifacts.symbol_configs import read_configs
    from ktrdr.domain.artifacts.symbol_files import read_symbols

    symbols, configs = read_symbols(artifact), read_configs(artifact)
    if not symbols:
        return []
    header = (
        "symbol",
        "asset class",
        "volatility",
        "liquidity",
        "first",
        "last",
        "train",
        "validation",
        "test",
        "own settings",
    )
    rows = [_symbol(name, one, configs.get(name, {})) for name, one in symbols.items()]
    lines = "\n".join(f"  {line}" for line in table(header, rows).split("\n"))
    return [f"symbols ({len(rows)})\n{lines}"]


def _symbol(name: str, one: PooledSymbol, config: Mapping[str, Any]) -> tuple[str, ...]:
    profile = one.profile
    facts: tuple[str | float | None, ...] = (None,) * 4
    if profile is not None:
        facts = profile.volatility, profile.liquidity_tier, profile.first[:10], profile.last[:10]
    rows = (f"{one.rows[part]:,}" for part in ("train", "validation", "test"))
    asset_class = _value(one.characteristics.get("asset_class"))
    return (name, asset_class, *map(_value, facts), *rows, ", ".join(config.get("overrides", ())) or "-")


def _quality(manifest: Manifest) -> list[str]:
    """Return a section of the verdict on the bars, where the model has one."""
    quality = manifest.quality
    if quality is None:
        return []
    accepted = [("accepted because", _value(quality["accepted"]))] if "accepted" in quality else []
    found = quality.get("findings")
    rows = [
        (_value(item.get("rule")), f"{_value(item.get('series'))}: {_value(item.get('sentence'))}")
        for item in (found if isinstance(found, list) else [])
        if isinstance(item, Mapping)
    ]
    return [section("data quality", [("verdict", _value(quality.get("verdict"))), *accepted, *rows])]


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
