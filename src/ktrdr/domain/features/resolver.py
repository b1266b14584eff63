"""From a strategy to its features, in the order that is the contract."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from typing import Any

from ktrdr.domain.catalogue.feature_catalogues import CATALOGUES
from ktrdr.domain.features.context import context_features, returns_features
from ktrdr.domain.features.context_data import series_key
from ktrdr.domain.features.feature import Feature, Membership, Source
from ktrdr.domain.features.learnable import middle_of
from ktrdr.domain.market.context_source import source_named
from ktrdr.domain.strategy.document import NetworkInput, Reference, Strategy
from ktrdr.domain.strategy.feature_ids import columns
from ktrdr.domain.strategy.feature_ids import lagged as lagged_id
from ktrdr.domain.strategy.members import reads_returns


def resolve(strategy: Strategy) -> tuple[Feature, ...]:
    """Return every feature of a strategy.

    Entries of ``nn_inputs`` in order, within an entry timeframes (outer) by memberships or columns of a feature
    catalogue (inner); then the same again for each lag; then context features; then what a model of returns reads.
    The result depends on the strategy alone.
    """
    current = tuple(feature for entry in strategy.nn_inputs for feature in _entry_features(strategy, entry))
    lagged = tuple(
        replace(feature, id=lagged_id(feature.id, lag), lag=lag)
        for lag in range(1, strategy.model.lookback_periods)
        for feature in current
    )
    base = strategy.training_data.timeframes.base
    unscaled = (*current, *lagged, *context_features(strategy.model.context, base))
    returns = returns_features(base) if reads_returns(strategy.model) else ()
    return (*(_scaled(feature, strategy.model.scaling) for feature in unscaled), *returns)


def _scaled(feature: Feature, scaling: str) -> Feature:
    """Let ``scale_features`` decide where the entry itself says nothing, and no membership is to be learned."""
    settled = feature.learnable or feature.normalization != "none"
    return feature if settled else replace(feature, normalization=scaling)


def _entry_features(strategy: Strategy, entry: NetworkInput) -> list[Feature]:
    if entry.kind == "catalogue":
        return _catalogue_features(entry)
    reference = entry.reference or strategy.fuzzy_sets[entry.name].reference
    features = []
    for name, timeframe, membership in columns(entry, strategy.fuzzy_sets):
        source = _source(strategy, reference, timeframe)
        if membership is None:
            features.append(Feature(name, "raw", source, normalization=entry.normalization))
        else:
            function = Membership(membership.type, membership.parameters)
            features.append(
                Feature(name, "membership", source, function, **_learning(strategy, entry, membership.name))
            )
    return features


def _learning(strategy: Strategy, entry: NetworkInput, membership: str) -> dict[str, Any]:
    """Return what a learnable set's feature has beside the others."""
    fuzzy_set = strategy.fuzzy_sets[entry.name]
    if not fuzzy_set.learnable:
        return {}
    written = [Membership(item.type, item.parameters) for item in fuzzy_set.memberships]
    return {"learnable": (entry.name, membership), "offset": middle_of(written)}


def _catalogue_features(entry: NetworkInput) -> list[Feature]:
    return [
        Feature(
            name,
            "raw",
            Source(column.indicator, column.parameters, column.output, timeframe),
            normalization=entry.normalization,
        )
        for (name, timeframe, _), column in zip(columns(entry, {}), cycle(CATALOGUES[entry.name].columns), strict=False)
    ]


def _source(strategy: Strategy, reference: Reference, timeframe: str) -> Source:
    indicator = strategy.indicators[reference.indicator]
    read = source_named(strategy.context_data, indicator.data_source) if indicator.data_source else None
    data_source = series_key(read) if read else ""
    return Source(indicator.type, indicator.parameters, reference.output, timeframe, data_source)
