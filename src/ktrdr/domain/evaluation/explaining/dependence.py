"""How what a model says depends on one of its inputs, with all others as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.evaluation.explaining.naming import Meaning

POINTS = 15
_USUAL = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class Input:
    """What is read off one source on one timeframe: a number, or the degrees of a fuzzy set, with its lags.

    Attributes
    ----------
    name : str
    columns : ndarray of int64, shape (n_lags, n_columns)
        Of the row itself first.
    terms : tuple of str
        Of a fuzzy set the memberships, in its order; else empty.
    """

    name: str
    columns: Int64s
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Dependence:
    """What a model says where one input is put to values that it has taken.

    Attributes
    ----------
    input : Input
    places : ndarray of float64, shape (n_points,)
        Values; of a fuzzy set the place between its terms, 0 for the first.
    lines : ndarray of float64, shape (n_points, n_samples, n_outputs)
        Of each sample: individual conditional expectations.
    outside : float
        Share of the samples so made that lie farther from all observed ones than 95 % of these lie from each other.
    """

    input: Input
    places: Floats
    lines: Floats
    outside: float

    @property
    def mean(self) -> Floats:
        """Partial dependence, shape (n_points, n_outputs)."""
        mean: Floats = self.lines.mean(axis=1)
        return mean


def inputs_of(meanings: Sequence[Meaning]) -> tuple[Input, ...]:
    """Return the inputs that columns of these meanings belong to, in their order."""
    found: dict[tuple[str, str], dict[int, list[int]]] = {}
    for column, one in enumerate(meanings):
        found.setdefault((one.source, one.timeframe), {}).setdefault(one.lag, []).append(column)
    made = []
    for (source, timeframe), by_lag in found.items():
        columns = np.array([by_lag[lag] for lag in sorted(by_lag)], dtype=np.int64)
        terms = tuple(meanings[place].term.removeprefix(f"{source} is ") for place in columns[0])
        name = f"{source} on {timeframe}" if timeframe else source
        made.append(Input(name, columns, terms if columns.shape[1] > 1 else ()))
    return tuple(made)


def dependence(
    outputs: Callable[[Float32s], Floats], samples: Float32s, observed: Float32s, values: Float32s, which: Input
) -> Dependence | None:
    """Return the dependence on one input; None where it never changes.

    Parameters
    ----------
    outputs : callable
        Samples, shape (n, window, n_columns), to what is shown of each, shape (n, n_outputs).
    samples : ndarray of float32, shape (n_samples, window, n_columns)
        Scaled.
    observed : ndarray of float32, shape (n_observed, n_columns)
        Scaled last rows that say where the model has been.
    values : ndarray of float32, shape (n_observed, n_columns)
        The same, not scaled: what the places are read off.
    which : Input
        Put to the same in all rows of a window and at all lags.

    References
    ----------
    Friedman (2001), Greedy function approximation, Annals of Statistics 29. Goldstein, Kapelner, Bleich and Pitkin
    (2015), Peeking inside the black box, Journal of Computational and Graphical Statistics 24.
    """
    own = which.columns[0]
    at = _places(values[:, own])
    known = np.flatnonzero(np.isfinite(at))
    order = known[np.argsort(at[known], kind="stable")]
    chosen = order[np.linspace(0, len(order) - 1, POINTS).round().astype(np.int64)] if len(order) else order
    places, first = np.unique(at[chosen], return_index=True)
    if len(places) < 2:
        return None
    lines, outside, far = [], [], _distance(observed)
    for row in chosen[first]:
        moved = samples.copy()
        moved[:, :, which.columns] = observed[row, own]
        lines.append(outputs(moved))
        outside.append(far(moved[:, -1]))
    return Dependence(which, places, np.stack(lines), float(np.mean(outside)))


def _places(values: Float32s) -> Floats:
    """Return the value of each row; of several degrees their centre of gravity, NaN where all are 0."""
    if values.shape[1] == 1:
        return values[:, 0].astype(np.float64)
    total = values.sum(axis=1, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre: Floats = np.where(total > 0, values @ np.arange(values.shape[1], dtype=np.float64) / total, np.nan)
    return centre


def _distance(observed: Float32s) -> Callable[[Float32s], Floats]:
    """Return what says of rows whether they lie farther from all observed ones than is usual among these."""
    observed = np.nan_to_num(observed)
    spread = observed.std(axis=0, dtype=np.float64)
    moving = np.flatnonzero(spread > 0)
    seen = observed[:, moving] / spread[moving]
    among = _squares(seen, seen)
    np.fill_diagonal(among, np.inf)
    usual = float(np.quantile(among.min(axis=1), _USUAL)) if len(seen) > 1 else np.inf

    def far(rows: Float32s) -> Floats:
        nearest = _squares(np.nan_to_num(rows)[:, moving] / spread[moving], seen).min(axis=1)
        return np.where(nearest > usual + 1e-9, 1.0, 0.0)

    return far


def _squares(rows: Floats, others: Floats) -> Floats:
    """Return squared distances, shape (n_rows, n_others)."""
    crossed = rows @ others.T
    squares: Floats = np.square(rows).sum(axis=1)[:, None] + np.square(others).sum(axis=1) - 2 * crossed
    return np.maximum(squares, 0.0)
