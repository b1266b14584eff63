"""Walk-forward folds of train rows, purged: what a member says of rows that it can not have seen."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput


def walk_forward(known_at: Int64s, label_end: Int64s, count: int) -> Iterator[tuple[Int64s, Int64s]]:
    """Yield the rows to fit to and the rows to forecast, `count` times, later and later.

    The moments are cut into `count` + 1 pieces with about equally many rows; of each piece but the first the rows are
    forecast by what is fitted to rows before it, whose labels end before the first row of the piece is known. Rows of
    all symbols are cut at the same moments.

    Parameters
    ----------
    known_at, label_end : ndarray of int64, shape (n_rows,)
        In any order; see `Rows`.
    count : int

    Yields
    ------
    fit, forecast : ndarray of int64
        Ascending numbers of rows; no label's span of one overlaps one of the other.

    Raises
    ------
    InvalidInput
        If there are too few moments to cut, or no row to fit to.
    """
    ordered = np.sort(known_at)
    cuts = ordered[(len(ordered) * np.arange(1, count + 1)) // (count + 1)] if len(ordered) else ordered
    if len(np.unique(cuts)) < count:
        raise InvalidInput(f"stacking: {len(known_at)} train rows can not be cut into {count + 1} pieces of time")
    for number, (start, end) in enumerate(zip(cuts, [*cuts[1:], None], strict=True), start=1):
        fit = np.flatnonzero(label_end < start)
        within = known_at >= start if end is None else (known_at >= start) & (known_at < end)
        if not len(fit):
            raise InvalidInput(f"stacking: piece {number} of {count} has no row before it; ask for fewer folds")
        yield fit, np.flatnonzero(within)
