"""The difference of two strategies as text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ktrdr.entrypoints.cli.render import section

if TYPE_CHECKING:
    from ktrdr.application.use_cases.diff_strategies import StrategyDifference


def difference_text(found: StrategyDifference) -> str:
    """Return what changes, section by section; what does not change is left out."""
    features = [("added", name) for name in found.added]
    features += [("removed", name) for name in found.removed]
    features += [("moved", name) for name in found.moved]
    features += [("redefined", f"{name}: {_sentence(fields)}") for name, fields in found.redefined.items()]
    parts = [section("features", features)] if features else []
    parts += [
        section(title, [(path, _shown(old), "->", _shown(new)) for path, (old, new) in changes.items()])
        for title, changes in (("labels", found.labels), ("settings", found.settings))
        if changes
    ]
    same = "the same" if found.same_contract else "differs: a model of one refuses the features of the other"
    return "\n\n".join([*parts, f"feature contract: {same}"])


def _sentence(fields: Mapping[str, tuple[Any, Any]]) -> str:
    return "; ".join(f"{name} {_shown(old)} -> {_shown(new)}" for name, (old, new) in fields.items())


def _shown(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_shown(item)}" for key, item in value.items()) + "}"
    return "(none)" if value is None else str(value)
