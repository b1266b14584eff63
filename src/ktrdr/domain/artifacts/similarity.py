"""Whether the model of one symbol may stand in for another symbol's, by its manifest alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.serving import is_trained_on
from ktrdr.domain.catalogue.indicators import INDICATORS, IndicatorSpec
from ktrdr.domain.catalogue.indicators.scale import SCALE, scale_of
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

    Features of a context series have its units, which are the same for all symbols. An indicator that counts from the
    first bar, or of a type that is not known, is among them.
    """
    return tuple(
        str(entry.get("id"))
        for entry in manifest.feature_contract
        if "indicator" in entry and "data_source" not in entry and _has_units(entry)
    )


def _has_units(entry: Mapping[str, Any]) -> bool:
    spec = _spec(entry)
    if spec is None or spec.cumulative:
        return True
    parameters = entry.get("parameters")
    scaled = isinstance(parameters, Mapping) and scale_of(parameters) != SCALE.default
    return not scaled and spec.scale in {"price", "volume"}


def _spec(entry: Mapping[str, Any]) -> IndicatorSpec | None:
    indicator = entry.get("indicator")
    return INDICATORS.get(indicator) if isinstance(indicator, str) else None


def bound_to_beginnings(manifest: Manifest, symbol: str) -> str | None:
    """Return why a model cannot serve a symbol that it was not trained on, if an indicator counts from a first bar."""
    if is_trained_on(manifest, symbol):
        return None
    counting = [str(entry.get("id")) for entry in manifest.feature_contract if _counts(entry)]
    if not counting:
        return None
    return f"was not trained on {symbol}, and has inputs that count from the first bar: {', '.join(counting)}"


def _counts(entry: Mapping[str, Any]) -> bool:
    spec = _spec(entry)
    return spec is not None and spec.cumulative and "data_source" not in entry


def likeness(manifest: Manifest, symbol: str, volatility: float) -> str:
    """Return what a model's symbol has in common with another symbol, as a sentence."""
    one = manifest.training_symbols[0]
    return (
        f"the model of {one}, the most similar symbol of its asset class: its volatility was "
        f"{frozen_volatility(manifest):.3g} a year, that of {symbol} is {volatility:.3g}"
    )
