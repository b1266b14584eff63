"""What a stored model may be used for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.market.timeframe import same_length


def require_servable(manifest: Manifest, instrument: SymbolCharacteristics, *, stands_in: bool = False) -> None:
    """Refuse what the strategy's ``deployment`` does not allow; without one, every symbol that was not trained on.

    A model that `stands_in` was chosen for a similar symbol; where ``deployment`` has no ``target_symbols``, it may.

    Raises
    ------
    InvalidInput
    """
    problem = refusal(manifest, instrument, stands_in=stands_in)
    if problem:
        raise InvalidInput(f"{manifest.model_name} {problem}")


def refusal(manifest: Manifest, instrument: SymbolCharacteristics, *, stands_in: bool = False) -> str | None:
    """Return why a model may not serve a symbol, as the end of a sentence; None if it may. See `require_servable`."""
    supported = _rules(manifest.strategy, "target_timeframes").get("supported") or ()
    if supported and not any(same_length(manifest.base_timeframe, name) for name in supported):
        return (
            f"may not serve {manifest.base_timeframe} bars: deployment.target_timeframes allows {', '.join(supported)}"
        )
    excluded = is_excluded(manifest, instrument.symbol)
    if is_trained_on(manifest, instrument.symbol) and not excluded:
        return None
    rules = _rules(manifest.strategy, "target_symbols")
    if stands_in and not rules:
        return None
    mode = rules.get("mode", "training_only")
    classes = (rules.get("restrictions") or {}).get("asset_classes") or ()
    in_group = instrument.asset_class in classes or (mode == "universal" and not classes)
    if not excluded and in_group and mode != "training_only":
        return None
    within = f" within {', '.join(classes)}" if classes else ""
    default = "" if "mode" in rules else ", the default"
    return (
        f"may not serve {instrument.symbol} ({instrument.asset_class}): it was trained on "
        f"{', '.join(manifest.training_symbols)}, and deployment.target_symbols is {mode}{default}{within}"
        f"{' without this symbol' if excluded else ''}"
    )


def is_trained_on(manifest: Manifest, symbol: str) -> bool:
    """Return whether a symbol is among those that a model was trained on."""
    return _listed(symbol, manifest.training_symbols)


def is_excluded(manifest: Manifest, symbol: str) -> bool:
    """Return whether ``deployment`` names a symbol as one that the model may never serve."""
    restrictions = _rules(manifest.strategy, "target_symbols").get("restrictions") or {}
    return _listed(symbol, restrictions.get("excluded_symbols") or ())


def _listed(symbol: str, names: Iterable[str]) -> bool:
    return any(same_symbol(symbol, name) for name in names)


def _rules(strategy: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    rules = (strategy.get("deployment") or {}).get(section)
    return rules or {}
