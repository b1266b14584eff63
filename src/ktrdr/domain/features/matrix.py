"""The matrix a model reads: named columns in contract order, one row per usable base bar."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.market.bars import Bars


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
        if not _all_finite(self.values):
            column = int(np.flatnonzero(~np.isfinite(self.values).all(axis=0))[0])
            raise InvalidInput(f"feature matrix: column {self.ids[column]!r} holds values that are not finite")

    @classmethod
    def of_usable_rows(cls, values: Float32s, ids: Sequence[str], base: Bars) -> FeatureMatrix:
        """Return the rows without a missing value; the others are dropped and counted.

        Where only leading rows are dropped the matrix is a view of `values`.

        Parameters
        ----------
        values : ndarray of float32, shape (n_bars, n_features)
            One row per base bar; not finite where a feature has no value.
        ids : sequence of str, length n_features
        base : Bars
        """
        warmup = max((_leading_gap(column) for column in values.T), default=0)
        rows: slice | Int64s = slice(warmup, None)
        unusable = 0
        if not _all_finite(values[rows]):
            rows = np.flatnonzero(np.isfinite(values).all(axis=1))
            warmup = int(rows[0]) if len(rows) else len(values)
            unusable = len(values) - warmup - len(rows)
        return cls(
            _rows_of(values, rows),
            tuple(ids),
            np.arange(len(base), dtype=np.int64)[rows],
            base.stamps[rows],
            base.known_at[rows],
            warmup,
            unusable,
        )

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
        return replace(self, values=self.values.T[[position[name] for name in ids]].T, ids=tuple(ids))

    def take(self, rows: slice | NDArray[np.bool_] | Int64s) -> FeatureMatrix:
        """Return some of the rows; the counts of dropped rows stay those of the whole."""
        return replace(
            self,
            values=_rows_of(self.values, rows),
            base_rows=self.base_rows[rows],
            stamps=self.stamps[rows],
            known_at=self.known_at[rows],
        )


def _rows_of(values: Float32s, rows: slice | NDArray[np.bool_] | Int64s) -> Float32s:
    """Return some rows, column-major whatever chose them."""
    if isinstance(rows, slice):
        return values[rows]
    return values.T.take(np.flatnonzero(rows) if rows.dtype == np.bool_ else rows, axis=1).T


def _all_finite(values: Float32s) -> bool:
    """Return whether every value is finite; a finite sum proves it in one pass, without a boolean copy."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def _leading_gap(column: Float32s) -> int:
    """Return how many values stand before the first finite one."""
    block = 1024
    for start in range(0, len(column), block):
        finite = np.isfinite(column[start : start + block])
        if finite.any():
            return start + int(finite.argmax())
    return len(column)
