"""Fills the reference pages from the catalogue while mkdocs builds them; nothing that it makes is written to disk.

A page says ``<!-- generated: indicators -->`` where a table shall stand; ``mkdocs.yml`` names this file as a hook.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES, FeatureCatalogue
from ktrdr.domain.catalogue.indicators import INDICATORS, IndicatorSpec
from ktrdr.domain.catalogue.labels import LABELS, LabelSpec
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS, SHORTHAND
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import (
    COMBINATION,
    EARLY_STOPPING,
    LEARNING_TO_LEARN,
    LOSSES,
    METRICS,
    SCHEDULER,
    SETTINGS,
    SPLIT,
)
from ktrdr.domain.catalogue.values import bounds
from ktrdr.domain.market.quality.rule import Rule
from ktrdr.domain.market.quality.table import RULES
from ktrdr.domain.strategy.reading.context_data import ALIGNMENT, PROVIDER
from ktrdr.domain.strategy.reading.decisions import COSTS, POSITION, SEPARATION, THRESHOLD, VOLUME_FILTER
from ktrdr.domain.strategy.reading.fuzzy_sets import LEARNABLE
from ktrdr.domain.strategy.reading.inputs import NORMALIZATION
from ktrdr.domain.strategy.reading.members import MEMBER_PARAMETERS
from ktrdr.domain.strategy.reading.model import FEATURE_PARAMETERS, PRICE_CONTEXT, VOLUME_CONTEXT
from ktrdr.domain.strategy.reading.training_data import (
    EXTENDED_HOURS,
    HISTORY_REQUIRED,
    MAX_SYMBOLS,
    POOL_ALIGNMENT,
    TIMEFRAME_SOURCE,
)
from ktrdr.entrypoints.settings import Settings

_BRACES = re.compile(r"\{[^}]*\}")
_PLACE = re.compile(r"<!-- generated: ([a-z_]+) -->")
_KINDS = {"int": "integer", "float": "number", "str": "text", "bool": "true or false", "ints": "list of integers"}


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Return a page with its generated parts in place; mkdocs calls this for every page."""
    return _PLACE.sub(lambda match: GENERATED[match[1]](), markdown)


def table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return a Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def parameters(items: Iterable[Parameter]) -> str:
    """Return a table of parameters with default, what is allowed, and meaning."""
    rows = [(_names(item), _default(item), _allowed(item), prose(item.description)) for item in items]
    return table(["key", "default", "allowed", "meaning"], rows) if rows else "No parameters."


def code(value: object) -> str:
    """Return a value as a strategy file would spell it."""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def prose(text: str) -> str:
    """Return a text as Markdown; what stands in braces is code, not an attribute."""
    return _BRACES.sub(r"`\g<0>`", text)


def _names(item: Parameter) -> str:
    also = f" (or {', '.join(map(code, item.aliases))})" if item.aliases else ""
    return code(item.name) + also


def _default(item: Parameter) -> str:
    if item.default is None:
        return "required" if item.required else "none"
    return code(item.default)


def _allowed(item: Parameter) -> str:
    if item.choices:
        return ", ".join(map(code, item.choices))
    if item.kind == "model":
        return f"{', '.join(map(code, item.models))}, or `{{type: ...}}` with keys of it"
    if item.kind in {"str", "bool"}:
        return _KINDS[item.kind]
    if item.kind == "threshold":
        return f"number, or `{{atr: multiple}}`, {bounds(item)}"
    limits = "" if item.low is None and item.high is None else f", {bounds(item)}"
    return f"{_KINDS[item.kind]}{limits}"


def indicators() -> str:
    """Return an overview of all indicators by category with their measured facts, then one section each."""
    specs = list(INDICATORS.values())
    outputs = sum(len(spec.outputs) or 1 for spec in specs)
    parts = [f"{len(specs)} types with {outputs} outputs."]
    header = ["type", "parameters", "outputs, primary first", "scale", "ratios", "first value", "settled after"]
    for category in dict.fromkeys(spec.category for spec in specs):
        own = [spec for spec in specs if spec.category == category]
        parts.append(f"## {category.capitalize()} {{#{category}}}\n\n{table(header, map(_indicator_row, own))}")
        parts += [_indicator_section(spec) for spec in own]
    return "\n\n".join(parts)


