"""What a number must be to be a price, a volume, or a value beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ktrdr.domain.arrays import Bools, Floats
from ktrdr.domain.errors import InvalidBars

if TYPE_CHECKING:
    import pandas as pd

LARGEST = 1e18
"""Size up to which values are taken, and down to its inverse: squares and products of two still fit 32 bits."""
SIZES = f"must be 0, or of a size from {1 / LARGEST:g} to {LARGEST:g}"
NO_VOLUME = "volume must not be negative; where there is none, it is 0"
_NUMERIC = ("integer", "floating", "mixed-integer-float", "decimal", "string", "empty")


def plain(values: Floats) -> bool:
    """Return whether all values are finite and positive, and none of them is `extreme`; quickly."""
    return not len(values) or bool(values.min() >= 1 / LARGEST and values.max() <= LARGEST)


def plain_or_zero(values: Floats) -> bool:
    """Return whether all values are 0 or `plain`; quickly."""
    if not len(values):
        return True
    least, most = values.min(), values.max()
    if not (least >= 0 and most <= LARGEST):
        return False
    return bool(least >= 1 / LARGEST or np.count_nonzero(values) == np.count_nonzero(values >= 1 / LARGEST))


def extreme(values: Floats) -> Bools:
    """Return where values are so large or small that arithmetic with them overflows; see `LARGEST`."""
    size = np.abs(values)
    return (size > LARGEST) | ((size < 1 / LARGEST) & (size > 0))


def numbers_of(column: pd.Series, where: str) -> Floats:
    """Return a column of a frame as numbers, missing ones as NaN.

    Raises
    ------
    InvalidBars
        If it holds anything else: texts that are no numbers, dates, durations, booleans.
    """
    from pandas.api.types import infer_dtype

    kind = infer_dtype(column, skipna=True)
    try:
        if kind in _NUMERIC:
            return column.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise InvalidBars(f"{where} must be numbers ({error})") from error
    raise InvalidBars(f"{where} must be numbers; found {kind}")
