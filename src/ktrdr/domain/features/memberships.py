"""Fuzzy membership functions, one vectorised implementation for scalars and columns.

References
----------
Zadeh (1965), Fuzzy Sets, Information and Control 8(3). Jang (1993), ANFIS, IEEE Trans. SMC 23(3) (bell, gaussian).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ktrdr.domain.features.feature import Membership
from ktrdr.domain.market.bars import Floats

_CHUNK = 8192  # values at a time, so that every intermediate result stays in the processor's cache
_ZEROS, _ONES = (
    np.zeros(_CHUNK),
    np.ones(_CHUNK),
)  # numpy compares two arrays several times faster than array and scalar


def membership_degrees(membership: Membership, values: ArrayLike, out: NDArray[Any] | None = None) -> NDArray[Any]:
    """Return to which degree each value belongs to the fuzzy set.

    Parameters
    ----------
    membership : Membership
        Kind and parameters, as `MEMBERSHIPS` checks them.
    values : array_like of float, any shape
        In the units of the indicator.
    out : ndarray, shape of `values`, optional
        Written and returned; computed in float64 whatever its type. By default a new float64 array.

    Returns
    -------
    ndarray, shape of `values`
        In [0, 1]; NaN where the value is NaN.

    Causality: each degree depends on its own value alone.
    """
    values = np.asarray(values, dtype=np.float64)
    out = np.empty(values.shape) if out is None else out
    evaluate = _EVALUATE[membership.type]
    flat, target = values.reshape(-1), out.reshape(-1)
    with np.errstate(over="ignore", under="ignore"):
        for start in range(0, len(flat), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            target[chunk] = evaluate(flat[chunk], *membership.parameters)
    return out


def _rise(x: Floats, foot: float, peak: float) -> Floats:
    """Return the line from 0 at `foot` to 1 at `peak`, beyond both too; a step that is 1 at `peak` where they meet."""
    if foot == peak:
        return _step(x, x >= peak)
    line = x - foot
    line /= peak - foot
    return line


def _fall(x: Floats, peak: float, foot: float) -> Floats:
    """Return the mirror image of `_rise`."""
    if foot == peak:
        return _step(x, x <= peak)
    line = foot - x
    line /= foot - peak
    return line


def _step(x: Floats, inside: NDArray[np.bool_]) -> Floats:
    """Return 1 inside, 0 outside, NaN where there is no value; `np.heaviside` takes twice as long."""
    degrees = inside.astype(np.float64)
    np.copyto(degrees, np.nan, where=np.isnan(x))
    return degrees


def _at_least_0(degrees: Floats) -> Floats:
    return np.maximum(degrees, _ZEROS[: len(degrees)], out=degrees)


def _at_most_1(degrees: Floats) -> Floats:
    return np.minimum(degrees, _ONES[: len(degrees)], out=degrees)


def _triangular(x: Floats, a: float, b: float, c: float) -> Floats:
    rise = _rise(x, a, b)
    return _at_least_0(np.minimum(rise, _fall(x, b, c), out=rise))


def _trapezoidal(x: Floats, a: float, b: float, c: float, d: float) -> Floats:
    rise = _rise(x, a, b)
    return _at_most_1(_at_least_0(np.minimum(rise, _fall(x, c, d), out=rise)))


def _gaussian(x: Floats, mu: float, sigma: float) -> Floats:
    return np.exp(-0.5 * ((x - mu) / sigma) ** 2)


def _bell(x: Floats, a: float, b: float, c: float) -> Floats:
    return 1.0 / (1.0 + np.abs((x - c) / a) ** (2.0 * b))


def _sigmoid(x: Floats, slope: float, centre: float) -> Floats:
    return 1.0 / (1.0 + np.exp(-slope * (x - centre)))


def _left_shoulder(x: Floats, a: float, b: float) -> Floats:
    return _at_most_1(_at_least_0(_fall(x, a, b)))


def _right_shoulder(x: Floats, a: float, b: float) -> Floats:
    return _at_most_1(_at_least_0(_rise(x, a, b)))


_EVALUATE: Mapping[str, Callable[..., Floats]] = {
    "triangular": _triangular,
    "trapezoidal": _trapezoidal,
    "gaussian": _gaussian,
    "bell": _bell,
    "sigmoid": _sigmoid,
    "left_shoulder": _left_shoulder,
    "right_shoulder": _right_shoulder,
}
