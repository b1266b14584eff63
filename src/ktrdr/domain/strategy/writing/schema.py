"""The grammar as a JSON schema, for completion and hints in editors; the parser stays the judge."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.catalogue.indicators import INDICATORS, IndicatorSpec
from ktrdr.domain.catalogue.indicators.scale import SCALE
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS, MembershipSpec
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import METRICS, SCHEDULER, SPLIT
from ktrdr.domain.market.characteristics import ASSET_CLASSES
from ktrdr.domain.strategy.reading.context_data import ALIGNMENT, PROVIDER
from ktrdr.domain.strategy.reading.decisions import COSTS, POSITION, SEPARATION, THRESHOLD, VOLUME_FILTER
from ktrdr.domain.strategy.reading.deployment import SYMBOL_MODES
from ktrdr.domain.strategy.reading.fuzzy_sets import LEARNABLE
from ktrdr.domain.strategy.reading.inputs import KINDS, NORMALIZATION
from ktrdr.domain.strategy.reading.model import FEATURE_PARAMETERS, PRICE_CONTEXT, VOLUME_CONTEXT
from ktrdr.domain.strategy.reading.training_data import (
    EXTENDED_HOURS,
    HISTORY_REQUIRED,
    MAX_SYMBOLS,
    POOL_ALIGNMENT,
    TIMEFRAME_SOURCE,
)

_KINDS = {"bool": "boolean", "str": "string"}
_EXPONENT = {"type": "string", "pattern": r"^[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+$"}
"""A number such as ``1e-3``, which YAML 1.1 reads as a text."""
_NUMBER: dict[str, Any] = {"anyOf": [{"type": "number"}, _EXPONENT]}
_NUMBERS = {"type": "array", "items": _NUMBER}
_NULL = {"type": "null"}
_DATE = {
    "not": {"type": ["number", "boolean", "array", "object"]},
    "description": "a date such as 2020-01-31, or a time; without quotes it is no text to every reader of YAML",
}
_ANYTHING: dict[str, Any] = {"type": "object"}


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
        "indicators": _object({}, additionalProperties=_indicator()),
        "fuzzy_sets": _object({}, additionalProperties=_fuzzy_set()),
        "nn_inputs": {"type": "array", "minItems": 1, "items": _entry()},
        "model": _model(),
        "decisions": _decisions(),
        "training": _training(),
        "symbol_overrides": _symbol_overrides(),
        "risk_management": _ANYTHING,
        "backtesting": _ANYTHING,
        "orchestrator": _ANYTHING,
    }
    required = ["name", "training_data", "nn_inputs", "model", "decisions", "training"]
    title = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "ktrdr strategy, grammar 3.0"}
    return title | _object(properties, required=required) | {"$defs": {"overrides": _overrides()}}


def _value(parameter: Parameter) -> dict[str, Any]:
    if parameter.kind == "ints":
        schema: dict[str, Any] = {"type": "array", "items": {"anyOf": _numbers(parameter)}}
    elif parameter.kind == "threshold":
        atr = _object({"atr": {"anyOf": _numbers(parameter)}}, required=["atr"], additionalProperties=False)
        schema = {"anyOf": [*_numbers(parameter), atr]}
    elif parameter.kind in {"int", "float"}:
        schema = {"anyOf": _numbers(parameter)}
    elif parameter.choices:
        schema = _any_case(parameter.choices)
    else:
        schema = {"type": _KINDS[parameter.kind]}
    if parameter.switch:
        schema = {"anyOf": [schema, {"type": "boolean"}]}
    default = {} if parameter.default is None else {"default": parameter.default}
    return schema | default | {"description": parameter.description}


def _numbers(parameter: Parameter) -> list[dict[str, Any]]:
    schema: dict[str, Any] = {"type": "integer" if parameter.kind in {"int", "ints"} else "number"}
    if parameter.low is not None:
        schema["exclusiveMinimum" if parameter.above else "minimum"] = parameter.low
    if parameter.high is not None:
        schema["maximum"] = parameter.high
    return [schema, _EXPONENT]


def _any_case(names: Iterable[str], between: str = "") -> dict[str, Any]:
    """Return what completes to `names` and accepts them in any case, with `between` among their letters."""
    listed = list(names)
    patterns = [
        between.join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in name)
        for name in listed
    ]
    return {"anyOf": [{"enum": listed}, {"type": "string", "pattern": f"^({'|'.join(patterns)})$"}]}


def _one_of_several(value: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [value, {"type": "array", "items": value}]}


def _values(parameters: Iterable[Parameter]) -> dict[str, Any]:
    return {name: _value(item) for item in parameters for name in (item.name, *item.aliases)}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a mapping; a key that is not required may be empty."""
    required = more.get("required", ())
    nullable = {name: value if name in required else _nullable(value) for name, value in properties.items()}
    return {"type": "object", "properties": nullable, **more}


