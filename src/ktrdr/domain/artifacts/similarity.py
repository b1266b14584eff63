"""Whether the model of one symbol may stand in for another symbol's, by its manifest alone."""

from __future__ import annotations

from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.market.profile import SymbolProfile


def _profile(manifest: Manifest) -> SymbolProfile | None:
    found = (manifest.symbols or {}).get(manifest.training_symbols[0])
    return None if found is None else SymbolProfile.from_dict(found)


def frozen_volatility(manifest: Manifest) -> float:
    """Return the frozen volatility of a model's symbol, 0 where it is not known."""
    profile = _profile(manifest)
    return 0.0 if profile is None else profile.volatility or 0.0


def unlikeness(manifest: Manifest, asset_class: str) -> str | None:
    """Return why a symbol's model says nothing about another symbol."""
    profile = _profile(manifest)
    if profile is None or not profile.volatility:
        return "does not say how volatile its symbol is"
    if profile.asset_class != asset_class:
        return f"is of a symbol of another asset class ({profile.asset_class}, not {asset_class})"
    own_units = inputs_in_units(manifest)
    return f"has inputs in the units of its symbol's price or volume: {', '.join(own_units)}" if own_units else None


def inputs_in_units(manifest: Manifest) -> tuple[str, ...]:
    """Return the features whose values have the units of the symbol's price or volume, so that no other symbol fits.

    Features of a context series have its units, which are the same for all symbols. A type of indicator that is not
    known counts.
    """
    return tuple(
        str(entry.get("id"))
        for entry in manifest.feature_contract
        if "indicator" in entry and "data_source" not in entry and _has_units(entry["indicator"])
    )


def _has_units(indicator: object) -> bool:
    spec = INDICATORS.get(indicator) if isinstance(indicator, str) else None
    return spec is None or spec.scale in {"price", "volume"}


def likeness(manifest: Manifest, symbol: str, volatility: float) -> str:
    """Return what a model's symbol has in common with another symbol, as a sentence."""
    one = manifest.training_symbols[0]
    return (
        f"the model of {one}, the most similar symbol of its asset class: its volatility was "
        f"{frozen_volatility(manifest):.3g} a year, that of {symbol} is {volatility:.3g}; "
        f"its deployment allows {symbol}"
    )
