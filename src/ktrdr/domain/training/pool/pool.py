"""The rows of many symbols in one matrix, symbol by symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools, Float32s, Int32s, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Naive, Target, Weighting
from ktrdr.domain.splits.spans import Spans

Allocate = Callable[[int, int], Float32s]
"""Number of rows and of columns to an array of that shape, row by row in memory, or in a file mapped to it."""


@dataclass(frozen=True, slots=True, eq=False)
class StepLabels:
    """Labels that look another number of bars ahead, row by row of a pool; see there."""

    labels: NDArray[np.int8] | NDArray[np.float64]
    label_end: Int64s
    label_end_rows: Int32s
    naive: tuple[Naive, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """Rows of several symbols; those of one symbol stand together, ascending in time.

    Attributes
    ----------
    symbols : tuple of str
        Sorted, so that the order in which they were named changes nothing.
    starts : ndarray of int64, shape (n_symbols + 1,)
        The rows of symbol s are ``starts[s]`` to ``starts[s + 1]``, without the latter.
    values : ndarray of float32, shape (n_rows, n_features)
        Row by row in memory, or in a file that is mapped to it.
    ids : tuple of str, length n_features
    stamps, known_at : ndarray of int64, shape (n_rows,)
        See `FeatureMatrix`.
    base_rows : ndarray of int32, shape (n_rows,)
        Position of each row's bar in the base series of its own symbol.
    labels : ndarray, shape (n_rows,)
        int8 class numbers or float64 targets, each symbol's by its own bars; arbitrary where `label_end` is `NO_LABEL`.
    label_end : ndarray of int64, shape (n_rows,)
        Moment at which the last bar that the label looked at is known (UTC nanoseconds); `NO_LABEL` for a row that can
        not be learnt from, since it has no label, or its window is not whole.
    label_end_rows : ndarray of int32, shape (n_rows,)
        The same bar's position in the base series of its symbol.
    target : Target
    bars : tuple of ndarray of int64
        Known-at moments of all base bars of each symbol (UTC nanoseconds), those of the warm-up among them.
    weighting : str
        See `LabelSet.weighting`.
    naive : tuple of Naive
        See `LabelSet.naive`; one value a row.
    steps : mapping of int to StepLabels
        By the number of bars ahead, where several are forecast; the pool's own among them.
    """

    symbols: tuple[str, ...]
    starts: Int64s
    values: Float32s
    ids: tuple[str, ...]
    stamps: Int64s
    known_at: Int64s
    base_rows: Int32s
    labels: NDArray[np.int8] | NDArray[np.float64]
    label_end: Int64s
    label_end_rows: Int32s
    target: Target
    bars: tuple[Int64s, ...]
    weighting: Weighting = "none"
    naive: tuple[Naive, ...] = ()
    steps: Mapping[int, StepLabels] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if list(self.symbols) != sorted(set(self.symbols)) or not len(self.starts) - 1 == len(self.symbols) == len(
            self.bars
        ):
            raise InvalidInput("pool: symbols must be sorted and unique, with one beginning each and one end")
        columns = (self.stamps, self.known_at, self.base_rows, self.labels, self.label_end, self.label_end_rows)
        if any(len(column) != len(self) for column in columns) or self.starts[-1] != len(self):
            raise InvalidInput("pool: every column must have one entry per row")

    def __len__(self) -> int:
        """Return the number of rows of all symbols."""
        return len(self.values)

    @property
    def symbol_of_row(self) -> Int32s:
        """Number of the symbol that each row belongs to, shape (n_rows,)."""
        numbers = np.arange(len(self.symbols), dtype=np.int32)
        return np.repeat(numbers, np.diff(self.starts))

    @property
    def blocks(self) -> dict[str, slice]:
        """Where the rows of each symbol stand."""
        return {symbol: self.rows_of(symbol) for symbol in self.symbols}

    @property
    def spans(self) -> Spans:
        """What a split looks at."""
        return Spans(self.known_at, self.label_end, self.symbol_of_row, self.bars)

    def at_step(self, step: int) -> Pool:
        """Return the same rows with the labels that look so many bars ahead."""
        own = self.steps[step]
        return replace(
            self,
            labels=own.labels,
            label_end=own.label_end,
            label_end_rows=own.label_end_rows,
            naive=own.naive,
            steps={},
        )

    def rows_of(self, symbol: str) -> slice:
        """Return where the rows of a symbol stand."""
        place = self.symbols.index(symbol)
        return slice(int(self.starts[place]), int(self.starts[place + 1]))

    def matrix_of(self, symbol: str) -> FeatureMatrix:
        """Return the matrix of one symbol, as it was before it came into the pool; its values are a view."""
        rows = self.rows_of(symbol)
        base_rows = self.base_rows[rows].astype(np.int64)
        return FeatureMatrix(self.values[rows], self.ids, base_rows, self.stamps[rows], self.known_at[rows])

    def matrix_at(self, rows: Int64s) -> FeatureMatrix:
        """Return some rows as a matrix, be they of several symbols; base_rows then count each symbol's own bars."""
        base_rows = self.base_rows[rows].astype(np.int64)
        return FeatureMatrix(self.values[rows], self.ids, base_rows, self.stamps[rows], self.known_at[rows])

    def labels_of(self, rows: Int64s | slice) -> NDArray[np.int64] | NDArray[np.float64]:
        """Return the labels of some rows: int64 class numbers or float64 targets."""
        labels = self.labels[rows]
        return labels.astype(np.int64) if self.target.is_classification else labels.astype(np.float64)


