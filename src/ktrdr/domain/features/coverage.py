"""Rows on which a fuzzy set says nothing at all."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.learnable import input_ids
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.feature_ids import Column, columns


def uncovered(strategy: Strategy, matrix: FeatureMatrix) -> tuple[str, ...]:
    """Return one sentence for each fuzzy set and timeframe with rows on which every membership is 0.

    Learnable sets count as they are written. The matrix holds the strategy's input columns.
    """
    features = resolve(strategy)
    inputs, offsets = input_ids(features), {feature.id: feature.offset for feature in features}
    position = {name: index for index, name in enumerate(matrix.ids)}
    notes = []
    for entry in strategy.nn_inputs:
        if entry.kind != "fuzzy_set":
            continue
        for timeframe in entry.timeframes:
            silent = np.ones(len(matrix), dtype=np.bool_)
            for column in columns(entry, strategy.fuzzy_sets):
                if column[1] == timeframe:
                    values = matrix.values[:, position[inputs[column[0]]]] + np.float64(offsets[column[0]])
                    silent &= _degrees(column, values, strategy.fuzzy_sets[entry.name].learnable) == 0
            if silent.any():
                share = f"{silent.mean():.2%} of the rows"
                notes.append(f"fuzzy set {entry.name!r} on {timeframe}: every membership is 0 on {share}")
    return tuple(notes)


def _degrees(column: Column, values: Floats, learnable: bool) -> Floats:
    """Return the degrees of a membership: of a learnable set the column is its indicator, else the degrees."""
    function = column[2]
    if not learnable or function is None:
        return values
    return membership_degrees(Membership(function.type, function.parameters), values)
