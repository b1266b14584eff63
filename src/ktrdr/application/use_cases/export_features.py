"""Export: the rows that training would use, for people who go on in their own tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.rows import Prepared, prepare
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_tuned
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import resolved_matrix, tuned_features
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.splits.split import PARTS
from ktrdr.domain.training.plan import TrainingRequest, plan_one_symbol


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """One row per usable bar.

    Attributes
    ----------
    frame : DataFrame
        timestamp, known_at (UTC), the features in contract order (float32), label (class number or target; missing
        where there is none yet), label_end (UTC), part (train, validation, test; missing for rows that were purged,
        have no label, or have no whole window).
    notes : tuple of str
    """

    frame: pd.DataFrame
    notes: tuple[str, ...]


class ExportFeatures:
    """Makes the table through the same steps as training."""

    def __init__(self, data: DataRepository, features: FeatureEngineer) -> None:
        self._data = data
        self._features = features

    def execute(self, request: TrainingRequest, tuned: Manifest | None = None) -> FeatureTable:
        """Return the table of the request's one symbol.

        Parameters
        ----------
        request : TrainingRequest
        tuned : Manifest, optional
            Of a model with the same features, whose tuned memberships take the place of the written ones.

        Raises
        ------
        InvalidInput, DataNotFound
            As training would; and if the model has other features, or has learned other fuzzy sets.
        """
        job = plan_one_symbol(with_selected_symbols(self._data, request))
        prepared = prepare(self._data, self._features, job.strategy, job.symbols[0])
        features = prepared.features if tuned is None else _tuned(prepared.features, tuned)
        matrix, labels = resolved_matrix(prepared.matrix, features), prepared.labels
        end_rows = labels.end_rows[matrix.base_rows]
        labelled = end_rows != NO_LABEL
        values = pd.Series(labels.values[matrix.base_rows])
        ends = pd.Series(pd.to_datetime(prepared.market.base_bars.known_at[end_rows], utc=True))
        columns = {
            "timestamp": pd.to_datetime(matrix.stamps, utc=True),
            "known_at": pd.to_datetime(matrix.known_at, utc=True),
            **{name: matrix.values[:, column] for column, name in enumerate(matrix.ids)},
            "label": (values.astype("Int64") if labels.target.is_classification else values).where(labelled),
            "label_end": ends.where(labelled),
            "part": _parts(prepared),
        }
        return FeatureTable(pd.DataFrame(columns), prepared.notes)


def _tuned(features: Sequence[Feature], manifest: Manifest) -> tuple[Feature, ...]:
    sets = read_tuned(manifest)
    same = [feature.id for feature in features] == manifest.resolved_features
    if not same or {feature.learnable for feature in features if feature.learnable} != sets.keys():
        raise InvalidInput(f"{manifest.model_name}: was trained on other features, or has learned other fuzzy sets")
    return tuned_features(features, sets)


def _parts(prepared: Prepared) -> pd.Series:
    """Return the part of each matrix row."""
    parts = np.full(len(prepared.matrix), None, dtype=object)
    for name in PARTS:
        parts[prepared.places(name)] = name
    return pd.Series(parts, dtype="str")
