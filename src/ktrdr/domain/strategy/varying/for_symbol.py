"""What a strategy is for one symbol: the overrides of all, of its asset class and of itself, in this order."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import reduce
from typing import Any

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.training import FORECAST_STEPS
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.series import same_symbol
from ktrdr.domain.strategy.document import Overrides, Setting, Strategy, SymbolOverrides
from ktrdr.domain.strategy.members import reads_returns

SECTION = "symbol_overrides"
DECISIONS = {
    "min_signal_separation": "filters",
    "volume_filter": "filters",
    "round_trip_cost": "cost_model",
    "min_edge_multiplier": "cost_model",
}
"""Which section of ``decisions`` a field is written in; the others stand in ``decisions`` itself."""

Layer = tuple[str, Overrides]


def strategy_for(strategy: Strategy, symbol: str, asset_class: str) -> Strategy:
    """Return the strategy of one symbol alone: its overrides are in their places, and no others are left.

    Ids, number and order of the features are those of `strategy`.

    Parameters
    ----------
    strategy : Strategy
    symbol : str
        An index is found with or without its ``^``.
    asset_class : str
        What the symbol is.

    Raises
    ------
    InvalidInput
        If what the asset class and the symbol say contradicts each other.
    """
    if strategy.symbol_overrides == SymbolOverrides():
        return strategy
    chosen = _layers_for(strategy.symbol_overrides, symbol, asset_class)
    effective = reduce(applied, (layer for _, layer in chosen), strategy)
    wrong = next(contradictions(effective, strategy), None)
    if wrong is not None:
        raise InvalidInput(f"{SECTION}: {symbol} ({asset_class}): {wrong[0]}: {wrong[1]}")
    return replace(effective, symbol_overrides=SymbolOverrides(), settings=_settings(strategy, chosen))


def changes_for(strategy: Strategy, symbol: str, asset_class: str) -> dict[str, Any]:
    """Return what the overrides set for a symbol: plain values by their path in the document."""
    chosen = _layers_for(strategy.symbol_overrides, symbol, asset_class)
    return {path: value for _, layer in chosen for path, value in changes(layer)}


def applied(strategy: Strategy, layer: Overrides) -> Strategy:
    """Return the strategy with the values of one layer in place of its own; what it does not name is left out."""
    indicators = {
        name: replace(item, parameters={**item.parameters, **layer.indicators.get(name, {})})
        for name, item in strategy.indicators.items()
    }
    fuzzy_sets = {
        name: replace(
            item, memberships=tuple(layer.fuzzy_sets.get(name, {}).get(part.name, part) for part in item.memberships)
        )
        for name, item in strategy.fuzzy_sets.items()
    }
    labels = replace(strategy.labels, parameters={**strategy.labels.parameters, **layer.labels})
    decisions = replace(strategy.decisions, **layer.decisions)
    return replace(strategy, indicators=indicators, fuzzy_sets=fuzzy_sets, labels=labels, decisions=decisions)


def contradictions(effective: Strategy, own: Strategy) -> Iterator[tuple[str, str]]:
    """Yield path and message of what does not go together in `effective`, or gives other classes than in `own`."""
    for name, indicator in effective.indicators.items():
        check = INDICATORS[indicator.type].check
        message = None if check is None else check(indicator.parameters)
        if message:
            yield f"indicators.{name}", message
    spec = find_label(own.labels.source, own.labels.parameters.get("method"))
    wrong = spec.contradiction(effective.labels.parameters)
    if wrong is not None:
        yield f"training.labels.{wrong.parameter}", wrong.message
        return
    ahead, own_ahead = (spec.horizon(spec.complete(item.labels.parameters)) for item in (effective, own))
    steps = own.training.get(FORECAST_STEPS.name)
    if (steps or reads_returns(own.model)) and ahead != own_ahead:
        who = f"a model with {FORECAST_STEPS.name}" if steps else own.model.type
        yield "training.labels", f"would look {ahead} bars ahead; {who} looks {own_ahead} ahead for all symbols"
        return
    before, now = spec.outcomes_of(own.labels.parameters), spec.outcomes_of(effective.labels.parameters)
    if now != before:
        yield "training.labels", f"would give the classes {', '.join(now[0])} instead of {', '.join(before[0])}"


def changes(layer: Overrides) -> Iterator[tuple[str, Any]]:
    """Yield path and plain value of everything that a layer sets."""
    for indicator, parameters in layer.indicators.items():
        yield from ((f"indicators.{indicator}.{name}", value) for name, value in parameters.items())
    for fuzzy_set, memberships in layer.fuzzy_sets.items():
        for name, part in memberships.items():
            yield f"fuzzy_sets.{fuzzy_set}.{name}", {"type": part.type, "parameters": list(part.parameters)}
    yield from ((f"training.labels.{name}", value) for name, value in layer.labels.items())
    for name, value in layer.decisions.items():
        yield ".".join(("decisions", *([DECISIONS[name]] if name in DECISIONS else []), name)), value


def _layers_for(overrides: SymbolOverrides, symbol: str, asset_class: str) -> list[Layer]:
    """Return the layers that concern a symbol, with where they stand."""
    found = [(f"{SECTION}.defaults", overrides.defaults)]
    if asset_class in overrides.asset_classes:
        found.append((f"{SECTION}.asset_classes.{asset_class}", overrides.asset_classes[asset_class]))
    own = symbol if symbol in overrides.symbols else None
    own = own or next((name for name in overrides.symbols if same_symbol(name, symbol)), None)
    return found if own is None else [*found, (f"{SECTION}.symbols.{own}", overrides.symbols[own])]


def _settings(strategy: Strategy, chosen: list[Layer]) -> tuple[Setting, ...]:
    """Return the effective settings of one symbol, each with the layer that it comes from."""
    settings = {item.path: item for item in strategy.settings if not item.path.startswith(SECTION)}
    for origin, layer in chosen:
        for path, value in changes(layer):
            known = path if f"model.{path}" not in settings else f"model.{path}"
            settings[known] = Setting(known, value, origin)
    return tuple(settings.values())
