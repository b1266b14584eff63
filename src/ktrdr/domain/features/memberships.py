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

from ktrdr.domain.arrays import Floats
from ktrdr.domain.features.feature import Membership

Degrees = NDArray[Any]

_CHUNK = 32768  # values at a time, so that every intermediate result stays in the processor's cache
_ZEROS = np.zeros(_CHUNK, dtype=np.float32)  # numpy compares two arrays several times faster than array and number


def membership_degrees(membership: Membership, values: ArrayLike, out: Degrees | None = None) -> Degrees:
    """Return to which degree each value belongs to the fuzzy set.

    Parameters
    ----------
    membership : Membership
        Kind and parameters, as `MEMBERSHIPS` checks them.
    values : array_like of float, any shape
        In the units of the indicator.
    out : ndarray, shape of `values`, optional
        Written and returned, right to within the rounding of 1 in its type. By default a new float64 array.

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
            evaluate(flat[chunk], target[chunk], *membership.parameters)
    return out


# Straight edges: an offset from the peak is taken in float64 and scaled in the type of `out`, so that the foot stands
# at -1; of two edges the lower counts, and 1 is added. All of it is exact at peak and foot.


def _triangular(x: Floats, out: Degrees, a: float, b: float, c: float) -> None:
    np.subtract(x, b, out=out, casting="same_kind")
    right = _edge(out, c - b, -1, np.empty_like(out))
    np.minimum(_edge(out, b - a, 1, out), right, out=out)
    _raise_by_1(out)


def _trapezoidal(x: Floats, out: Degrees, a: float, b: float, c: float, d: float) -> None:
    right = np.empty_like(out)
    _left_shoulder(x, right, c, d)
    _right_shoulder(x, out, a, b)
    np.minimum(out, right, out=out)


def _left_shoulder(x: Floats, out: Degrees, a: float, b: float) -> None:
    np.subtract(x, a, out=out, casting="same_kind")
    _raise_by_1(np.minimum(_edge(out, b - a, -1, out), _ZEROS[: len(out)], out=out))


def _right_shoulder(x: Floats, out: Degrees, a: float, b: float) -> None:
    np.subtract(x, b, out=out, casting="same_kind")
    _raise_by_1(np.minimum(_edge(out, b - a, 1, out), _ZEROS[: len(out)], out=out))


def _edge(offset: Degrees, width: float, side: int, out: Degrees) -> Degrees:
    """Scale offsets from the peak of an edge that rises (side 1) or falls (-1); beyond a vertical one all are -1."""
    scale = out.dtype.type(side * width)
    return np.divide(offset, scale, out=out) if scale else np.multiply(np.sign(offset), side, out=out)


def _raise_by_1(scaled: Degrees) -> None:
    scaled += 1
    np.maximum(scaled, _ZEROS[: len(scaled)], out=scaled)


def _gaussian(x: Floats, out: Degrees, mu: float, sigma: float) -> None:
    out[:] = np.exp(-0.5 * ((x - mu) / sigma) ** 2)


def _bell(x: Floats, out: Degrees, a: float, b: float, c: float) -> None:
    out[:] = 1.0 / (1.0 + np.abs((x - c) / a) ** (2.0 * b))


def _sigmoid(x: Floats, out: Degrees, slope: float, centre: float) -> None:
    out[:] = 1.0 / (1.0 + np.exp(-slope * (x - centre)))


_EVALUATE: Mapping[str, Callable[..., None]] = {
    "triangular": _triangular,
    "trapezoidal": _trapezoidal,
    "gaussian": _gaussian,
    "bell": _bell,
    "sigmoid": _sigmoid,
    "left_shoulder": _left_shoulder,
    "right_shoulder": _right_shoulder,
}
