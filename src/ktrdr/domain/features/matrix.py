"""The matrix a model reads: named columns in contract order, one row per usable base bar."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.market.sessions import Int64s

Float32s = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FeatureMatrix:
    """Features of one symbol, ascending in time.

    Attributes
    ----------
    values : ndarray of float32, shape (n_rows, n_features)
        Finite. Column-major, since features are computed and read column by column.
    ids : tuple of str, length n_features
        Feature ids in contract order, unique.
    base_rows : ndarray of int64, shape (n_rows,)
        Position of each row's bar in the base series it was computed from.
    stamps, known_at : ndarray of int64, shape (n_rows,)
        Open of the base bar, and the moment from which the row is known (UTC nanoseconds).
    warmup_rows : int
        Rows dropped before the first usable one.
    unusable_rows : int
        Rows dropped later because a used value was not finite.

    Raises
    ------
    InvalidInput
        If shapes disagree, ids repeat, or a value is not finite.
    """

    values: Float32s
    ids: tuple[str, ...]
    base_rows: Int64s
    stamps: Int64s
    known_at: Int64s
    warmup_rows: int = 0
    unusable_rows: int = 0

    def __post_init__(self) -> None:
        n_rows, n_features = self.values.shape
        if n_features != len(self.ids) or len(set(self.ids)) != len(self.ids):
            raise InvalidInput(
                f"feature matrix: {n_features} columns for {len(self.ids)} ids, of which some may repeat"
            )
        if not (len(self.base_rows) == len(self.stamps) == len(self.known_at) == n_rows):
            raise InvalidInput("feature matrix: base_rows, stamps and known_at must have one entry per row")
        # A sum is finite only if every addend is: one pass, no boolean copy. Values near float32's limit do not occur.
        if not np.isfinite(self.values.sum(dtype=np.float64)):
            column = int(np.flatnonzero(~np.isfinite(self.values.sum(axis=0, dtype=np.float64)))[0])
            raise InvalidInput(f"feature matrix: column {self.ids[column]!r} holds values that are not finite")

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)

    def select(self, ids: Sequence[str]) -> FeatureMatrix:
        """Return the columns `ids`, in that order; extra columns are dropped with a warning.

        Raises
        ------
        InvalidInput
            If an id is missing.
        """
        if tuple(ids) == self.ids:
            return self
        position = {name: index for index, name in enumerate(self.ids)}
        missing = [name for name in ids if name not in position]
        if missing:
            raise InvalidInput(
                f"feature matrix lacks {missing[0]!r} ({len(missing)} missing)" + did_you_mean(missing[0], self.ids)
            )
        extra = [name for name in self.ids if name not in set(ids)]
        if extra:
            warnings.warn(f"feature matrix: dropped {len(extra)} columns that nobody asked for: {extra}", stacklevel=2)
        return replace(self, values=self.values[:, [position[name] for name in ids]], ids=tuple(ids))

    def take(self, rows: slice | NDArray[np.bool_] | Int64s) -> FeatureMatrix:
        """Return some of the rows; the counts of dropped rows stay those of the whole."""
        return replace(
            self,
            values=self.values[rows],
            base_rows=self.base_rows[rows],
            stamps=self.stamps[rows],
            known_at=self.known_at[rows],
        )
