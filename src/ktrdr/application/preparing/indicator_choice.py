"""From names and values as people give them to an indicator with all of its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS, IndicatorSpec, find_indicator
from ktrdr.domain.catalogue.values import coerced, fault
from ktrdr.domain.errors import InvalidInput, did_you_mean


def indicator_named(name: str) -> IndicatorSpec:
    """Return the indicator of a type or another name of it.

    Raises
    ------
    InvalidInput
        If there is none; the message names the nearest.
    """
    spec = find_indicator(name)
    if spec is None:
        known = [spelling for item in INDICATORS.values() for spelling in (item.name, *item.aliases)]
        hint = did_you_mean(name, known) or "; ktrdr indicators list shows all"
        raise InvalidInput(f"indicator type {name!r} is not known{hint}")
    return spec


def completed(spec: IndicatorSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return all parameters of an indicator, those given in place of the defaults.

    Raises
    ------
    InvalidInput
        If a parameter is not known or its value is not allowed, or some contradict each other.
    """
    by_spelling = {name: item for item in spec.parameters for name in (item.name, *item.aliases)}
    values = {item.name: item.default for item in spec.parameters}
    for name, value in given.items():
        if name not in by_spelling:
            known = ", ".join(values) or "none"
            raise InvalidInput(
                f"{spec.name} has no parameter {name!r}; known: {known}{did_you_mean(name, by_spelling)}"
            )
        message = fault(by_spelling[name], value)
        if message:
            raise InvalidInput(f"{spec.name}: {name} {message}")
        values[by_spelling[name].name] = coerced(by_spelling[name], value)
    message = spec.check(values) if spec.check is not None else None
    if message:
        raise InvalidInput(f"{spec.name}: {message}")
    return values
