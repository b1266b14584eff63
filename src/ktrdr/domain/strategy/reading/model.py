"""Reading ``model``: type, architecture, and the features besides ``nn_inputs``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.models import MODEL_TYPES, allowed_types, find_model_type
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.parameters import Parameter, period
from ktrdr.domain.errors import shown
from ktrdr.domain.strategy.document import ContextFeatures, FuzzySet, Model
from ktrdr.domain.strategy.reading.architecture import read_architecture
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
_PARTS = ("architecture", "combine", "members")
FEATURE_PARAMETERS = (_PRICE, _VOLUME, _TIME, _SESSION, _SYMBOL, _LOOKBACK, _SCALE, _METHOD)


def read_model(parent: Section, findings: Findings) -> Model:
    """Return the model section but for members; ``model.training`` is read with ``training``."""
    if "model" not in parent:
        findings.error("model", f"is required, with at least type: {next(iter(MODEL_TYPES))}")
    section = parent.section("model")
    section.know("training")
    kind = section.text("type", required="model" in parent)
    spec = find_model_type(kind) if kind else None
    if kind and spec is None:
        findings.error(section.at("type"), f"model type {kind!r} is not known; {allowed_types(kind)}")
    findings.setting(section.at("type"), spec.name if spec else kind, section.origin("type"))
    section.know(*_PARTS)
    if spec is not None:
        _refuse_parts(section, spec)
    architecture = {} if spec is None else read_architecture(section, spec)
    context, lookback, scaling = _read_features(section.section("features"), findings)
    section.warn_unknown()
    if spec is None:
        return Model(next(iter(MODEL_TYPES)), {}, context, lookback, scaling)
    if not spec.reads_inputs and (context, lookback, scaling) != (ContextFeatures(), 1, "none"):
        findings.warning(section.at("features"), f"has no effect: {spec.name} reads the returns of the bars alone")
        context, lookback, scaling = ContextFeatures(), 1, "none"
    return Model(spec.name, architecture, context, lookback, scaling)


def _refuse_parts(section: Section, spec: ModelType) -> None:
    """Refuse parts of a model that its type has not."""
    own = {spec.section, *(("members",) if spec.of_members else ())}
    for name in _PARTS:
        if name not in own and section.get(name) is not None:
            others = [
                item.name for item in MODEL_TYPES.values() if name in (item.section, item.of_members and "members")
            ]
            message = f"is no key of model type {spec.name}, which has {', '.join(sorted(own))}; it belongs to"
            section.findings.error(section.at(name), f"{message} {', '.join(others)}")


def refuse_learnable(fuzzy_sets: Mapping[str, FuzzySet], model: Model, findings: Findings) -> None:
    """Refuse learnable fuzzy sets before a model that cannot tune them."""
    if MODEL_TYPES[model.type].learns_sets:
        return
    able = ", ".join(item.name for item in MODEL_TYPES.values() if item.learns_sets)
    for name, item in fuzzy_sets.items():
        if item.learnable:
            message = f"{model.type} does not tune fuzzy sets; types that do: {able}"
            findings.error(f"fuzzy_sets.{name}.learnable", message)


def refuse_unfit(
    kind: str, architecture: Mapping[str, Any], training: Mapping[str, Any], findings: Findings, at: str = ""
) -> None:
    """Refuse settings that a model's architecture cannot be fitted by.

    Parameters
    ----------
    kind : str
        Model type.
    architecture, training : mapping
    findings : Findings
    at : str
        Path of the member that it is; empty for the model of the strategy.
    """
    if findings.refused_within(f"{at or 'model'}.architecture"):
        return
    wrong = MODEL_TYPES[kind].unfit(architecture, training)
    if wrong is not None:
        findings.error(f"{at}.training.{wrong[0]}".lstrip("."), wrong[1])


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