def _indicator_row(spec: IndicatorSpec) -> list[str]:
    defaults = {item.name: item.default for item in spec.parameters}
    settled = spec.settled_bars(defaults)
    return [
        f"[`{spec.name}`](#type-{spec.name})",
        ", ".join(f"{name} {value}" for name, value in defaults.items()) or "none",
        ", ".join(map(code, spec.outputs)) or "single",
        spec.scale,
        "of prices" if spec.ratios else "no",
        f"bar {spec.first_value(defaults)}",
        "never: cumulative" if spec.cumulative else f"bar {settled}",
    ]


def _indicator_section(spec: IndicatorSpec) -> str:
    also = f"Also written {', '.join(map(code, spec.aliases))}. " if spec.aliases else ""
    reads = f"Reads {', '.join(map(code, spec.inputs))}."
    said = f"{prose(spec.description)}\n\n{also}{reads} Reference: {spec.reference.rstrip('.')}."
    return f"### {spec.name} {{#type-{spec.name}}}\n\n{said}\n\n{parameters(spec.parameters)}"


def catalogues() -> str:
    """Return one section per feature catalogue: its columns in order."""
    return "\n\n".join(_catalogue_section(item) for item in CATALOGUES.values())


def _catalogue_section(item: FeatureCatalogue) -> str:
    rows = []
    for number, column in enumerate(item.columns, 1):
        spec = INDICATORS[column.indicator]
        given = ", ".join(f"{name} {value}" for name, value in column.parameters.items())
        link = f"[`{spec.name}`](indicators.md#type-{spec.name})"
        rows.append((number, code(column.name), spec.category, link, column.output or "single", given or "none"))
    header = ["no.", "column", "category", "indicator", "output", "parameters"]
    said = prose(item.description[0].upper() + item.description[1:])
    return f"## {item.name}\n\n{said}\n\n{len(item.columns)} columns.\n\n{table(header, rows)}"


def memberships() -> str:
    """Return all membership functions and their short forms."""
    short = {name: f"a bare list of {count}" for count, name in SHORTHAND.items()}
    rows = [
        (code(spec.name), f"`[{', '.join(spec.parameters)}]`", short.get(spec.name, ""), spec.description)
        for spec in MEMBERSHIPS.values()
    ]
    return table(["type", "parameters", "short form", "value"], rows)


def labels() -> str:
    """Return one section per label source and method."""
    return "\n\n".join(_label_section(spec) for specs in LABELS.values() for spec in specs)


def _label_section(spec: LabelSpec) -> str:
    title = f"{spec.source}, method {spec.method}" if spec.method else spec.source
    defaults = {item.name: item.default for item in spec.parameters}
    reach = spec.horizon(defaults)
    span = f"A label looks at most {reach} bars ahead by default." if reach else "Spans have no upper bound."
    reference = f" Reference: {spec.reference.rstrip('.')}." if spec.reference else ""
    meaning = prose(spec.description[0].upper() + spec.description[1:])
    ignored = "".join(f"\n\n`{key}` {reason}." for key, reason in spec.without_effect.items())
    listed = parameters(item for item in spec.parameters if item.name != "method")
    ratios = " By default it takes ratios of prices, which must be above 0." if spec.ratios(defaults) else ""
    lasts = " Its classes last: [episodes](#episodes) are counted." if spec.lasts else ""
    return (
        f"## {title}\n\n{meaning}\n\n{span}{ratios}{lasts}{reference}\n\n{_target(spec, defaults)}\n\n{listed}{ignored}"
    )


def _target(spec: LabelSpec, defaults: Mapping[str, Any]) -> str:
    classes, actions = spec.outcomes_of(defaults)
    if not classes:
        trade = "it asks for no trade" if actions == ("none",) else "its sign is what it asks for"
        return f"A number ({spec.unit}); {trade}."
    rows = [(number, name, action) for number, (name, action) in enumerate(zip(classes, actions, strict=True))]
    note = " By default:" if spec.outcomes else ""
    return f"Classes and what each asks for.{note}\n\n{table(['number', 'class', 'action'], rows)}"


def models() -> str:
    """Return one section per model type, with its architecture."""
    return "\n\n".join(_model_section(spec) for spec in MODEL_TYPES.values())


def _model_section(spec: ModelType) -> str:
    also = f" Also written {', '.join(map(code, spec.aliases))}." if spec.aliases else ""
    ignored = "".join(f"\n\n`{key}` {reason}." for key, reason in spec.ignored.items())
    said = f"{spec.description}{also} {_sample(spec)}\n\n{_abilities(spec)}"
    return f"## {spec.name}\n\n{said}\n\n{parameters(spec.parameters)}{ignored}"


