"""Names of columns that carry a symbol too: ``('Open', 'SPY')``."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from ktrdr.adapters.data.columns import counted_names


def levels_of(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return names and symbols of columns; no symbols where their names are no pairs."""
    pairs = [_pair(name) for name in names]
    if not any(ticker for _, ticker in pairs):
        return tuple(names), ()
    return split_levels([one for one, _ in pairs], [other for _, other in pairs])


def split_levels(one: Sequence[str], other: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return which of two levels names the columns, and the other one."""
    if counted_names(other) > counted_names(one):
        names = [second or first for first, second in zip(one, other, strict=True)]
        return tuple(names), tuple(first if second else "" for first, second in zip(one, other, strict=True))
    return tuple(one), tuple(other)


def _pair(name: str) -> tuple[str, str]:
    if name.startswith("('") and name.endswith(")") and len(name) < 200:
        try:
            found = ast.literal_eval(name)
        except (ValueError, SyntaxError):
            return name, ""
        if isinstance(found, tuple) and len(found) == 2:
            return str(found[0]), str(found[1])
    return name, ""
