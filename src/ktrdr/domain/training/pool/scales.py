"""Which inputs mean something else for each symbol, so that pooling them is dangerous."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.catalogue.indicators.scale import SCALE, scale_of
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.matrix import FeatureMatrix

_SHOWN = 6


def unscaled_inputs(features: Sequence[Feature], overridden: Collection[str] = ()) -> tuple[Feature, ...]:
    """Return the features in the units of a symbol's price or volume.

    Those of a context series are left out: they are the same for all symbols.

    Parameters
    ----------
    features : sequence of Feature
    overridden : collection of str
        Ids of features whose parameters are each symbol's own.
    """
    return tuple(feature for feature in features if feature.id not in overridden and in_units(feature))


def in_units(feature: Feature) -> bool:
    """Return whether a feature's values have the units of the symbol's own price or volume."""
    source = feature.source
    if source is None or source.data_source:
        return False
    return INDICATORS[source.indicator].scale in {"price", "volume"} and scale_of(source.parameters) == SCALE.default


def all_zero_rows(features: Sequence[Feature], risky: Collection[Feature], matrix: FeatureMatrix) -> float:
    """Return the share of a symbol's rows on which every membership over a risky input is 0.

    Parameters
    ----------
    features : sequence of Feature
        The resolved ones, in their order.
    risky : collection of Feature
        See `unscaled_inputs`.
    matrix : FeatureMatrix
        The columns of the features; those of learnable sets, which it does not have, are left out.

    Returns
    -------
    float
        0 where there are no such memberships.
    """
    position = {name: place for place, name in enumerate(matrix.ids)}
    ids = {feature.id for feature in risky if feature.kind == "membership"}
    places = [position[feature.id] for feature in features if feature.id in ids and feature.id in position]
    if not places or not len(matrix):
        return 0.0
    dead = np.ones(len(matrix), dtype=np.bool_)
    for place in places:
        dead &= matrix.values[:, place] == 0
    return float(dead.mean())


def unscaled_notes(risky: Sequence[Feature], zero_rows: Mapping[str, float]) -> tuple[str, ...]:
    """Return the warning that inputs are in units of price or volume; none where no input is.

    Parameters
    ----------
    risky : sequence of Feature
        See `unscaled_inputs`.
    zero_rows : mapping of symbol to float
        See `all_zero_rows`.
    """
    if not risky:
        return ()
    ids = ", ".join(feature.id for feature in risky[:_SHOWN])
    more = f" and {len(risky) - _SHOWN} more" if len(risky) > _SHOWN else ""
    shares = ", ".join(f"{symbol} {share:.0%}" for symbol, share in sorted(zero_rows.items()))
    memberships = any(feature.kind == "membership" for feature in risky)
    dead = f"; rows on which all their memberships are 0: {shares}" if memberships else ""
    what = f"{len(risky)} inputs are in the units of each symbol's price or volume, and mean something else for each"
    ways = "write scale: atr or scale: rolling at their indicators, give each symbol its own values (symbol_overrides)"
    return (f"{what}: {ids}{more}{dead}; {ways}, or leave them out",)
