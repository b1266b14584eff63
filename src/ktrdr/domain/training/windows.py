"""Windows of rows: which rows of a feature matrix a model may look back from."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.continuity import follows, run_lengths
from ktrdr.domain.training.settings import ModelSpec


def look_back(matrix: FeatureMatrix, base: Bars, break_at_session: bool = False) -> Int64s:
    """Return how many rows each row can look back on, itself included, without a break.

    A break is an expected bar that the series lacks, or a bar whose row was dropped because a value was missing; with
    `break_at_session` the end of a session is one, too. A window may reach into an earlier part of a split: only its
    last row decides where it belongs.

    Parameters
    ----------
    matrix : FeatureMatrix
        All usable rows of one symbol, so that no window reaches across symbols.
    base : Bars
        The bars that `matrix.base_rows` counts.
    break_at_session : bool

    Returns
    -------
    ndarray of int64, shape (n_rows,)
        At least 1. The window of row i is rows ``i - length + 1`` to i, and it is whole where this is `length` or more.

    Notes
    -----
    Causality: depends on rows up to i alone.
    """
    unbroken = follows(base, break_at_session)[matrix.base_rows]
    unbroken[1:] &= np.diff(matrix.base_rows) == 1
    unbroken[:1] = False
    return run_lengths(unbroken)


def whole_windows(matrix: FeatureMatrix, base: Bars, spec: ModelSpec) -> Int64s:
    """Return the rows that have a whole window, ascending.

    Raises
    ------
    InvalidInput
        If the very newest row of the matrix has none; the message gives both numbers.
    """
    reached = look_back(matrix, base, spec.break_at_session)
    if not len(reached) or reached[-1] < spec.window:
        found = int(reached[-1]) if len(reached) else 0
        raise InvalidInput(
            f"{base.symbol} {base.timeframe}: the newest row can not be predicted: the model reads {spec.window} rows "
            f"without a break, found {found}"
        )
    return np.flatnonzero(reached >= spec.window)


def missing_look_back(reached: Int64s, spec: ModelSpec, where: str) -> str:
    """Return in words that no row has a whole window, with both numbers."""
    hint = " or break_at_session: false" if spec.break_at_session else ""
    return (
        f"{where}: the model reads {spec.window} rows per sample without a break, found at most "
        f"{int(reached.max(initial=0))}; a missing bar, or a bar on which a feature has no value, is a break; write a "
        f"smaller {spec.window_parameter}{hint}"
    )
