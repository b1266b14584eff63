"""Symbol overrides as a document has them."""

from __future__ import annotations

from typing import Any

from ktrdr.domain.strategy.document import Overrides, SymbolOverrides
from ktrdr.domain.strategy.varying.for_symbol import DECISIONS


def overrides_document(overrides: SymbolOverrides) -> dict[str, Any] | None:
    """Return the section that is read back as these overrides; None where there are none."""
    document = {
        "defaults": _layer_document(overrides.defaults),
        "asset_classes": {name: _layer_document(layer) for name, layer in overrides.asset_classes.items()},
        "symbols": {name: _layer_document(layer) for name, layer in overrides.symbols.items()},
    }
    return {name: value for name, value in document.items() if value} or None


def _layer_document(layer: Overrides) -> dict[str, Any]:
    decisions: dict[str, Any] = {}
    for name, value in layer.decisions.items():
        place = decisions.setdefault(DECISIONS[name], {}) if name in DECISIONS else decisions
        place[name] = False if value is None else value
    document = {
        "indicators": {name: dict(parameters) for name, parameters in layer.indicators.items()},
        "fuzzy_sets": {
            name: {part.name: {"type": part.type, "parameters": list(part.parameters)} for part in parts.values()}
            for name, parts in layer.fuzzy_sets.items()
        },
        "training": {"labels": dict(layer.labels)} if layer.labels else {},
        "decisions": decisions,
    }
    return {name: value for name, value in document.items() if value}
