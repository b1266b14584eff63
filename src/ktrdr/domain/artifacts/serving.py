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
    rules = _rules(manifest.strategy, "target_symbols")
    mode, restrictions = rules.get("mode", "training_only"), rules.get("restrictions") or {}
    classes = restrictions.get("asset_classes") or ()
    excluded = _listed(instrument.symbol, restrictions.get("excluded_symbols") or ())
    trained = _listed(instrument.symbol, manifest.training_symbols)
    in_group = instrument.asset_class in classes or (mode == "universal" and not classes)
    if not excluded and (trained or (in_group and mode != "training_only")):
        return
    within = f" within {', '.join(classes)}" if classes else ""
    raise InvalidInput(
        f"{manifest.model_name} may not serve {instrument.symbol} ({instrument.asset_class}): it was trained on "
        f"{', '.join(manifest.training_symbols)}, and deployment.target_symbols is {mode}{within}"
        f"{' without this symbol' if excluded else ''}"
    )


def _listed(symbol: str, names: Iterable[str]) -> bool:
    return any(same_symbol(symbol, name) for name in names)


def _rules(strategy: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    rules = (strategy.get("deployment") or {}).get(section)
    return rules or {}
