"""Rows on which a fuzzy set says nothing at all."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.feature_ids import columns


def uncovered(strategy: Strategy, matrix: FeatureMatrix) -> tuple[str, ...]:
    """Return one sentence for each fuzzy set and timeframe with rows on which every membership is 0."""
    position = {name: index for index, name in enumerate(matrix.ids)}
    notes = []
    for entry in strategy.nn_inputs:
        if entry.kind != "fuzzy_set":
            continue
        for timeframe in entry.timeframes:
            ids = [name for name, frame, _ in columns(entry, strategy.fuzzy_sets) if frame == timeframe]
            silent = np.ones(len(matrix), dtype=np.bool_)
            for name in ids:
                silent &= matrix.values[:, position[name]] == 0
            if silent.any():
                share = f"{silent.mean():.2%} of the rows"
                notes.append(f"fuzzy set {entry.name!r} on {timeframe}: every membership is 0 on {share}")
    return tuple(notes)
