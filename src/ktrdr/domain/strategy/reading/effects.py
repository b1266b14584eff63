"""What a document says without effect: settings that another one switches off, and definitions that nothing uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ktrdr.domain.catalogue.labels import LabelSpec, find_label
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import CHUNK, EARLY_STOPPING, EVERY, LOSS_AT, SCHEDULER, SETTINGS
from ktrdr.domain.market.context_source import source_named
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.members import of_member
from ktrdr.domain.strategy.reading.decisions import COSTS, POSITION, SEPARATION, THRESHOLD, VOLUME_FILTER
from ktrdr.domain.strategy.reading.sections import Findings


@dataclass(frozen=True, slots=True)
class _Rule:
    """A setting that counts only where `applies`; as `off` it asks for nothing, so that nothing is lost."""

    section: str
    name: str
    default: Any
    applies: Callable[[Strategy], bool]
    reason: str
    off: Any = None

    @property
    def path(self) -> str:
        return f"{self.section}.{self.name}".removeprefix(".")


def _classifies(strategy: Strategy) -> bool:
    return strategy.decisions.output_format == "classification"


def _default(parameters: tuple[Parameter, ...], name: str) -> Any:
    return next(item.default for item in parameters if item.name == name)


_SCHEDULES = {
    "step_size": ("step",),
    "gamma": ("step", "exponential"),
    "factor": ("reduce_on_plateau",),
    "patience": ("reduce_on_plateau",),
    "min_lr": ("step", "exponential", "reduce_on_plateau", "cosine"),
}
"""Which schedules read which parameter."""


def _schedule_rule(name: str, kinds: tuple[str, ...]) -> _Rule:
    reason = f"has no effect on this schedule; it belongs to {', '.join(kinds)}"
    return _Rule(
        "training.lr_scheduler",
        name,
        _default(SCHEDULER, name),
        lambda strategy: strategy.training.get("lr_scheduler.type") in kinds,
        reason,
        off=0 if name == "min_lr" else None,
    )


def _stopping_rule(name: str) -> _Rule:
    return _Rule(
        "training.early_stopping",
        name,
        _default(EARLY_STOPPING, name),
        lambda strategy: bool(strategy.training.get("early_stopping.enabled")),
        "has no effect with enabled: false",
    )


_TRADING = {
    "decisions": (THRESHOLD, *POSITION),
    "decisions.filters": (SEPARATION, VOLUME_FILTER),
    "decisions.cost_model": COSTS,
}
"""What decides when to trade."""


def _trading_rule(section: str, parameter: Parameter) -> _Rule:
    off = 0 if parameter.kind in {"int", "float"} else None
    reason = "has no effect: these labels ask for no trade"
    return _Rule(section, parameter.name, parameter.default, _trades, reason, off)


def _idle_parameters(strategy: Strategy) -> list[_Rule]:
    """Return a rule for each part of the architecture that changes nothing beside the others."""
    model = MODEL_TYPES[strategy.model.type]
    idle = model.idle(strategy.model.architecture)
    return [
        _Rule(
            f"model.{model.section}",
            item.name,
            item.default,
            lambda _: False,
            idle[item.name],
            off=None if item.kind == "str" else 0,
        )
        for item in model.parameters
        if item.name in idle
    ]


def _trades(strategy: Strategy) -> bool:
    return set(_labels(strategy).actions) != {"none"}


def _labels(strategy: Strategy) -> LabelSpec:
    return find_label(strategy.labels.source, strategy.labels.parameters.get("method"))


_OF_VALUES = (
    _Rule(
        "decisions",
        "confidence_threshold",
        0.5,
        lambda strategy: _classifies(strategy) or not _trades(strategy),
        "has no effect on a regression, which has no probabilities; cost_model decides",
    ),
    _Rule(
        "training",
        "class_weights",
        "none",
        _classifies,
        "has no effect on a regression, which has no classes",
        off="none",
    ),
    _Rule(
        "training",
        "focal_gamma",
        _default(SETTINGS, "focal_gamma"),
        lambda strategy: strategy.training.get("loss") == "focal",
        "has no effect without loss: focal",
    ),
    _Rule(
        "training",
        "huber_delta",
        _default(SETTINGS, "huber_delta"),
        lambda strategy: strategy.training.get("loss") == "huber",
        "has no effect without loss: huber",
    ),
    _Rule(
        "training",
        CHUNK.name,
        CHUNK.default,
        lambda strategy: strategy.training.get(LOSS_AT.name) == EVERY,
        f"has no effect without {LOSS_AT.name}: {EVERY}",
    ),
    _Rule(
        "model.features",
        "scaling_method",
        None,
        lambda strategy: strategy.model.scaling != "none",
        "has no effect without scale_features: true",
    ),
    _Rule(
        "",
        "scope",
        None,
        lambda strategy: len(strategy.training_data.symbols.symbols) != 1,
        "has no effect on one symbol: it says how several are trained",
    ),
    _Rule(
        "decisions.cost_model",
        "min_edge_multiplier",
        _default(COSTS, "min_edge_multiplier"),
        lambda strategy: _classifies(strategy) or strategy.decisions.round_trip_cost > 0,
        "has no effect: round_trip_cost is 0",
    ),
    _Rule(
        "decisions.cost_model",
        "round_trip_cost",
        _default(COSTS, "round_trip_cost"),
        lambda strategy: _classifies(strategy) or strategy.decisions.min_edge_multiplier > 0,
        "has no effect: min_edge_multiplier is 0",
        off=0,
    ),
)
_OF_SECTIONS = (
    *(_trading_rule(section, item) for section, parameters in _TRADING.items() for item in parameters),
    *(_schedule_rule(name, kinds) for name, kinds in _SCHEDULES.items()),
    *(_stopping_rule(name) for name in ("patience", "min_delta", "monitor")),
)


def _rules(strategy: Strategy) -> tuple[_Rule, ...]:
    return (*_OF_VALUES, *_idle_parameters(strategy), *_OF_SECTIONS)


def warn_without_effect(document: Mapping[str, Any], strategy: Strategy, findings: Findings) -> None:
    """Warn about settings that are written, ask for something, and change nothing here; and unused names."""
    for path, reason in _idle(document, strategy):
        findings.warning(path, reason)
    for member, (path, entry) in zip(strategy.model.members, _entries(document, strategy), strict=False):
        own = {"model": {"architecture": entry.get("architecture")}, "training": entry.get("training")}
        for idle, reason in _idle(own, of_member(strategy, member)):
            findings.warning(f"{path}.{idle.removeprefix('model.')}", reason)
    _warn_unused(strategy, findings)


def _idle(document: Mapping[str, Any], strategy: Strategy) -> Iterator[tuple[str, str]]:
    """Yield path and reason of what is written, asks for something, and changes nothing."""
    for rule in _rules(strategy):
        if rule.section.startswith("training") and strategy.model.members:
            continue  # of what members share, some may have an effect
        for path in [rule.path, *([f"model.{rule.path}"] if rule.section.startswith("training") else [])]:
            written = _lookup(document, path)
            if written is not None and written != rule.off and not rule.applies(strategy):
                yield path, rule.reason


def _entries(document: Mapping[str, Any], strategy: Strategy) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the members as they are written, each with its path."""
    written = document["model"]["members"] if strategy.model.members else []
    if isinstance(written, Mapping):
        return [(f"model.members.{name}", entry) for name, entry in written.items()]
    return [(f"model.members[{place}]", entry) for place, entry in enumerate(written)]


