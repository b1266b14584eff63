"""Windows of rows: which rows of a feature matrix a model may look back from."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.continuity import Bools, follows, run_lengths
from ktrdr.domain.market.sessions import Int64s


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