def _nullable(schema: dict[str, Any]) -> dict[str, Any]:
    if "anyOf" in schema:
        return schema if _NULL in schema["anyOf"] else schema | {"anyOf": [*schema["anyOf"], _NULL]}
    if not schema or schema is _DATE:
        return schema
    outside = {name: schema[name] for name in ("default", "description") if name in schema}
    return outside | {"anyOf": [{name: item for name, item in schema.items() if name not in outside}, _NULL]}


def _given(name: str) -> dict[str, Any]:
    return {"required": [name], "properties": {name: {"not": _NULL}}}


def _when(name: str, values: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    return {"if": {"properties": {name: values}, "required": [name]}, "then": then}


def _strings(description: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": description}


def _training_data() -> dict[str, Any]:
    criteria = _object(
        {"asset_class": _one_of_several(_any_case(ASSET_CLASSES)), "asset_classes": _strings("asset classes")}
        | _values([MAX_SYMBOLS])
    )
    symbols = _object({
        "mode": {"enum": ["single", "multi_symbol"]},
        "symbol": {"type": "string"},
        "list": _strings("symbols"),
        "symbols": _strings("symbols"),
        "selection_criteria": criteria,
    })  # fmt: skip
    timeframe = {"type": "string", "pattern": "^[1-9][0-9]*[mhdw]$"}
    several = {"type": "array", "items": timeframe}
    timeframes = _object({
        "mode": {"enum": ["single", "multi_timeframe"]},
        "timeframe": timeframe,
        "list": several,
        "timeframes": several,
        "base_timeframe": timeframe,
        "source": _value(TIMEFRAME_SOURCE),
    })  # fmt: skip
    properties = {
        "symbols": {"anyOf": [{"type": "string"}, _strings("symbols"), symbols]},
        "timeframes": {"anyOf": [timeframe, several, timeframes]},
        "start_date": _DATE,
        "end_date": _DATE,
        "date_range": _object({"start": _DATE, "end": _DATE}),
    }
    values = _values([HISTORY_REQUIRED, EXTENDED_HOURS, POOL_ALIGNMENT])
    return _object(properties | values, required=["symbols", "timeframes"])


def _context_source() -> dict[str, Any]:
    name = _one_of_several({"type": "string"})
    properties = {"id": {"type": "string"}, "name": {"type": "string"}, "series": name, "symbol": name, "report": name}
    kinds = [_given(kind) for kind in ("series", "symbol", "report")]
    return _object(properties | _values([PROVIDER, ALIGNMENT]), required=["provider"], oneOf=kinds)


def _deployment() -> dict[str, Any]:
    classes = {"type": "array", "items": {"enum": list(ASSET_CLASSES)}}
    restrictions = _object({"asset_classes": classes, "excluded_symbols": _strings("symbols")})
    symbols = _object({"mode": _any_case(SYMBOL_MODES), "restrictions": restrictions})
    timeframes = _object({"mode": {"type": "string"}, "supported": _strings("timeframes")})
    return _object({"target_symbols": symbols, "target_timeframes": timeframes})


def _indicator() -> dict[str, Any]:
    rules = [_when("type", _types([spec]), _object(_values(spec.parameters))) for spec in INDICATORS.values()]
    properties = {"type": _types(list(INDICATORS.values())), "data_source": {"type": "string"}, "scale": _value(SCALE)}
    return _object(properties, required=["type"], allOf=rules)


def _types(specs: Sequence[IndicatorSpec]) -> dict[str, Any]:
    return _any_case((name for spec in specs for name in (spec.name, *spec.aliases)), between="[-_ ]*")


def _fuzzy_set() -> dict[str, Any]:
    properties = {"indicator": {"type": "string"}, "learnable": _value(LEARNABLE)}
    return _object(properties, required=["indicator"], additionalProperties=_membership_forms())


def _membership_forms() -> dict[str, Any]:
    bare = {**_NUMBERS, "minItems": 2, "maxItems": 4}
    return {"anyOf": [bare, *(_membership(spec) for spec in MEMBERSHIPS.values())]}


def _membership(spec: MembershipSpec) -> dict[str, Any]:
    count = len(spec.parameters)
    listed = {**_NUMBERS, "minItems": count, "maxItems": count, "description": ", ".join(spec.parameters)}
    named = _object(dict.fromkeys(spec.parameters, _NUMBER), required=list(spec.parameters))
    return _object(
        {"type": _any_case([spec.name]), "parameters": {"anyOf": [listed, named]}},
        required=["type", "parameters"],
        description=spec.description,
    )


def _entry() -> dict[str, Any]:
    properties = {
        "fuzzy_set": {"type": "string"},
        "raw_indicator": {"type": "string"},
        "catalogue": {"enum": list(CATALOGUES)},
        "timeframes": {"anyOf": [{"type": "string"}, _strings("timeframes, or all")]},
        "normalization": _value(NORMALIZATION),
    }
    return _object(properties, oneOf=[_given(kind) for kind in KINDS])


def _model() -> dict[str, Any]:
    rules = [
        _when(
            "type",
            _any_case((spec.name, *spec.aliases)),
            _object({"architecture": _object(_values(spec.parameters) | {key: {} for key in spec.ignored})}),
        )
        for spec in MODEL_TYPES.values()
    ]
    contexts = {"price_context": _object(_values(PRICE_CONTEXT)), "volume_context": _object(_values(VOLUME_CONTEXT))}
    properties = {
        "type": _any_case(name for spec in MODEL_TYPES.values() for name in (spec.name, *spec.aliases)),
        "features": _object(_values(FEATURE_PARAMETERS) | contexts),
        "training": _training(),
    }
    return _object(properties, required=["type"], allOf=rules)


def _decisions() -> dict[str, Any]:
    volume = _value(VOLUME_FILTER)
    parts = _object({"enabled": {"type": "boolean"}, "min_ratio": {"anyOf": _numbers(VOLUME_FILTER)}})
    filters = _values([SEPARATION]) | {"volume_filter": {"anyOf": [volume, {"type": "boolean"}, parts]}}
    properties = {
        "output_format": _any_case(["classification", "regression"]),
        "filters": _object(filters),
        "cost_model": _object(_values(COSTS)),
    }
    return _object(properties | _values([THRESHOLD, *POSITION]))


def _symbol_overrides() -> dict[str, Any]:
    layer = {"$ref": "#/$defs/overrides"}
    classes = _object({}, propertyNames=_any_case(ASSET_CLASSES), additionalProperties=layer)
    symbols = _object({}, additionalProperties=layer)
    return _object({"defaults": layer, "asset_classes": classes, "symbols": symbols}, additionalProperties=layer)


def _overrides() -> dict[str, Any]:
    labels = _object(_values(item for specs in LABELS.values() for spec in specs for item in spec.parameters))
    memberships = _object({}, additionalProperties=_membership_forms())
    parts = {"indicators": _object({}, additionalProperties=_ANYTHING), "decisions": _decisions()}
    parts["fuzzy_sets"] = _object({}, additionalProperties=memberships)
    return _object({**parts, "training": _object({"labels": labels}), "labels": labels})


def _training() -> dict[str, Any]:
    rules = [
        _when("source", _any_case([source]), _object(_values(item for spec in specs for item in spec.parameters)))
        for source, specs in LABELS.items()
    ]
    metrics = [name for names in METRICS.values() for name in names]
    models = list(MODEL_TYPES.values())
    stopping, schedule = (
        _merged(model.sections.get(name, ()) for model in models) for name in ("early_stopping", "lr_scheduler")
    )
    nested = {
        "method": _any_case(["supervised"]),
        "labels": _object({"source": _any_case(LABELS)}, allOf=rules),
        "data_split": _object(_values(SPLIT), required=["train", "validation", "test"]),
        "early_stopping": {"anyOf": [{"type": "boolean"}, _object(stopping)]},
        "lr_scheduler": {"anyOf": [{"type": "boolean"}, _any_case(_schedules()), _object(schedule)]},
        "loss": _any_case(dict.fromkeys(name for item in models for names in item.losses.values() for name in names)),
        "fitness_metrics": _object({
            "primary": {"anyOf": [{"enum": metrics}, {"type": "string"}]},
            "secondary": _strings("metrics; all are reported anyway"),
        }),
    }  # fmt: skip
    return _object(_merged(model.all_settings for model in models) | nested)


def _schedules() -> tuple[str, ...]:
    return next(item.choices for item in SCHEDULER if item.name == "type")


def _merged(tables: Iterable[Iterable[Parameter]]) -> dict[str, Any]:
    """Return what any of the tables allows for each key; the parser knows which model type has which."""
    merged: dict[str, list[Parameter]] = {}
    for item in (item for parameters in tables for item in parameters):
        known = merged.setdefault(item.name, [])
        if not any(replace(item, default=other.default) == other for other in known):
            known.append(item)
    schemas: dict[str, Any] = {}
    for items in merged.values():
        for name in dict.fromkeys(name for item in items for name in (item.name, *item.aliases)):
            schemas[name] = _value(items[0]) if len(items) == 1 else {"anyOf": [_value(item) for item in items]}
    return schemas
