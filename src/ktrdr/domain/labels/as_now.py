"""As now: a regime is forecast to stay what it was when it was last known."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.labels.labelset import NO_LABEL, Naive

AS_NOW = "as_now"


def as_now(values: NDArray[np.int64], end_rows: Int64s) -> Naive:
    """Return at each bar the label of the latest bar whose span has ended by then.

    Of a label with a fixed horizon that is the label of the bar `horizon` bars before: what the label's own rule says
    of the window that ends now.

    Parameters
    ----------
    values, end_rows : ndarray of int64, shape (n_bars,)
        See `LabelSet`.

    Notes
    -----
    Causality: the value at t rests on labels whose spans end by t. `NO_LABEL` before the first of them.
    """
    latest = np.full(len(values), NO_LABEL, dtype=np.int64)
    rows = np.flatnonzero(end_rows != NO_LABEL)
    np.maximum.at(latest, end_rows[rows], rows)
    latest = np.maximum.accumulate(latest)
    return Naive(AS_NOW, "as now", np.where(latest == NO_LABEL, NO_LABEL, values[latest]))
