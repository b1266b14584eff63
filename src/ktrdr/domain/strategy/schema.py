"""The grammar as a JSON schema, for completion and hints in editors; the parser stays the judge."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.labels import LABELS
from ktrdr.domain.catalogue.memberships import MEMBERSHIPS
from ktrdr.domain.catalogue.models import MODEL_TYPES
from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.catalogue.training import EARLY_STOPPING, LOSSES, METRICS, SCHEDULER, SETTINGS, SPLIT
from ktrdr.domain.strategy.decisions import COSTS
from ktrdr.domain.strategy.model import FEATURE_PARAMETERS, PRICE_CONTEXT, VOLUME_CONTEXT

_KINDS = {"int": "integer", "float": "number", "bool": "boolean", "str": "string"}
_NUMBERS = {"type": "array", "items": {"type": "number"}}


def strategy_schema() -> dict[str, Any]:
    """Return the JSON schema (draft 2020-12) of a strategy document, generated from the catalogue."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "ktrdr strategy, grammar 3.0",
        "type": "object",
        "required": [
            "name",
            "training_data",
            "indicators",
            "fuzzy_sets",
            "nn_inputs",
            "model",
            "decisions",
            "training",
        ],
        "properties": {
            "name": {"type": "string", "maxLength": 100},
            "description": {"type": "string"},
            "version": {"enum": ["3.0", 3.0, 3]},
            "scope": {"enum": ["universal", "symbol_group", "symbol_specific"]},
            "training_data": _training_data(),
            "indicators": {"type": "object", "minProperties": 1, "additionalProperties": _indicator()},
            "fuzzy_sets": {"type": "object", "minProperties": 1, "additionalProperties": _fuzzy_set()},
            "nn_inputs": {"type": "array", "minItems": 1, "items": _entry()},
            "model": _model(),
            "decisions": _decisions(),
            "training": _training(),
        },
    }


def _value(parameter: Parameter) -> dict[str, Any]:
    if parameter.kind == "ints":
        schema: dict[str, Any] = {"type": "array", "items": _limits(parameter, {"type": "integer"})}
    elif parameter.kind == "threshold":
        atr = {"type": "object", "properties": {"atr": {"type": "number"}}, "additionalProperties": False}
        schema = {"anyOf": [_limits(parameter, {"type": "number"}), atr]}
    else:
        schema = _limits(parameter, {"type": _KINDS[parameter.kind]})
    if parameter.choices:
        schema["enum"] = list(parameter.choices)
    if parameter.switch:
        schema = {"anyOf": [schema, {"type": "boolean"}]}
    default = {} if parameter.required else {"default": parameter.default}
    return schema | default | {"description": parameter.description}


def _limits(parameter: Parameter, schema: dict[str, Any]) -> dict[str, Any]:
    if parameter.low is not None:
        schema["exclusiveMinimum" if parameter.above else "minimum"] = parameter.low
    if parameter.high is not None:
        schema["maximum"] = parameter.high
    return schema


def _values(parameters: Iterable[Parameter]) -> dict[str, Any]:
    return {name: _value(item) for item in parameters for name in (item.name, *item.aliases)}


def _object(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, **more}


def _strings(name: str) -> dict[str, Any]:
    return {"type": "array", "items": {"type": "string"}, "description": name}


def _training_data() -> dict[str, Any]:
    symbols = _object({
        "mode": {"enum": ["single", "multi_symbol"]},
        "symbol": {"type": "string"},
        "list": _strings("symbols"),
        "symbols": _strings("symbols"),
    })  # fmt: skip
    timeframe = {"type": "string", "pattern": "^[1-9][0-9]*[mhdw]$"}
    several = {"type": "array", "items": timeframe}
    timeframes = _object({
        "mode": {"enum": ["single", "multi_timeframe"]},
        "timeframe": timeframe,
        "list": several,
        "timeframes": several,
        "base_timeframe": timeframe,
        "source": {"enum": ["resampled", "native"]},
    })  # fmt: skip
    day = {"type": "string", "format": "date"}
    properties = {
        "symbols": {"anyOf": [{"type": "string"}, _strings("symbols"), symbols]},
        "timeframes": {"anyOf": [timeframe, several, timeframes]},
        "history_required": {"type": "integer", "minimum": 50, "default": 200},
        "start_date": day,
        "end_date": day,
        "date_range": _object({"start": day, "end": day}),
        "extended_hours": {"type": "boolean", "default": False},
    }
    return _object(properties, required=["symbols", "timeframes"])


def _indicator() -> dict[str, Any]:
    names = [name for spec in INDICATORS.values() for name in (spec.name, *spec.aliases)]
    rules = [
        {
            "if": {"properties": {"type": {"enum": [spec.name, *spec.aliases]}}},
            "then": _object(_values(spec.parameters)),
        }
        for spec in INDICATORS.values()
    ]
    return _object({"type": {"enum": names}}, required=["type"], allOf=rules)


def _fuzzy_set() -> dict[str, Any]:
    typed = _object({"type": {"enum": list(MEMBERSHIPS)}, "parameters": _NUMBERS}, required=["type", "parameters"])
    membership = {"anyOf": [{**_NUMBERS, "minItems": 2, "maxItems": 4}, typed]}
    return _object({"indicator": {"type": "string"}}, required=["indicator"], additionalProperties=membership)


def _entry() -> dict[str, Any]:
    properties = {
        "fuzzy_set": {"type": "string"},
        "raw_indicator": {"type": "string"},
        "timeframes": {"anyOf": [{"type": "string"}, _strings("timeframes, or all")]},
        "normalization": {"enum": ["none", "minmax", "zscore"]},
    }
    return _object(properties, oneOf=[{"required": ["fuzzy_set"]}, {"required": ["raw_indicator"]}])


def _model() -> dict[str, Any]:
    rules = [
        {
            "if": {"properties": {"type": {"const": spec.name}}},
            "then": _object({"architecture": _object(_values(spec.parameters))}),
        }
        for spec in MODEL_TYPES.values()
    ]
    contexts = {"price_context": _object(_values(PRICE_CONTEXT)), "volume_context": _object(_values(VOLUME_CONTEXT))}
    features = _object(_values(FEATURE_PARAMETERS) | contexts)
    return _object({"type": {"enum": list(MODEL_TYPES)}, "features": features}, required=["type"], allOf=rules)


def _decisions() -> dict[str, Any]:
    properties = {
        "output_format": {"enum": ["classification", "regression"]},
        "confidence_threshold": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.5},
        "cost_model": _object(_values(COSTS)),
    }
    return _object(properties)


def _training() -> dict[str, Any]:
    labels = [
        _object({"source": {"const": source}} | _values(item for spec in specs for item in spec.parameters))
        for source, specs in LABELS.items()
    ]
    losses = [name for names in LOSSES.values() for name in names]
    metrics = [name for names in METRICS.values() for name in names]
    nested = {
        "method": {"const": "supervised"},
        "labels": {"anyOf": labels},
        "data_split": _object(_values(SPLIT), required=["train", "validation", "test"]),
        "early_stopping": {"anyOf": [{"type": "boolean"}, _object(_values(EARLY_STOPPING))]},
        "lr_scheduler": {"anyOf": [{"type": "boolean"}, {"type": "string"}, _object(_values(SCHEDULER))]},
        "loss": {"enum": losses},
        "fitness_metrics": _object({"primary": {"enum": metrics}}),
    }
    return _object(_values(SETTINGS) | nested)
