"""What rounding leaves of a difference: below it there is noise of the machine, and no figure is made of it."""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

ROUNDINGS = 64
"""How many roundings a value may have gone through: a price, its logarithm, an equity, a loss take fewer."""


def resolution(*values: float | NDArray[Any]) -> float:
    """Return the smallest difference that numbers of this magnitude can show after `ROUNDINGS` roundings.

    A deviation, a downside, a drawdown, a loss or any other figure that comes of differences is not distinguishable
    from 0 up to here, and nothing is divided by it.

    Parameters
    ----------
    *values : float, or ndarray of float64 or float32
        The numbers that differences were taken of, or their magnitude: 1 for the ratio of two prices, whose
        differences are returns. NaN and infinities do not count.

    Returns
    -------
    float
        In the unit of the values; 0 where there is none but 0.

    References
    ----------
    Higham (2002), Accuracy and Stability of Numerical Algorithms, lemma 3.1: n roundings change a result by at most
    n u / (1 - n u) of its magnitude.
    """
    return max((_largest(np.atleast_1d(some)) for some in values), default=0.0)


def quotient(over: float, under: float, least: float) -> float | None:
    """Return `over` / `under`; None where `under` lies within `least` of 0, or the result is no finite number.

    Parameters
    ----------
    over, under : float
    least : float
        See `resolution`.
    """
    if not abs(under) > least:
        return None
    result = over / under
    return result if isfinite(result) else None


def _largest(values: NDArray[Any]) -> float:
    eps = np.finfo(np.float32 if values.dtype == np.float32 else np.float64).eps
    return ROUNDINGS * float(eps) * float(np.abs(values[np.isfinite(values)]).max(initial=0.0))
