"""Reading ``model``: type, architecture, and the features besides ``nn_inputs``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.models import MODEL_TYPES, allowed_types, find_model_type
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.parameters import Parameter, period
from ktrdr.domain.errors import shown
from ktrdr.domain.strategy.document import ContextFeatures, FuzzySet, Model
from ktrdr.domain.strategy.reading.sections import Findings, Section

_PRICE = Parameter("include_price_context", "bool", False, description="returns and distance from a moving average")
_VOLUME = Parameter("include_volume_context", "bool", False, description="volume against its own past")
_TIME = Parameter("include_time_context", "bool", False, description="hour, weekday, market open, share of session")
_SESSION = Parameter(
    "include_session_context", "bool", False, description="time since the open and to the close, and who else trades"
)
_SYMBOL = Parameter("include_symbol_context", "bool", False, description="asset class and volatility rank")
_LOOKBACK = Parameter("lookback_periods", "int", 1, low=1, high=1000, description="rows fed, this one included")
_SCALE = Parameter("scale_features", "bool", False, description="scale every feature, fitted on train rows")
_METHOD = Parameter(
    "scaling_method", "str", "zscore", choices=("zscore", "standard", "minmax", "robust"), description="how to scale"
)
PRICE_CONTEXT = (
    Parameter("returns", "ints", [1, 5], low=1, high=10_000, description="bars over which returns are taken"),
    period(20, "ma", low=2),
)
VOLUME_CONTEXT = (period(20, low=2),)
FEATURE_PARAMETERS = (_PRICE, _VOLUME, _TIME, _SESSION, _SYMBOL, _LOOKBACK, _SCALE, _METHOD)


def read_model(parent: Section, findings: Findings) -> Model:
    """Return the model section; ``model.training`` is read with ``training``."""
    if "model" not in parent:
        findings.error("model", f"is required, with at least type: {next(iter(MODEL_TYPES))}")
    section = parent.section("model")
    section.know("training")
    kind = section.text("type", required="model" in parent)
    spec = find_model_type(kind) if kind else None
    if kind and spec is None:
        findings.error(section.at("type"), f"model type {kind!r} is not known; {allowed_types(kind)}")
    findings.setting(section.at("type"), spec.name if spec else kind, section.origin("type"))
    architecture: dict[str, Any] = {}
    if spec is None:
        section.know("architecture")
    else:
        nested = section.section("architecture")
        architecture = nested.read_all(spec.parameters)
        if spec.ignored:
            _mention_ignored(nested, spec.ignored)
        nested.refuse_foreign(spec, "architecture")
        nested.warn_unknown()
        _check_architecture(nested, spec, architecture)
    features = section.section("features")
    context, lookback, scaling = _read_features(features, findings)
    section.warn_unknown()
    if spec is not None and not spec.reads_inputs and (context, lookback, scaling) != (ContextFeatures(), 1, "none"):
        findings.warning(features.path, f"has no effect: {spec.name} reads the returns of the bars alone")
        context, lookback, scaling = ContextFeatures(), 1, "none"
    return Model(spec.name if spec else next(iter(MODEL_TYPES)), architecture, context, lookback, scaling)


def refuse_learnable(fuzzy_sets: Mapping[str, FuzzySet], model: Model, findings: Findings) -> None:
    """Refuse learnable fuzzy sets before a model that cannot tune them."""
    if MODEL_TYPES[model.type].learns_sets:
        return
    able = ", ".join(item.name for item in MODEL_TYPES.values() if item.learns_sets)
    for name, item in fuzzy_sets.items():
        if item.learnable:
            message = f"{model.type} does not tune fuzzy sets; types that do: {able}"
            findings.error(f"fuzzy_sets.{name}.learnable", message)


def refuse_unfit(model: Model, training: Mapping[str, Any], findings: Findings) -> None:
    """Refuse settings of ``training`` that the model's architecture cannot be fitted by."""
    if findings.refused_within("model.architecture"):
        return
    wrong = MODEL_TYPES[model.type].unfit(model.architecture, training)
    if wrong is not None:
        findings.error(f"training.{wrong[0]}", wrong[1])


def _check_architecture(section: Section, spec: ModelType, architecture: Mapping[str, Any]) -> None:
    contradiction = None if section.findings.refused_within(section.path) else spec.check(architecture)
    if contradiction is not None:
        name, message = contradiction
        section.findings.error(section.at(name), section.with_defaults(message, spec.parameters, name))


def _mention_ignored(section: Section, ignored: Mapping[str, str]) -> None:
    for name, reason in ignored.items():
        if section.get(name) is not None:
            section.findings.warning(section.at(name), reason)


def _read_features(section: Section, findings: Findings) -> tuple[ContextFeatures, int, Any]:
    values = section.read_all(FEATURE_PARAMETERS)
    contexts: dict[str, dict[str, Any] | None] = {}
    for name, parameters in (("price", PRICE_CONTEXT), ("volume", VOLUME_CONTEXT)):
        nested = section.section(f"{name}_context")
        wanted = values[f"include_{name}_context"]
        if nested.values and not wanted:
            findings.warning(nested.path, f"has no effect without include_{name}_context: true")
        contexts[name] = nested.read_all(parameters) if wanted else None
        if wanted:
            nested.warn_unknown()
    returns = (contexts["price"] or {}).get("returns", [])
    if len(set(returns)) < len(returns):
        findings.error(section.at("price_context.returns"), f"lists a number of bars twice: {shown(returns)}")
        contexts["price"] = None
    section.warn_unknown()
    method = "zscore" if values["scaling_method"] == "standard" else values["scaling_method"]
    context = ContextFeatures(
        contexts["price"],
        contexts["volume"],
        values["include_time_context"],
        values["include_symbol_context"],
        values["include_session_context"],
    )
    return context, values["lookback_periods"], method if values["scale_features"] else "none"
