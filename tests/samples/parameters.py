"""Other values of a parameter, for tests that a value counts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ktrdr.domain.catalogue.parameters import Parameter


def other_values(parameter: Parameter) -> Iterator[Any]:
    """Yield other allowed values of a parameter."""
    if parameter.kind == "bool":
        yield not parameter.default
    elif parameter.choices:
        yield from (choice for choice in parameter.choices if choice != parameter.default)
    else:
        start = parameter.default if isinstance(parameter.default, int | float) else 1
        for value in (start + 3, start + 1, start * 1.5, start * 0.5, start + 10, start - 1):
            whole = int(value) if parameter.kind == "int" else float(value)
            inside = (parameter.low is None or whole > parameter.low) and (
                parameter.high is None or whole < parameter.high
            )
            if inside and whole != parameter.default:
                yield whole
