"""The grammar as a JSON schema, for completion and hints in editors; the parser stays the judge."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.indicators import INDICATORS, IndicatorSpec
from ktrdr.domain.catalogue.indicators.scale import SCALE
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS, MembershipSpec
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.models.member_names import NAME
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.catalogue.training import COMBINATION, LEARNING_TO_LEARN, METRICS, SCHEDULER, SPLIT
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.market.quality.rule import ACTIONS, Rule
from ktrdr.domain.market.quality.table import RULES
from ktrdr.domain.strategy.reading.context_data import ALIGNMENT, PROVIDER
from ktrdr.domain.strategy.reading.decisions import COSTS, POSITION, SEPARATION, THRESHOLD, VOLUME_FILTER
from ktrdr.domain.strategy.reading.deployment import SYMBOL_MODES
from ktrdr.domain.strategy.reading.fuzzy_sets import LEARNABLE
from ktrdr.domain.strategy.reading.inputs import KINDS, NORMALIZATION
from ktrdr.domain.strategy.reading.members import MEMBER_PARAMETERS
from ktrdr.domain.strategy.reading.model import FEATURE_PARAMETERS, PRICE_CONTEXT, VOLUME_CONTEXT
from ktrdr.domain.strategy.reading.training_data import (
    EXTENDED_HOURS,
    HISTORY_REQUIRED,
    MAX_SYMBOLS,
    POOL_ALIGNMENT,
    TIMEFRAME_SOURCE,
)
from ktrdr.domain.strategy.writing.schema_values import (
    ANYTHING,
    DATE,
    NUMBER,
    NUMBERS,
    any_case,
    given,
    merged,
    numbers_of,
    object_of,
    one_of_several,
    strings,
    value_of,
    values_of,
    when,
)


def strategy_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a strategy document, generated from the catalogue."""
    properties = {
        "name": {"type": "string", "maxLength": 100},
        "description": {"type": "string"},
        "version": {"enum": ["3.0", 3.0, 3]},
        "scope": {"enum": ["universal", "symbol_group", "symbol_specific"]},
        "training_data": _training_data(),
        "context_data": {"type": "array", "items": _context_source()},
        "deployment": _deployment(),
        "indicators": object_of({}, additionalProperties=_indicator()),
        "fuzzy_sets": object_of({}, additionalProperties=_fuzzy_set()),
        "nn_inputs": {"type": "array", "items": _entry()},
        "model": _model(),
        "decisions": _decisions(),
        "training": _training(),
        "symbol_overrides": _symbol_overrides(),
        "quality": object_of({rule.id: _quality(rule) for rule in RULES.values()}, additionalProperties=False),
        "risk_management": ANYTHING,
        "backtesting": ANYTHING,
        "orchestrator": ANYTHING,
    }
    required = ["name", "training_data", "model", "decisions", "training"]
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ktrdr strategy, grammar 3.0"}
    return title | object_of(properties, required=required, **_fed()) | {"$defs": {"overrides": _overrides()}}


def _fed() -> dict[str, Any]:
    """Return the rule that a model has inputs, unless it is of a type that reads none."""
    names = [name for spec in MODEL_TYPES.values() if not spec.reads_inputs for name in (spec.name, *spec.aliases)]
    unfed = {
        "properties": {"model": {"properties": {"type": any_case(names)}, "required": ["type"]}},
        "required": ["model"],
    }
    return {"if": unfed, "else": {"required": ["nn_inputs"], "properties": {"nn_inputs": {"minItems": 1}}}}


def _training_data() -> dict[str, Any]:
    criteria = object_of(
        {"asset_class": one_of_several(any_case(ASSET_CLASSES)), "asset_classes": strings("asset classes")}
        | values_of([MAX_SYMBOLS])
    )
    symbols = object_of({
        "mode": {"enum": ["single", "multi_symbol"]},
        "symbol": {"type": "string"},
        "list": strings("symbols"),
        "symbols": strings("symbols"),
        "selection_criteria": criteria,
    })  # fmt: skip
    timeframe = {"type": "string", "pattern": "^[1-9][0-9]*[mhdw]$"}
    several = {"type": "array", "items": timeframe}
    timeframes = object_of({
        "mode": {"enum": ["single", "multi_timeframe"]},
        "timeframe": timeframe,
        "list": several,
        "timeframes": several,
        "base_timeframe": timeframe,
        "source": value_of(TIMEFRAME_SOURCE),
    })  # fmt: skip
    properties = {
        "symbols": {"anyOf": [{"type": "string"}, strings("symbols"), symbols]},
        "timeframes": {"anyOf": [timeframe, several, timeframes]},
        "start_date": DATE,
        "end_date": DATE,
        "date_range": object_of({"start": DATE, "end": DATE}),
    }
    values = values_of([HISTORY_REQUIRED, EXTENDED_HOURS, POOL_ALIGNMENT])
    return object_of(properties | values, required=["symbols", "timeframes"])


