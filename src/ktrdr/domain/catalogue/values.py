"""Written values against the parameters that describe them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import did_you_mean, shown, unquoted

QUOTED = "; remove the quotes"
_SWITCHES = ("true", "false", "yes", "no", "on", "off")


def fault(parameter: Parameter, value: Any) -> str | None:
    """Return what is wrong with a value, or None."""
    kind = parameter.kind
    if kind == "bool":
        if isinstance(value, bool):
            return None
        quoted = isinstance(value, str) and value.casefold() in _SWITCHES
        return f"must be true or false, found {shown(value)}{QUOTED if quoted else ''}"
    if kind == "str":
        return _text_fault(parameter, value)
    if kind == "model":
        return _model_fault(parameter, value)
    if kind == "threshold" and isinstance(value, Mapping):
        if set(value) == {"atr"}:
            return _number_fault(parameter, value["atr"])
        return f"must be a number or {{atr: multiple}}, found {shown(value)}"
    if kind == "ints":
        if not isinstance(value, list | tuple):
            return f"must be a list of integers, found {shown(value)}"
        return next((message for item in value if (message := _number_fault(parameter, item))), None)
    return _number_fault(parameter, value)


def coerced(parameter: Parameter, value: Any) -> Any:
    """Return a faultless value in its canonical form."""
    if parameter.switch and isinstance(value, bool):
        return parameter.switch[value]
    if parameter.kind == "str" and parameter.choices:
        return {choice.casefold(): choice for choice in parameter.choices}[value.casefold()]
    if parameter.kind == "ints":
        return [int(item) for item in value]
    if parameter.kind == "int":
        return int(value)
    if parameter.kind == "float":
        return float(value)
    if parameter.kind == "model":
        return _model(parameter, value)
    if parameter.kind == "threshold":
        return {"atr": float(value["atr"])} if isinstance(value, Mapping) else float(value)
    return value


def _text_fault(parameter: Parameter, value: Any) -> str | None:
    if parameter.switch and isinstance(value, bool):
        return None
    if not isinstance(value, str):
        hint = f"; allowed: {', '.join(parameter.choices)}" if parameter.choices else unquoted(value)
        return f"must be a text, found {shown(value)}{hint}"
    if parameter.choices and value.casefold() not in {choice.casefold() for choice in parameter.choices}:
        allowed = ", ".join(parameter.choices)
        if value.casefold() in parameter.missing:
            return f"{shown(value)} is not there yet; allowed: {allowed}"
        return f"{shown(value)} is not known; allowed: {allowed}{did_you_mean(value, parameter.choices)}"
    return None


def _model_fault(parameter: Parameter, value: Any) -> str | None:
    """Return what is wrong with a model within a model."""
    name = value.get("type") if isinstance(value, Mapping) else value
    if not isinstance(name, str) or name.casefold() not in parameter.models:
        allowed = ", ".join(parameter.models)
        return f"must be a model type, or {{type: ...}}, found {shown(value)}; allowed: {allowed}"
    items = parameter.models[name.casefold()]
    written = _written(value)
    known = [spelling for item in items for spelling in (item.name, *item.aliases)]
    for key in written:
        if key not in known:
            return f"{shown(key)} is no key of {name}; allowed: {', '.join(known)}{did_you_mean(key, known)}"
    for item in items:
        given = next((key for key in (item.name, *item.aliases) if key in written), None)
        if given is None and item.required:
            return f"{name} needs {item.name}: {item.description}"
        message = None if given is None else fault(item, written[given])
        if message is not None:
            return f"{item.name} {message}"
    return None


def _model(parameter: Parameter, value: Any) -> dict[str, Any]:
    """Return a faultless model within a model: its type, and all of its parameters."""
    name = (value["type"] if isinstance(value, Mapping) else value).casefold()
    written, made = _written(value), {"type": name}
    for item in parameter.models[name]:
        given = next((key for key in (item.name, *item.aliases) if key in written), None)
        made[item.name] = item.default if given is None else coerced(item, written[given])
    return made


def _written(value: Any) -> dict[Any, Any]:
    items = value.items() if isinstance(value, Mapping) else ()
    return {key: item for key, item in items if key != "type" and item is not None}


def _number_fault(parameter: Parameter, value: Any) -> str | None:
    whole = parameter.kind in {"int", "ints"}
    wanted = "an integer" if whole else "a number"
    if not is_number(value):
        return f"must be {wanted}, found {shown(value)}{quoted_number(value)}"
    if whole and value != int(value):
        return f"must be an integer, found {shown(value)}"
    too_low = parameter.low is not None and (value < parameter.low or (parameter.above and value == parameter.low))
    if too_low or (parameter.high is not None and value > parameter.high):
        return f"{shown(value)} is out of bounds; allowed: {bounds(parameter)}"
    return None


def quoted_number(value: Any) -> str:
    """Return the advice for a number in quotes, to end a message with; an empty string for anything else."""
    try:
        return QUOTED if isinstance(value, str) and is_number(float(value)) else ""
    except ValueError:
        return ""


def bounds(parameter: Parameter) -> str:
    """Return the bounds in words (``2 to 100``, ``above 0``)."""
    low, high = parameter.low, parameter.high
    if low is None and high is None:
        return "any number"
    if high is None:
        return f"above {low:g}" if parameter.above else f"{low:g} or more"
    if low is None:
        return f"at most {high:g}"
    return f"above {low:g} and at most {high:g}" if parameter.above else f"{low:g} to {high:g}"


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number; an integer that no float can hold is none."""
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:
        return False
