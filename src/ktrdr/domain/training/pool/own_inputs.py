"""Which inputs each symbol of a pool has in a way of its own, so that their units need not be shared."""

from __future__ import annotations

from collections.abc import Sequence

from ktrdr.domain.features.feature import Feature


def own_inputs(features: Sequence[Feature], own: Sequence[Sequence[Feature]]) -> frozenset[str]:
    """Return the ids of the memberships that no two symbols of a pool share.

    One symbol may have that of the strategy. Another period is no unit, and raw values have no membership that could
    be each symbol's own.

    Parameters
    ----------
    features : sequence of Feature
        As the strategy has them for a symbol without overrides.
    own : sequence of sequence of Feature
        As each symbol has them, in the same order.
    """
    columns = zip(features, *own, strict=True)
    return frozenset(shared.id for shared, *column in columns if shared.kind == "membership" and _all_differ(column))


def _all_differ(column: Sequence[Feature]) -> bool:
    memberships = {feature.membership for feature in column}
    return len(memberships) == len(column) > 1
