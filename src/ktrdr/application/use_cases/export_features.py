"""Export: the rows that training would use, for people who go on in their own tools."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.pool import Prepared, prepare
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.artifacts.manifest import Manifest
from ktrdr.domain.artifacts.model_facts import read_tuned
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import resolved_matrix, tuned_features
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.plan import plan_one_symbol
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.request import TrainingRequest


@dataclass(frozen=True, slots=True, eq=False)
class FeatureTable:
    """One row per bar that training reads: those with a label, and of windows the rows that they look back on.

    Attributes
    ----------
    frame : DataFrame
        timestamp, known_at (UTC), the features in contract order (float32), label (class number or target), label_end
        (UTC), part (train, validation, test; missing for rows that were purged). Rows that are only looked back on may
        lack a label, and have no part.
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
        prepared = prepare(PoolSources(self._data, self._features), job)
        features = prepared.features if tuned is None else _tuned(prepared.features, tuned)
        pool = prepared.pool
        read = _read(pool, model_spec(job.strategy).window)
        matrix, end_rows = resolved_matrix(pool.matrix_at(read), features), pool.label_end_rows[read]
        labelled = end_rows != NO_LABEL
        values = pd.Series(pool.labels_of(read))
        ends = pd.Series(pd.to_datetime(pool.bars[0][end_rows], utc=True))
        columns = {
            "timestamp": pd.to_datetime(matrix.stamps, utc=True),
            "known_at": pd.to_datetime(matrix.known_at, utc=True),
            **{name: matrix.values[:, column] for column, name in enumerate(matrix.ids)},
            "label": (values.astype("Int64") if pool.target.is_classification else values).where(labelled),
            "label_end": ends.where(labelled),
            "part": pd.Series(_parts(prepared)[read], dtype="str"),
        }
        return FeatureTable(pd.DataFrame(columns), prepared.notes)


def _tuned(features: Sequence[Feature], manifest: Manifest) -> tuple[Feature, ...]:
    sets = read_tuned(manifest)
    same = [feature.id for feature in features] == manifest.resolved_features
    if not same or {feature.learnable for feature in features if feature.learnable} != sets.keys():
        raise InvalidInput(f"{manifest.model_name}: was trained on other features, or has learned other fuzzy sets")
    return tuned_features(features, sets)


def _read(pool: Pool, window: int) -> Int64s:
    """Return the rows that are in the window of a row that can be learnt from."""
    ends = np.flatnonzero(pool.spans.learnable)
    read = np.zeros(len(pool), dtype=np.bool_)
    for back in range(window):
        read[ends - back] = True
    return np.flatnonzero(read)


def _parts(prepared: Prepared) -> NDArray[np.object_]:
    """Return the part of each row; None where it has none."""
    parts = np.full(len(prepared.pool), None, dtype=object)
    for name, part in prepared.split.parts.items():
        parts[part.rows] = name
    return parts
