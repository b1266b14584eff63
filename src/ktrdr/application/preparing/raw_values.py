"""Values of indicators as they are, on the base rows, for use cases that show or fit what lies over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.market_data import MarketData
from ktrdr.application.preparing.rows import compute_features
from ktrdr.domain.arrays import Float32s
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.document import ContextFeatures, NetworkInput, Reference, Strategy


def raw_values(
    engineer: FeatureEngineer, strategy: Strategy, reference: Reference, timeframe: str, market: MarketData
) -> Float32s:
    """Return an indicator's values on every base row; NaN where it has none.

    Parameters
    ----------
    engineer : FeatureEngineer
    strategy : Strategy
    reference : Reference
        One output of one of the strategy's indicators.
    timeframe : str
        One of the strategy's, whose bars the indicator reads.
    market : MarketData
        The bars of the strategy's timeframes.

    Returns
    -------
    ndarray of float32, shape (n_base_bars,)
        The values that memberships over this reference are computed from in training.
    """
    entry = NetworkInput("raw_indicator", reference.text, (timeframe,), reference)
    model = replace(strategy.model, context=ContextFeatures(), lookback_periods=1, scaling="none")
    features = resolve(replace(strategy, nn_inputs=(entry,), model=model))
    values: Float32s = on_base_rows(engineer, features, market)[0]
    return values


def on_base_rows(engineer: FeatureEngineer, features: Sequence[Feature], market: MarketData) -> Float32s:
    """Return one row per feature and one column per base bar, NaN where that feature has no value."""
    values = np.full((len(features), len(market.base_bars)), np.nan, dtype=np.float32)
    for row, feature in zip(values, features, strict=True):
        matrix = compute_features(engineer, [feature], market)
        row[matrix.base_rows] = matrix.values[:, 0]
    return values


def used_on(strategy: Strategy, name: str) -> tuple[str, ...]:
    """Return the timeframes on which ``nn_inputs`` names a fuzzy set, each once, in the order named."""
    entries = [entry for entry in strategy.nn_inputs if entry.kind == "fuzzy_set" and entry.name == name]
    return tuple(dict.fromkeys(timeframe for entry in entries for timeframe in entry.timeframes))