def _sample(spec: ModelType) -> str:
    if spec.of_members:
        return f"It reads what its members read; its own parameters stand in {code(f'model.{spec.section}')}."
    window = spec.window(spec.example)
    return "A sample is one row." if window is None else f"A sample is a window of {code(window.parameter)} rows."


def _abilities(spec: ModelType) -> str:
    does = {"tunes learnable fuzzy sets": spec.learns_sets, "can begin with given weights": spec.can_begin}
    does["forecasts several steps at once"] = spec.forecasts_steps
    facts = [f"fits {' and '.join(spec.losses)}", *(name for name, is_able in does.items() if is_able)]
    facts += [f"fits labels of {' and '.join(map(code, spec.labels))} alone"] if spec.labels else []
    facts += ["reads the returns of the base bars" + ("" if spec.reads_inputs else " and needs no `nn_inputs`")] * (
        spec.reads_returns
    )
    facts += [f"needs the extra {code(spec.extra)}"] if spec.extra else []
    changed = [item for item in spec.settings if item not in SETTINGS]
    own = f" Its own settings of `training`:\n\n{parameters(changed)}" if changed else ""
    return f"It {', '.join(facts)}.{own}"


_MORE_METRICS = {
    f"labels of {spec.source}": (*METRICS[spec.kind], *spec.metrics)
    for specs in LABELS.values()
    for spec in specs
    if spec.metrics
}


def by_kind(allowed: Mapping[str, Sequence[str]]) -> str:
    """Return what each kind of target allows, the default first."""
    return table(["target", "allowed"], [(kind, ", ".join(map(code, names))) for kind, names in allowed.items()])


def program_settings() -> str:
    """Return the settings of the program with their variables."""
    rows = [
        (code(item.name), code(f"KTRDR_{item.name.upper()}"), "not set" if item.default is None else code(item.default))
        for item in fields(Settings)
        if item.default is not MISSING
    ]
    rows.append((code("quality"), "none", "[the table of rules](../explanation/data-quality.md#rules)"))
    return table(["key in `ktrdr.toml`", "variable", "default"], rows)


def quality_rules() -> str:
    """Return the rules of data quality: what each finds, its limit, and what to do."""
    rows = [
        (code(rule.id), rule.scope, rule.severity, _first_sentence(rule.find), _limit(rule), rule.advice)
        for rule in RULES.values()
    ]
    return table(["rule", "looks at", "severity", "what it does", "limit", "what to do"], rows)


def _first_sentence(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").partition("\n")[0].rstrip(".")


def _limit(rule: Rule) -> str:
    return f"{rule.limit:g}: {rule.means}" if rule.means else "none"


GENERATED: Mapping[str, Callable[[], str]] = {
    "indicators": indicators,
    "memberships": memberships,
    "labels": labels,
    "catalogues": catalogues,
    "models": models,
    "members": lambda: parameters(MEMBER_PARAMETERS),
    "model_features": lambda: parameters(FEATURE_PARAMETERS),
    "price_context": lambda: parameters(PRICE_CONTEXT),
    "volume_context": lambda: parameters(VOLUME_CONTEXT),
    "training": lambda: parameters(SETTINGS),
    "combination": lambda: parameters((COMBINATION,)),
    "reptile": lambda: parameters(LEARNING_TO_LEARN),
    "early_stopping": lambda: parameters(EARLY_STOPPING),
    "lr_scheduler": lambda: parameters(SCHEDULER),
    "data_split": lambda: parameters(SPLIT),
    "decisions": lambda: parameters((THRESHOLD, *POSITION)),
    "decision_filters": lambda: parameters((SEPARATION, VOLUME_FILTER)),
    "cost_model": lambda: parameters(COSTS),
    "learnable": lambda: parameters((LEARNABLE,)),
    "context_data": lambda: parameters((PROVIDER, ALIGNMENT)),
    "selection_criteria": lambda: parameters((MAX_SYMBOLS,)),
    "training_data": lambda: parameters((HISTORY_REQUIRED, EXTENDED_HOURS, POOL_ALIGNMENT)),
    "timeframe_source": lambda: parameters((TIMEFRAME_SOURCE,)),
    "normalization": lambda: parameters((NORMALIZATION,)),
    "losses": lambda: by_kind(LOSSES),
    "metrics": lambda: by_kind(METRICS | _MORE_METRICS),
    "program_settings": program_settings,
    "quality_rules": quality_rules,
}
"""What a placeholder is replaced with."""
