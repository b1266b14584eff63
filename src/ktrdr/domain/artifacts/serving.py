"""What a stored model may be used for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.series import same_symbol


def require_servable(manifest: Manifest, instrument: SymbolCharacteristics) -> None:
    """Refuse what the strategy's ``deployment`` does not allow; without one, every symbol that was not trained on.

    Raises
    ------
    InvalidInput
    """
    supported = _rules(manifest.strategy, "target_timeframes").get("supported") or ()
    if supported and manifest.timeframe not in supported:
        allowed = ", ".join(supported)
        raise InvalidInput(
            f"{manifest.model_name} may not serve {manifest.timeframe} bars: deployment.target_timeframes allows "
            f"{allowed}"
        )
    if _listed(instrument.symbol, manifest.training_symbols):
        return
    rules = _rules(manifest.strategy, "target_symbols")
    restrictions = rules.get("restrictions") or {}
    mode = rules.get("mode", "training_only")
    excluded = _listed(instrument.symbol, restrictions.get("excluded_symbols") or ())
    allowed_class = instrument.asset_class in (restrictions.get("asset_classes") or ())
    if not excluded and (mode == "universal" or (mode == "group_restricted" and allowed_class)):
        return
    trained = ", ".join(manifest.training_symbols)
    raise InvalidInput(
        f"{manifest.model_name} may not serve {instrument.symbol}: it was trained on {trained}, and "
        f"deployment.target_symbols is {mode}{' without this symbol' if excluded else ''}"
    )


def _listed(symbol: str, names: Iterable[str]) -> bool:
    return any(same_symbol(symbol, name) for name in names)


def _rules(strategy: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    rules = (strategy.get("deployment") or {}).get(section)
    return rules or {}