def _context_source() -> dict[str, Any]:
    name = one_of_several({"type": "string"})
    properties = {"id": {"type": "string"}, "name": {"type": "string"}, "series": name, "symbol": name, "report": name}
    kinds = [given(kind) for kind in ("series", "symbol", "report")]
    return object_of(properties | values_of([PROVIDER, ALIGNMENT]), required=["provider"], oneOf=kinds)


def _deployment() -> dict[str, Any]:
    classes = {"type": "array", "items": {"enum": list(ASSET_CLASSES)}}
    restrictions = object_of({"asset_classes": classes, "excluded_symbols": strings("symbols")})
    symbols = object_of({"mode": any_case(SYMBOL_MODES), "restrictions": restrictions})
    timeframes = object_of({"mode": {"type": "string"}, "supported": strings("timeframes")})
    return object_of({"target_symbols": symbols, "target_timeframes": timeframes})


def _indicator() -> dict[str, Any]:
    rules = [when("type", _types([spec]), object_of(values_of(spec.parameters))) for spec in INDICATORS.values()]
    properties = {
        "type": _types(list(INDICATORS.values())),
        "data_source": {"type": "string"},
        "scale": value_of(SCALE),
    }
    return object_of(properties, required=["type"], allOf=rules)


def _types(specs: Sequence[IndicatorSpec]) -> dict[str, Any]:
    return any_case((name for spec in specs for name in (spec.name, *spec.aliases)), between="[-_ ]*")


def _fuzzy_set() -> dict[str, Any]:
    properties = {"indicator": {"type": "string"}, "learnable": value_of(LEARNABLE)}
    return object_of(properties, required=["indicator"], additionalProperties=_membership_forms())


def _membership_forms() -> dict[str, Any]:
    bare = {**NUMBERS, "minItems": 2, "maxItems": 4}
    return {"anyOf": [bare, *(_membership(spec) for spec in MEMBERSHIPS.values())]}


def _membership(spec: MembershipSpec) -> dict[str, Any]:
    count = len(spec.parameters)
    listed = {**NUMBERS, "minItems": count, "maxItems": count, "description": ", ".join(spec.parameters)}
    named = object_of(dict.fromkeys(spec.parameters, NUMBER), required=list(spec.parameters))
    return object_of(
        {"type": any_case([spec.name]), "parameters": {"anyOf": [listed, named]}},
        required=["type", "parameters"],
        description=spec.description,
    )


def _entry() -> dict[str, Any]:
    properties = {
        "fuzzy_set": {"type": "string"},
        "raw_indicator": {"type": "string"},
        "catalogue": {"enum": list(CATALOGUES)},
        "timeframes": {"anyOf": [{"type": "string"}, strings("timeframes, or all")]},
        "normalization": value_of(NORMALIZATION),
    }
    return object_of(properties, oneOf=[given(kind) for kind in KINDS])


def _model() -> dict[str, Any]:
    rules = [_of_type(spec) for spec in MODEL_TYPES.values()]
    contexts = {
        "price_context": object_of(values_of(PRICE_CONTEXT)),
        "volume_context": object_of(values_of(VOLUME_CONTEXT)),
    }
    properties = {
        "type": any_case(name for spec in MODEL_TYPES.values() for name in (spec.name, *spec.aliases)),
        "features": object_of(values_of(FEATURE_PARAMETERS) | contexts),
        "members": {
            "anyOf": [
                {"type": "array", "minItems": 1, "items": _member()},
                object_of({}, additionalProperties=_member()),
            ]
        },
        "training": _training(),
    }
    return object_of(properties, required=["type"], allOf=rules)


def _of_type(spec: ModelType) -> dict[str, Any]:
    """Return the rule for the parameters of a model of that type."""
    parameters = object_of(values_of(spec.parameters) | {key: {} for key in spec.ignored})
    return when("type", any_case((spec.name, *spec.aliases)), object_of({spec.section: parameters}))


