"""Scaling of features and targets, fitted on train rows alone and stored with the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, did_you_mean
from ktrdr.domain.resolution import resolution

_FEW_ROWS = 240


def _minmax(column: Floats) -> tuple[float, float]:
    return float(column.min()), float(np.ptp(column))


def _zscore(column: Floats) -> tuple[float, float]:
    return float(column.mean()), float(column.std())


def _robust(column: Floats) -> tuple[float, float]:
    low, middle, high = np.quantile(column, [0.25, 0.5, 0.75])
    return float(middle), float(high - low)


NORMALIZATIONS: Mapping[str, Callable[[Floats], tuple[float, float]] | None] = {
    "none": None,
    "minmax": _minmax,
    "zscore": _zscore,
    "robust": _robust,
}
"""Name to centre and scale of a column: minimum and range, mean and standard deviation, median and quartile range."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """Features to model inputs: ``(value - centre) / scale``, feature by feature.

    Attributes
    ----------
    centre, scale : ndarray of float64, shape (n_features,)
        In the feature's unit; scale above 0. A feature left as it is has 0 and 1.
    """

    centre: Floats
    scale: Floats

    @classmethod
    def fit(cls, values: Float32s, normalizations: Sequence[str]) -> Scaler:
        """Return the scaler of these rows, which must be train rows only.

        Parameters
        ----------
        values : ndarray of float32, shape (n_rows, n_features)
            Finite.
        normalizations : sequence of str, length n_features
            ``none``, ``minmax``, ``zscore`` (population standard deviation) or ``robust`` (quartiles). A column whose
            scale would be 0, or no more than the `resolution` of the values it is taken of, is centred and keeps
            scale 1.

        Raises
        ------
        InvalidInput
            If there are no rows, the lengths differ, or a name is not known.
        """
        n_rows, n_features = values.shape
        if n_rows == 0 or n_features != len(normalizations):
            raise InvalidInput(f"scaler: {n_rows} rows of {n_features} features for {len(normalizations)} scalings")
        fitted = [_fit_column(values[:, j], name) for j, name in enumerate(normalizations)]
        centre, scale = np.array(fitted, dtype=np.float64).reshape(-1, 2).T.copy()
        return cls(centre, scale)

    @property
    def moved(self) -> Int64s:
        """Places of the features that it does not leave as they are."""
        return np.flatnonzero((self.centre != 0) | (self.scale != 1))

    def transform(self, values: Float32s) -> Float32s:
        """Return scaled inputs in the memory order of `values`; `values` itself where nothing is to be scaled.

        Raises
        ------
        InvalidInput
            If the number of columns is not the scaler's.
        """
        if values.ndim != 2 or values.shape[1] != len(self.centre):
            raise InvalidInput(f"scaler: fitted on {len(self.centre)} features, found shape {values.shape}")
        scaled = self.moved
        if not len(scaled):
            return values.astype(np.float32, copy=False)
        if len(values) <= _FEW_ROWS:  # a call per column would cost more than the model
            return ((values - self.centre) / self.scale).astype(np.float32)
        inputs = values.astype(np.float32, order="K", copy=True)
        for j in scaled:
            inputs[:, j] = (values[:, j] - self.centre[j]) / self.scale[j]
        return inputs

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for the manifest; `from_dict` gives back an equal scaler, to the bit."""
        return {"centre": self.centre.tolist(), "scale": self.scale.tolist()}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Scaler:
        """Read what `as_dict` wrote.

        Raises
        ------
        CorruptArtifact
            If it is anything else.
        """
        centre, scale = _numbers(values, "scaler", "centre"), _numbers(values, "scaler", "scale")
        if len(centre) != len(scale) or not (scale > 0).all():
            raise CorruptArtifact("scaler: needs as many centres as scales, and every scale above 0")
        return cls(centre, scale)


