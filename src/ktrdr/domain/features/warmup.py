"""How many base bars pass before every feature can have a value, by the catalogue's facts."""

from __future__ import annotations

from collections.abc import Sequence

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.feature import Feature


def declared_warmup(features: Sequence[Feature], base: str) -> int:
    """Return the longest declared warm-up of features on the base timeframe, in base bars, lags included.

    Other timeframes are left out: how many base bars make one of theirs depends on the sessions. What they cost is
    measured on the matrix.
    """
    needed = [
        INDICATORS[feature.source.indicator].first_value(feature.source.parameters) + feature.lag
        for feature in features
        if feature.source is not None and feature.source.timeframe == base
    ]
    return max(needed, default=0)
