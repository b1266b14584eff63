"""A column of numbers in few: counts between quantiles, to be compared with what comes later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.evaluation.importance import evenly_spaced

LEVELS = (0.01, *(step / 20 for step in range(1, 20)), 0.99)
"""Quantiles between which is counted."""
MOST_ROWS = 100_000
"""So many rows at most are counted, evenly spaced."""
_MOST_EDGES = len(LEVELS) + 1
_MOST_COUNT = 2**53
_COUNTED = ("counts", "nonfinite", "low", "high", "mean", "std")


@dataclass(frozen=True, slots=True)
class Counted:
    """One part of a column, counted.

    Attributes
    ----------
    counts : tuple of int
        Finite values up to the first edge, from each edge to the next (that one included), and above the last.
    nonfinite : int
        Values that are NaN or infinite, as float32.
    low, high, mean, std : float or None
        Of the finite values, population standard deviation; None where there are none.
    """

    counts: tuple[int, ...]
    nonfinite: int
    low: float | None
    high: float | None
    mean: float | None
    std: float | None

    @property
    def rows(self) -> int:
        """Values that were counted."""
        return sum(self.counts) + self.nonfinite

    def shares(self) -> Floats:
        """Return the counts as shares of the finite values, shape (n_edges + 1,); all 0 where there are none."""
        counts = np.array(self.counts, dtype=np.float64)
        return counts / max(float(counts.sum()), 1.0)


@dataclass(frozen=True, slots=True)
class Sketch:
    """A column of one or more parts, counted between the same edges, so that counts of more rows may be added.

    Attributes
    ----------
    edges : tuple of float
        Ascending float32 numbers: quantiles of the first part at `LEVELS`, equal ones once. Where its smallest value is
        one of them, the number below that comes first, so that what lies below all that was seen is counted apart.
    parts : mapping of str to Counted
        By name, such as ``train`` and ``validation``.
    """

    edges: tuple[float, ...]
    parts: Mapping[str, Counted]

    @classmethod
    def of(cls, parts: Mapping[str, Floats | Float32s]) -> Sketch:
        """Return the sketch of a column.

        Parameters
        ----------
        parts : mapping of str to ndarray, shape (n,)
            The first one gives the edges. Of more than `MOST_ROWS` values as many evenly spaced ones are taken.
        """
        taken = {name: _taken(values) for name, values in parts.items()}
        edges = _edges(next(iter(taken.values())))
        return cls(tuple(map(_short, edges)), {name: _counted(values, edges) for name, values in taken.items()})

    def counted(self, values: Floats | Float32s) -> Counted:
        """Return other values of the column, counted between the same edges."""
        return _counted(_taken(values), np.array(self.edges, dtype=np.float32))

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        parts = {name: {key: getattr(part, key) for key in _COUNTED} for name, part in self.parts.items()}
        return {"edges": list(self.edges)} | {
            name: part | {"counts": list(part["counts"])} for name, part in parts.items()
        }

    @classmethod
    def read(cls, values: Any, parts: Mapping[str, int], where: str) -> Sketch:
        """Return what `as_dict` wrote.

        Parameters
        ----------
        values : Any
        parts : mapping of str to int
            The parts that there must be, and of how many rows.
        where : str
            What to name in a message.

        Raises
        ------
        CorruptArtifact
            If it is anything else: other keys, edges that do not ascend, counts that do not add up to the rows.
        """
        if not isinstance(values, dict) or values.keys() != {"edges", *parts}:
            raise CorruptArtifact(f"{where}: must hold edges, {', '.join(parts)}")
        edges = values["edges"]
        if not isinstance(edges, list) or len(edges) > _MOST_EDGES or not all(map(is_number, edges)):
            raise CorruptArtifact(f"{where}: edges must be at most {_MOST_EDGES} finite numbers")
        with np.errstate(over="ignore"):
            narrow = np.array(edges, dtype=np.float64).astype(np.float32)
        if not np.isfinite(narrow).all() or (np.diff(narrow) <= 0).any():
            raise CorruptArtifact(f"{where}: edges must ascend, as float32")
        read = {
            name: _read(values[name], len(edges) + 1, min(rows, MOST_ROWS), f"{where}: {name}")
            for name, rows in parts.items()
        }
        return cls(tuple(map(float, edges)), read)


def is_number(value: object) -> bool:
    """Return whether a value from JSON is a finite number that a float holds."""
    if type(value) is int:
        return abs(value) <= _MOST_COUNT
    return type(value) is float and isfinite(value)


def is_count(value: object) -> bool:
    """Return whether a value from JSON is a number of rows."""
    return type(value) is int and 0 <= value <= _MOST_COUNT


def _taken(values: Floats | Float32s) -> Float32s:
    if values.ndim != 1:
        raise InvalidInput(f"sketch: a column has one dimension, found the shape {values.shape}")
    chosen = values if len(values) <= MOST_ROWS else values[evenly_spaced(len(values), MOST_ROWS)]
    with np.errstate(over="ignore"):
        return chosen.astype(np.float32)


def _edges(values: Float32s) -> Float32s:
    finite = np.sort(values[np.isfinite(values)])
    if not len(finite):
        return finite
    edges = np.unique(finite[np.ceil(np.array(LEVELS) * len(finite)).astype(np.int64) - 1])
    with np.errstate(over="ignore"):
        below = np.nextafter(edges[:1], np.float32(-np.inf))
    return np.concatenate((below, edges)) if edges[0] == finite[0] and np.isfinite(below[0]) else edges


def _counted(values: Float32s, edges: Float32s) -> Counted:
    finite = np.sort(values[np.isfinite(values)])
    up_to = np.searchsorted(finite, edges, side="right")
    counts = tuple(np.diff(up_to, prepend=0, append=len(finite)).tolist())
    nonfinite = len(values) - len(finite)
    if not len(finite):
        return Counted(counts, nonfinite, None, None, None, None)
    wide = finite.astype(np.float64)
    low, high = _short(finite[0]), _short(finite[-1])
    return Counted(counts, nonfinite, low, high, _figure(wide.mean()), _figure(wide.std()))


def _short(value: np.float32) -> float:
    """Return the shortest number that is this one as float32."""
    return float(str(value))


def _figure(value: float) -> float:
    return float(f"{value:.7g}")


def _read(values: Any, n_counts: int, rows: int, where: str) -> Counted:
    if not isinstance(values, dict) or values.keys() != set(_COUNTED):
        raise CorruptArtifact(f"{where}: must hold {', '.join(_COUNTED)}")
    counts, nonfinite = values["counts"], values["nonfinite"]
    if not isinstance(counts, list) or len(counts) != n_counts or not all(map(is_count, (*counts, nonfinite))):
        raise CorruptArtifact(f"{where}: must hold {n_counts} counts, and one of values that are not finite")
    if sum(counts) + nonfinite != rows:
        raise CorruptArtifact(f"{where}: counts {sum(counts) + nonfinite:,} of {rows:,} rows")
    moments = [values[name] for name in ("low", "high", "mean", "std")]
    if not (all(map(is_number, moments)) if any(counts) else all(moment is None for moment in moments)):
        raise CorruptArtifact(f"{where}: low, high, mean and std must be finite numbers, or null without values")
    if any(counts) and (values["low"] > values["high"] or values["std"] < 0):
        raise CorruptArtifact(f"{where}: low lies above high, or std below 0")
    return Counted(tuple(counts), nonfinite, *(None if moment is None else float(moment) for moment in moments))
