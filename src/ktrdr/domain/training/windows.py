"""Windows of rows: which rows of a feature matrix a model may look back from."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools, Float32s, Int64s
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
        At least 1. See `are_whole`.

    Notes
    -----
    Causality: depends on rows up to i alone.
    """
    unbroken = follows(base, break_at_session)[matrix.base_rows]
    unbroken[1:] &= np.diff(matrix.base_rows) == 1
    unbroken[:1] = False
    return run_lengths(unbroken)


def are_whole(reached: Int64s, spec: ModelSpec) -> Bools:
    """Return which rows have a whole window, by what `look_back` says of all rows of one symbol.

    The window of row i is rows ``i - spec.window + 1`` to i; the newest `spec.unbroken` of them follow each other.
    """
    return (reached >= spec.unbroken) & (np.arange(len(reached)) >= spec.window - 1)


def whole_windows(matrix: FeatureMatrix, base: Bars, spec: ModelSpec) -> Int64s:
    """Return the rows that have a whole window, ascending.

    Raises
    ------
    InvalidInput
        If the very newest row of the matrix has none; the message gives both numbers.
    """
    reached = look_back(matrix, base, spec.break_at_session)
    whole = are_whole(reached, spec)
    if not len(whole) or not whole[-1]:
        short = len(reached) < spec.window and spec.unbroken < spec.window
        needed, found = (
            (spec.window, len(reached)) if short else (spec.unbroken, int(reached[-1]) if len(reached) else 0)
        )
        raise InvalidInput(
            f"{base.symbol} {base.timeframe}: the newest row can not be predicted: the model reads {needed} rows"
            f"{'' if short else ' without a break'}, found {found}"
        )
    return np.flatnonzero(whole)


def missing_look_back(reached: Int64s, spec: ModelSpec, where: str) -> str:
    """Return in words that no row has a whole window, with both numbers."""
    smaller = f"write a smaller {spec.window_parameter}"
    if len(reached) < spec.window and spec.unbroken < spec.window:
        return f"{where}: the model reads {spec.window} rows per sample, found {len(reached)}; {smaller}"
    hint = " or break_at_session: false" if spec.break_at_session else ""
    return (
        f"{where}: the model reads {spec.unbroken} rows per sample without a break, found at most "
        f"{int(reached.max(initial=0))}; a missing bar, or a bar on which a feature has no value, is a break; "
        f"{smaller}{hint}"
    )


def sample_ends(inputs: Float32s, ends: Int64s | None, n_features: int, window: int) -> Int64s:
    """Return the rows at which the windows to predict end; see `FittedModel.predict`.

    Raises
    ------
    InvalidInput
        If the number of columns is another, or a row has too few before it.
    """
    if inputs.ndim != 2 or inputs.shape[1] != n_features:
        raise InvalidInput(f"model: takes {n_features} features per row, found shape {inputs.shape}")
    if ends is None:
        return np.arange(window - 1, max(len(inputs), window - 1), dtype=np.int64)
    if len(ends) and not window - 1 <= ends.min() <= ends.max() < len(inputs):
        raise InvalidInput(f"model: ends must be rows {window - 1} to {len(inputs) - 1}")
    return ends
