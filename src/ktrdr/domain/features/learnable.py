"""Learnable fuzzy sets: the matrix carries their indicator, and the fitted model owns their memberships."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ktrdr.domain.features.feature import Feature, Membership
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.memberships import membership_degrees

TunedSets = Mapping[tuple[str, ...], Membership]
"""Fuzzy set and membership name to the tuned function."""


@dataclass(frozen=True, slots=True)
class Fuzzified:
    """One number that the network sees, made from one input column.

    Attributes
    ----------
    column : int
        Position among the input columns.
    membership : Membership or None
        Learnable function that the column passes through, as written; None passes it on as it is.
    tied : tuple of str
        Fuzzy set and membership name: equal names share one set of parameters, over timeframes and lags.
    offset : float
        What has been taken from the column's values.
    """

    column: int
    membership: Membership | None = None
    tied: tuple[str, ...] = ()
    offset: float = 0.0


def middle_of(memberships: Sequence[Membership]) -> float:
    """Return the middle one of the places that a fuzzy set's memberships are written at: feet, peaks and centres."""
    places = sorted(place for item in memberships for place in _places(item))
    return places[len(places) // 2]


def _places(membership: Membership) -> tuple[float, ...]:
    parameters = membership.parameters
    return parameters[_CENTRE[membership.type]] if membership.type in _CENTRE else parameters


_CENTRE = {"gaussian": slice(0, 1), "sigmoid": slice(1, 2), "bell": slice(2, 3)}
"""Where the one place stands among the parameters; of every other type each parameter is one."""


def input_columns(features: Sequence[Feature]) -> tuple[Feature, ...]:
    """Return what the matrix carries for these features: in place of each learnable set its indicator, less `offset`.

    Parameters
    ----------
    features : sequence of Feature
        Resolved, in grammar order.

    Returns
    -------
    tuple of Feature
        In the order of `features`; a learnable set's column, one per timeframe and lag, stands where its first
        membership stood. Without learnable sets: the features themselves.
    """
    ids = input_ids(features)
    return tuple({ids[feature.id]: _carried(feature, ids[feature.id]) for feature in features}.values())


def input_ids(features: Sequence[Feature]) -> dict[str, str]:
    """Return for each feature's id that of its input column; ids of new columns collide with no feature's."""
    taken = {feature.id for feature in features}
    ids: dict[str, str] = {}
    made: dict[tuple[str, str, int], str] = {}
    for feature in features:
        if feature.source is None or not feature.learnable:
            ids[feature.id] = feature.id
            continue
        key = (feature.source.timeframe, feature.learnable[0], feature.lag)
        if key not in made:
            made[key] = _free(f"{key[0]}_{key[1]}_input{f'_lag_{key[2]}' if key[2] else ''}", taken)
            taken.add(made[key])
        ids[feature.id] = made[key]
    return ids


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _carried(feature: Feature, name: str) -> Feature:
    if not feature.learnable:
        return feature
    return Feature(name, "raw", feature.source, lag=feature.lag, offset=feature.offset)


def fuzzified(features: Sequence[Feature]) -> tuple[Fuzzified, ...]:
    """Return how a model makes the features from the input columns; empty where the columns are the features."""
    if not any(feature.learnable for feature in features):
        return ()
    ids = input_ids(features)
    position = {name: place for place, name in enumerate(dict.fromkeys(ids.values()))}
    return tuple(
        Fuzzified(position[ids[feature.id]], feature.membership, feature.learnable, feature.offset)
        if feature.learnable
        else Fuzzified(position[ids[feature.id]])
        for feature in features
    )


def tuned_features(features: Sequence[Feature], tuned: TunedSets) -> tuple[Feature, ...]:
    """Return the features with the tuned functions in place of the written ones, where there are any."""
    return tuple(
        replace(feature, membership=tuned[feature.learnable]) if feature.learnable in tuned else feature
        for feature in features
    )


def resolved_matrix(columns: FeatureMatrix, features: Sequence[Feature]) -> FeatureMatrix:
    """Return the features, in their order, from the matrix of their input columns.

    Parameters
    ----------
    columns : FeatureMatrix
        Of `input_columns(features)`.
    features : sequence of Feature
        Their membership functions count, written or tuned: see `tuned_features`.
    """
    plan = fuzzified(features)
    if not plan:
        return columns
    values = np.empty((len(plan), len(columns)), dtype=np.float32)
    for place, item in enumerate(plan):
        column = columns.values[:, item.column]
        if item.membership is None:
            values[place] = column
        else:
            membership_degrees(item.membership, column + np.float64(item.offset), out=values[place])
    return replace(columns, values=values.T, ids=tuple(feature.id for feature in features))


def tuned_document(fuzzy_sets: Mapping[str, Any], tuned: TunedSets) -> dict[str, Any]:
    """Return the section ``fuzzy_sets`` with tuned parameters in place of the written ones."""
    document = {name: dict(values) for name, values in fuzzy_sets.items()}
    for (fuzzy_set, membership), function in tuned.items():
        document[fuzzy_set][membership] = {"type": function.type, "parameters": list(function.parameters)}
    return document