@dataclass(frozen=True, slots=True)
class TargetScaler:
    """Regression targets to zero mean and unit variance, and back. `mean` and `std` are in the target's unit."""

    mean: float
    std: float

    @classmethod
    def fit(cls, targets: Floats) -> TargetScaler:
        """Return the scaler of these targets, which must be train rows only; constant targets keep std 1."""
        if not len(targets):
            raise InvalidInput("target scaler: there are no train rows")
        return cls(*_fit_column(targets, "zscore"))

    def transform(self, targets: Floats) -> Floats:
        """Return standardised targets."""
        return (targets - self.mean) / self.std

    def inverse(self, outputs: Floats) -> Floats:
        """Return standardised values in the target's unit."""
        return outputs * self.std + self.mean

    def as_dict(self) -> dict[str, float]:
        """Return plain values for the manifest."""
        return {"mean": self.mean, "std": self.std}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TargetScaler:
        """Read what `as_dict` wrote.

        Raises
        ------
        CorruptArtifact
            If it is anything else.
        """
        pair = {name: [values.get(name)] for name in ("mean", "std")} if isinstance(values, Mapping) else {}
        mean, std = (float(_numbers(pair, "target scaler", name)[0]) for name in ("mean", "std"))
        if std <= 0:
            raise CorruptArtifact(f"target scaler: std must be above 0, found {std}")
        return cls(mean, std)


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
    fitted = [_fit_weighted(values, place, name, rows, shares) for place, name in enumerate(normalizations)]
    centre, scale = np.array(fitted, dtype=np.float64).reshape(-1, 2).T.copy()
    return Scaler(centre, scale)


def fit_target_scaler(targets: Floats, shares: Floats | None) -> TargetScaler:
    """Return the scaler of train targets, weighted like `fit_scaler`."""
    if shares is None or targets.min() == targets.max():
        return TargetScaler.fit(targets)
    mean, deviation = _weighted_moments(targets, shares)
    return TargetScaler(mean, deviation or 1.0)


def _fit_weighted(values: Float32s, place: int, name: str, rows: Int64s, shares: Floats | None) -> tuple[float, float]:
    if name == "none":
        return 0.0, 1.0
    column = values[rows, place]
    if shares is None or name not in _WEIGHTED or column.min() == column.max():
        return _fit_column(column, name)
    centre, scale = _WEIGHTED[name](column.astype(np.float64), shares)
    return centre, scale or 1.0


def _weighted_moments(column: Floats, weights: Floats) -> tuple[float, float]:
    mean = float(np.average(column, weights=weights))
    return mean, float(np.sqrt(np.average(np.square(column - mean), weights=weights)))


def _weighted_quartiles(column: Floats, weights: Floats) -> tuple[float, float]:
    low, middle, high = np.quantile(column, [0.25, 0.5, 0.75], weights=weights, method="inverted_cdf")
    return float(middle), float(high - low)


_WEIGHTED: Mapping[str, Callable[[Floats, Floats], tuple[float, float]]] = {
    "zscore": _weighted_moments,
    "robust": _weighted_quartiles,
}


def _fit_column(column: NDArray[Any], name: str) -> tuple[float, float]:
    if name not in NORMALIZATIONS:
        hint = did_you_mean(name, NORMALIZATIONS)
        raise InvalidInput(f"normalization {name!r} is not known; allowed: {', '.join(NORMALIZATIONS)}{hint}")
    statistics = NORMALIZATIONS[name]
    if statistics is None:
        return 0.0, 1.0
    if column.min() == column.max():  # its standard deviation may come out as a rounding error instead of 0
        return float(column[0]), 1.0
    centre, scale = statistics(column.astype(np.float64))
    least = resolution(column.dtype.type(abs(centre) + scale))  # outliers are no part of a median
    return centre, scale if scale > least else 1.0


def _numbers(values: Mapping[str, Any], what: str, name: str) -> Floats:
    found = values.get(name) if isinstance(values, Mapping) else None
    if not isinstance(found, list) or not all(type(value) in {int, float} for value in found):
        raise CorruptArtifact(f"{what}: {name} must be a list of numbers")
    try:
        numbers = np.array(found, dtype=np.float64)
    except OverflowError as error:
        raise CorruptArtifact(f"{what}: {name} holds a number beyond all bounds") from error
    if not np.isfinite(numbers).all():
        raise CorruptArtifact(f"{what}: {name} holds a number that is not finite")
    return numbers
