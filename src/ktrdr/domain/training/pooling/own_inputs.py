"""Which inputs each symbol of a pool computes in a way of its own, so that their units need not be shared."""

from __future__ import annotations

from collections.abc import Sequence

from ktrdr.domain.features.feature import Feature


def own_inputs(features: Sequence[Feature], own: Sequence[Sequence[Feature]]) -> frozenset[str]:
    """Return the ids of the features that every symbol of a pool but at most one computes in a way of its own.

    Parameters
    ----------
    features : sequence of Feature
        As the strategy has them for a symbol without overrides.
    own : sequence of sequence of Feature
        As each symbol has them, in the same order.
    """
    changed = [sum(one != shared for one in column) for shared, *column in zip(features, *own, strict=True)]
    few = max(len(own) - 1, 1)
    return frozenset(feature.id for feature, count in zip(features, changed, strict=True) if count >= few)