def _member() -> dict[str, Any]:
    models = [spec for spec in MODEL_TYPES.values() if not spec.of_members]
    properties = {
        "name": {"type": "string", "pattern": f"^{NAME}$"},
        "type": any_case(name for spec in models for name in (spec.name, *spec.aliases)),
        "training": _fitting(models),
        "inputs": one_of_several({"type": "string"}),
        "symbol": {"type": "string"},
    }
    return object_of(properties | values_of(MEMBER_PARAMETERS), required=["type"], allOf=list(map(_of_type, models)))


def _decisions() -> dict[str, Any]:
    volume = value_of(VOLUME_FILTER)
    parts = object_of({"enabled": {"type": "boolean"}, "min_ratio": {"anyOf": numbers_of(VOLUME_FILTER)}})
    filters = values_of([SEPARATION]) | {"volume_filter": {"anyOf": [volume, {"type": "boolean"}, parts]}}
    properties = {
        "output_format": any_case(["classification", "regression"]),
        "filters": object_of(filters),
        "cost_model": object_of(values_of(COSTS)),
    }
    return object_of(properties | values_of([THRESHOLD, *POSITION]))


def _quality(rule: Rule) -> dict[str, Any]:
    action = {"enum": [*ACTIONS, False], "default": rule.action, "description": rule.advice}
    number = {"type": "number", "minimum": 0, "default": rule.limit, "description": rule.means}
    limit = {"limit": number} if rule.means else {}
    return {"anyOf": [action, object_of({"do": action} | limit, additionalProperties=False, minProperties=1)]}


def _symbol_overrides() -> dict[str, Any]:
    layer = {"$ref": "#/$defs/overrides"}
    classes = object_of({}, propertyNames=any_case(ASSET_CLASSES), additionalProperties=layer)
    symbols = object_of({}, additionalProperties=layer)
    return object_of({"defaults": layer, "asset_classes": classes, "symbols": symbols}, additionalProperties=layer)


def _overrides() -> dict[str, Any]:
    labels = object_of(values_of(item for specs in LABELS.values() for spec in specs for item in spec.parameters))
    memberships = object_of({}, additionalProperties=_membership_forms())
    parts = {"indicators": object_of({}, additionalProperties=ANYTHING), "decisions": _decisions()}
    parts["fuzzy_sets"] = object_of({}, additionalProperties=memberships)
    return object_of({**parts, "training": object_of({"labels": labels}), "labels": labels})


def _training() -> dict[str, Any]:
    rules = [
        when("source", any_case([source]), object_of(values_of(item for spec in specs for item in spec.parameters)))
        for source, specs in LABELS.items()
    ]
    metrics = [name for names in METRICS.values() for name in names]
    metrics += dict.fromkeys(name for specs in LABELS.values() for spec in specs for name in spec.metrics)
    nested = {
        "method": any_case(["supervised"]),
        "labels": object_of({"source": any_case(LABELS)}, allOf=rules),
        "data_split": object_of(values_of(SPLIT), required=["train", "validation", "test"]),
        "reptile": object_of(values_of(LEARNING_TO_LEARN)),
        "fitness_metrics": object_of({
            "primary": {"anyOf": [{"enum": metrics}, {"type": "string"}]},
            "secondary": strings("metrics; all are reported anyway"),
        }),
    }  # fmt: skip
    fitting = _fitting(list(MODEL_TYPES.values()))
    return fitting | {"properties": fitting["properties"] | object_of(values_of((COMBINATION,)) | nested)["properties"]}


def _fitting(models: list[ModelType]) -> dict[str, Any]:
    """Return what says how a model of any of these types is fitted."""
    stopping, schedule = (
        merged(model.sections.get(name, ()) for model in models) for name in ("early_stopping", "lr_scheduler")
    )
    nested = {
        "early_stopping": {"anyOf": [{"type": "boolean"}, object_of(stopping)]},
        "lr_scheduler": {"anyOf": [{"type": "boolean"}, any_case(_schedules()), object_of(schedule)]},
        "loss": any_case(dict.fromkeys(name for item in models for names in item.losses.values() for name in names)),
    }
    return object_of(merged(model.all_settings for model in models) | nested)


def _schedules() -> tuple[str, ...]:
    return next(item.choices for item in SCHEDULER if item.name == "type")
