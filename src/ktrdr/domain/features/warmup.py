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
    return max((_first_value(feature, base) + feature.lag for feature in features), default=0)


def _first_value(feature: Feature, base: str) -> int:
    source = feature.source
    if source is None:
        return int(feature.context.get("period", 0))
    return INDICATORS[source.indicator].first_known(source.parameters) if source.timeframe == base else 0
