"""Scaling of a pool's features and targets, fitted on its train rows with the weight of each symbol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.scaling import Scaler, TargetScaler


def fit_scaler(values: Float32s, rows: Int64s, shares: Floats | None, normalizations: Sequence[str]) -> Scaler:
    """Return the scaler of some rows, column by column, so that no copy of them is made.

    Parameters
    ----------
    values : ndarray of float32, shape (n_rows, n_features)
    rows : ndarray of int64, shape (n_samples,)
        Train rows only.
    shares : ndarray of float64, shape (n_samples,), or None
        What each counts; None: all the same. Minimum and range are the same whatever the rows count, quantiles are
        the smallest value up to which at least their share of the weight lies.
    normalizations : sequence of str, length n_features
        See `Scaler.fit`.
    """
    centre, scale = np.zeros(len(normalizations)), np.ones(len(normalizations))
    for place, name in enumerate(normalizations):
        if name != "none":
            column = values[rows, place]
            fitted = Scaler.fit(column[:, None], [name])
            centre[place], scale[place] = fitted.centre[0], fitted.scale[0]
            if shares is not None and name in _WEIGHTED and column.min() < column.max():
                middle, width = _WEIGHTED[name](column.astype(np.float64), shares)
                centre[place], scale[place] = middle, width or 1.0
    return Scaler(centre, scale)


def fit_target_scaler(targets: Floats, shares: Floats | None) -> TargetScaler:
    """Return the scaler of train targets, weighted like `fit_scaler`."""
    if shares is None or targets.min() == targets.max():
        return TargetScaler.fit(targets)
    mean, deviation = _moments(targets, shares)
    return TargetScaler(mean, deviation or 1.0)


def scale_in_place(pool: Pool, scaler: Scaler) -> Pool:
    """Return the pool with scaled values, which are written over the old ones, symbol by symbol.

    Raises
    ------
    InvalidInput
        If the scaler was fitted on another number of columns.
    """
    for symbol in pool.symbols:
        block = pool.values[pool.rows_of(symbol)]
        scaled = scaler.transform(block)
        if scaled is not block:
            block[:] = scaled
    return replace(pool)


def _moments(column: Floats, weights: Floats) -> tuple[float, float]:
    mean = float(np.average(column, weights=weights))
    return mean, float(np.sqrt(np.average(np.square(column - mean), weights=weights)))


def _quartiles(column: Floats, weights: Floats) -> tuple[float, float]:
    low, middle, high = np.quantile(column, [0.25, 0.5, 0.75], weights=weights, method="inverted_cdf")
    return float(middle), float(high - low)


_WEIGHTED: Mapping[str, Callable[[Floats, Floats], tuple[float, float]]] = {"zscore": _moments, "robust": _quartiles}
