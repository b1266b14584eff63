"""JSON schemas of single values: what the tables of parameters say of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter

_KINDS = {"bool": "boolean", "str": "string"}
EXPONENT = {"type": "string", "pattern": r"^[-+]?[0-9][0-9_]*(\.[0-9]*)?[eE][-+]?[0-9]+$"}
"""A number such as ``1e-3``, which YAML 1.1 reads as a text."""
NUMBER: dict[str, Any] = {"anyOf": [{"type": "number"}, EXPONENT]}
NUMBERS = {"type": "array", "items": NUMBER}
NULL = {"type": "null"}
DATE = {
    "not": {"type": ["number", "boolean", "array", "object"]},
    "description": "a date such as 2020-01-31, or a time; without quotes it is no text to every reader of YAML",
}
ANYTHING: dict[str, Any] = {"type": "object"}


def value_of(parameter: Parameter) -> dict[str, Any]:
    """Return what a parameter may be, with its default and description."""
    if parameter.kind == "ints":
        schema: dict[str, Any] = {"type": "array", "items": {"anyOf": numbers_of(parameter)}}
    elif parameter.kind == "threshold":
        atr = object_of({"atr": {"anyOf": numbers_of(parameter)}}, required=["atr"], additionalProperties=False)
        schema = {"anyOf": [*numbers_of(parameter), atr]}
    elif parameter.kind == "model":
        within = [
            when("type", any_case([name]), object_of(values_of(items))) for name, items in parameter.models.items()
        ]
        whole = object_of({"type": any_case(parameter.models)}, required=["type"], allOf=within)
        schema = {"anyOf": [any_case(parameter.models), whole]}
    elif parameter.kind in {"int", "float"}:
        schema = {"anyOf": numbers_of(parameter)}
    elif parameter.choices:
        schema = any_case(parameter.choices)
    else:
        schema = {"type": _KINDS[parameter.kind]}
    if parameter.switch:
        schema = {"anyOf": [schema, {"type": "boolean"}]}
    default = {} if parameter.default is None else {"default": parameter.default}
    return schema | default | {"description": parameter.description}


def numbers_of(parameter: Parameter) -> list[dict[str, Any]]:
    """Return the number that a parameter may be, and its spelling with an exponent."""
    schema: dict[str, Any] = {"type": "integer" if parameter.kind in {"int", "ints"} else "number"}
    if parameter.low is not None:
        schema["exclusiveMinimum" if parameter.above else "minimum"] = parameter.low
    if parameter.high is not None:
        schema["maximum"] = parameter.high
    return [schema, EXPONENT]


def any_case(names: Iterable[str], between: str = "") -> dict[str, Any]:
    """Return what completes to `names` and accepts them in any case, with `between` among their letters."""
    listed = list(names)
    patterns = [
        between.join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in name)
        for name in listed
    ]
    return {"anyOf": [{"enum": listed}, {"type": "string", "pattern": f"^({'|'.join(patterns)})$"}]}


def one_of_several(value: dict[str, Any]) -> dict[str, Any]:
    """Return what is one value, or a list of such."""
    return {"anyOf": [value, {"type": "array", "items": value}]}


def values_of(parameters: Iterable[Parameter]) -> dict[str, Any]:
    """Return what some parameters may be, by each of their names."""
    return {name: value_of(item) for item in parameters for name in (item.name, *item.aliases)}


def object_of(properties: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a mapping; a key that is not required may be empty."""
    required = more.get("required", ())
    allowed = {name: value if name in required else nullable(value) for name, value in properties.items()}
    return {"type": "object", "properties": allowed, **more}


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what may also be empty."""
    if "anyOf" in schema:
        return schema if NULL in schema["anyOf"] else schema | {"anyOf": [*schema["anyOf"], NULL]}
    if not schema or schema is DATE:
        return schema
    outside = {name: schema[name] for name in ("default", "description") if name in schema}
    return outside | {"anyOf": [{name: item for name, item in schema.items() if name not in outside}, NULL]}


def given(name: str) -> dict[str, Any]:
    """Return the condition that a key is there with a value."""
    return {"required": [name], "properties": {name: {"not": NULL}}}


def when(name: str, values: dict[str, Any], then: dict[str, Any]) -> dict[str, Any]:
    """Return the rule that follows where a key has certain values."""
    return {"if": {"properties": {name: values}, "required": [name]}, "then": then}


def strings(description: str) -> dict[str, Any]:
    """Return a list of texts."""
    return {"type": "array", "items": {"type": "string"}, "description": description}


def merged(tables: Iterable[Iterable[Parameter]]) -> dict[str, Any]:
    """Return what any of the tables allows for each key; the parser knows which model type has which."""
    found: dict[str, list[Parameter]] = {}
    for item in (item for parameters in tables for item in parameters):
        known = found.setdefault(item.name, [])
        if not any(replace(item, default=other.default) == other for other in known):
            known.append(item)
    schemas: dict[str, Any] = {}
    for items in found.values():
        for name in dict.fromkeys(name for item in items for name in (item.name, *item.aliases)):
            schemas[name] = value_of(items[0]) if len(items) == 1 else {"anyOf": [value_of(item) for item in items]}
    return schemas