def in_memory(n_rows: int, n_columns: int) -> Float32s:
    """Return room for a matrix; pages that are never written take no memory."""
    return np.empty((n_rows, n_columns), dtype=np.float32)


class PoolBuilder:
    """Fills a matrix that is allocated once, symbol by symbol.

    Parameters
    ----------
    allocate : callable
        Takes the number of rows of the first symbol and gives a float32 array of shape (n_allocated, n_features), with
        at least as many rows as will come; what is left over is never touched.
    """

    def __init__(self, allocate: Callable[[int], Float32s]) -> None:
        self._allocate = allocate
        self._values: Float32s | None = None
        self._count = 0
        self._symbols: list[str] = []
        self._starts = [0]
        self._bars: list[Int64s] = []
        self._columns: list[tuple[NDArray[np.generic], ...]] = []
        self._naive: list[tuple[Naive, ...]] = []
        self._steps: dict[int, list[StepLabels]] = {}
        self._kind: tuple[tuple[str, ...], Target, Weighting] | None = None

    def add(
        self,
        symbol: str,
        matrix: FeatureMatrix,
        labels: LabelSet,
        base_known_at: Int64s,
        learnable: Bools,
        steps: Mapping[int, tuple[LabelSet, Bools]] = MappingProxyType({}),
    ) -> None:
        """Append all rows of a symbol; symbols come in sorted order.

        Parameters
        ----------
        symbol : str
        matrix : FeatureMatrix
        labels : LabelSet
            One entry per base bar of this symbol.
        base_known_at : ndarray of int64, shape (n_bars,)
        learnable : ndarray of bool, shape (n_rows,)
            Which rows of the matrix can be learnt from: those with a label, and a whole window.
        steps : mapping of int to (LabelSet, ndarray of bool)
            The same of each number of bars ahead, where several are forecast.

        Raises
        ------
        InvalidInput
            If the columns or the target are not those of the symbols before, or there is no room.
        """
        kind = (matrix.ids, labels.target, labels.weighting)
        end = self._count + len(matrix)
        if self._kind not in {None, kind}:
            raise InvalidInput(f"pool: {symbol} has other columns or other labels than {self._symbols[0]}")
        if self._values is None:
            self._values = self._allocate(len(matrix))
        if end > len(self._values):
            raise InvalidInput(f"pool: {symbol} has more rows than its data were said to have")
        self._kind = kind
        self._values[self._count : end] = matrix.values
        self._count = end
        self._symbols.append(symbol)
        self._starts.append(end)
        self._bars.append(base_known_at)
        self._columns.append(_columns(matrix, labels, base_known_at, learnable))
        self._naive.append(tuple(one.at(matrix.base_rows) for one in labels.naive))
        for step, (ahead, usable) in steps.items():
            columns = _columns(matrix, ahead, base_known_at, usable)[3:]
            naive = tuple(one.at(matrix.base_rows) for one in ahead.naive)
            self._steps.setdefault(step, []).append(_step_labels(columns, naive))

    def build(self) -> Pool:
        """Return the pool of all symbols that were added.

        Raises
        ------
        InvalidInput
            If there are none, or they were not sorted.
        """
        if self._kind is None or self._values is None:
            raise InvalidInput("pool: there are no symbols")
        ids, target, weighting = self._kind
        joined: list[Any] = [np.concatenate(parts) for parts in zip(*self._columns, strict=True)]
        self._columns.clear()
        stamps, known_at, base_rows, labels, label_end, label_end_rows = joined
        return Pool(
            tuple(self._symbols),
            np.array(self._starts, dtype=np.int64),
            self._values[: self._count],
            ids,
            stamps,
            known_at,
            base_rows,
            labels,
            label_end,
            label_end_rows,
            target,
            tuple(self._bars),
            weighting,
            _all_joined(self._naive),
            {step: _joined_step(parts) for step, parts in self._steps.items()},
        )


def _joined_step(parts: Sequence[StepLabels]) -> StepLabels:
    columns: list[Any] = [
        np.concatenate([getattr(part, name) for part in parts]) for name in ("labels", "label_end", "label_end_rows")
    ]
    return _step_labels(columns, _all_joined([part.naive for part in parts]))


def _step_labels(columns: Sequence[Any], naive: tuple[Naive, ...]) -> StepLabels:
    labels, label_end, label_end_rows = columns
    return StepLabels(labels, label_end, label_end_rows, naive)


def _all_joined(naive: Sequence[tuple[Naive, ...]]) -> tuple[Naive, ...]:
    return tuple(_joined(parts) for parts in zip(*naive, strict=True))


def _joined(parts: Sequence[Naive]) -> Naive:
    return replace(parts[0], values=np.concatenate([part.values for part in parts]))


def _columns(
    matrix: FeatureMatrix, labels: LabelSet, base_known_at: Int64s, learnable: Bools
) -> tuple[NDArray[np.generic], ...]:
    end_rows = labels.end_rows[matrix.base_rows]
    kind = np.int8 if labels.target.is_classification else np.float64
    return (
        matrix.stamps,
        matrix.known_at,
        matrix.base_rows.astype(np.int32),
        labels.values[matrix.base_rows].astype(kind),
        np.where(learnable, base_known_at[end_rows], NO_LABEL),
        end_rows.astype(np.int32),
    )