def idle_defaults(strategy: Strategy) -> dict[str, Any]:
    """Return the settings that a document leaves out at their defaults, by path: what is idle, and what is silent."""
    idle = {rule.path: rule.default for rule in _rules(strategy) if not rule.applies(strategy)}
    model, labels = MODEL_TYPES[strategy.model.type], _labels(strategy)
    idle |= {f"training.{item.name}": item.default for item in model.all_settings if item.silent}
    idle |= {f"model.architecture.{item.name}": item.default for item in model.parameters if item.silent}
    unread = [item for item in labels.parameters if item.name in labels.without_effect]
    return idle | {f"training.labels.{item.name}": item.default for item in unread}


def _warn_unused(strategy: Strategy, findings: Findings) -> None:
    used = {item.reference.indicator for item in strategy.fuzzy_sets.values()}
    used |= {entry.reference.indicator for entry in strategy.nn_inputs if entry.reference is not None}
    for name in strategy.indicators:
        if name not in used:
            findings.warning(f"indicators.{name}", "is used by no fuzzy set and no input")
    fed = {entry.name for entry in strategy.nn_inputs if entry.kind == "fuzzy_set"}
    for name in strategy.fuzzy_sets:
        if name not in fed:
            findings.warning(f"fuzzy_sets.{name}", "is used by no input")
    named = {item.data_source for item in strategy.indicators.values() if item.data_source is not None}
    sources = [source_named(strategy.context_data, name) for name in named]
    read = named | {part.id for source in sources for part in source.made_of}
    for index, source in enumerate(strategy.context_data):
        if source.id not in read:
            findings.warning(f"context_data[{index}]", f"{source.id!r} is read by no indicator")


def _lookup(document: Any, path: str) -> Any:
    for name in path.split("."):
        document = document.get(name) if isinstance(document, Mapping) else None
    return document
