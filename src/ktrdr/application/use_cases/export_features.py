"""Export: the rows that training would use, for people who go on in their own tools."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ktrdr.application.pipeline import Prepared, prepare
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.selection import with_selected_symbols
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.splits.split import PARTS
from ktrdr.domain.training.plan import TrainingRequest, plan_training


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

    def execute(self, request: TrainingRequest) -> FeatureTable:
        """Return the table of the request's one symbol.

        Raises
        ------
        InvalidInput, DataNotFound
            As training would.
        """
        (job,) = plan_training(with_selected_symbols(self._data, request))
        prepared = prepare(self._data, self._features, job.strategy, job.symbols[0])
        matrix, labels = prepared.matrix, prepared.labels
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


def _parts(prepared: Prepared) -> pd.Series:
    """Return the part of each matrix row."""
    parts = np.full(len(prepared.matrix), None, dtype=object)
    for name in PARTS:
        parts[prepared.places(name)] = name
    return pd.Series(parts, dtype="str")
