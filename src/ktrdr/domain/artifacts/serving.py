"""What a stored model may be used for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.characteristics import SymbolCharacteristics


def require_servable(manifest: Manifest, instrument: SymbolCharacteristics) -> None:
    """Refuse a symbol that the model was not trained on, unless the strategy's ``deployment`` allows it.

    Raises
    ------
    InvalidInput
    """
    if instrument.symbol in manifest.training_symbols:
        return
    rules = _target_symbols(manifest.strategy)
    restrictions = rules.get("restrictions") or {}
    mode = rules.get("mode", "training_only")
    excluded = instrument.symbol in (restrictions.get("excluded_symbols") or ())
    allowed_class = instrument.asset_class in (restrictions.get("asset_classes") or ())
    if not excluded and (mode == "universal" or (mode == "group_restricted" and allowed_class)):
        return
    trained = ", ".join(manifest.training_symbols)
    raise InvalidInput(
        f"{manifest.model_name} may not serve {instrument.symbol}: it was trained on {trained}, and "
        f"deployment.target_symbols is {mode}{' without this symbol' if excluded else ''}"
    )


def _target_symbols(strategy: Mapping[str, Any]) -> Mapping[str, Any]:
    deployment = strategy.get("deployment")
    rules = deployment.get("target_symbols") if isinstance(deployment, Mapping) else None
    return rules if isinstance(rules, Mapping) else {}
