"""The temporal holdout: train, then validation, then test, with the label spans kept apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import iso
from ktrdr.domain.splits.split import PARTS, Part, Split

MINIMUM_ROWS = 10
"""Fewest rows a part may have after the purge."""
Shares = tuple[float, float, float]
_Complain = Callable[[Mapping[str, Int64s], Mapping[str, int]], str]
"""Says, of the rows of the parts and how many were purged, why these are too few."""


def temporal_split(
    known_at: Int64s, label_end: Int64s, base_known_at: Int64s, shares: Shares, embargo_bars: int = 0
) -> Split:
    """Split labelled rows at two moments and drop the rows whose labels reach across one of them.

    Parameters
    ----------
    known_at : ndarray of int64, shape (n_rows,)
        Moments from which the rows are known (UTC nanoseconds), ascending.
    label_end : ndarray of int64, shape (n_rows,)
        Moments at which the last bars that the labels looked at are known.
    base_known_at : ndarray of int64, shape (n_bars,)
        Known-at moments of all base bars, ascending; the embargo counts these.
    shares : tuple of float
        Shares of the rows in train, validation and test before the purge; above 0, together 1.
    embargo_bars : int
        Base bars to keep free before a later part.

    Returns
    -------
    Split
        A row belongs to the part that its known-at moment lies in. Train and validation lose the rows whose label
        ends at or after the next part's first moment, or at or after the base bar `embargo_bars` before it. Every
        later part begins later still, so that train is kept apart from test as well.

    Raises
    ------
    InvalidInput
        If shares or embargo are out of bounds, or a part keeps fewer than `MINIMUM_ROWS` rows; the message says how
        many rows there are, how many were purged, and how many are needed.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapter 7: purging and embargo.
    """
    check_shares(shares, embargo_bars)
    starts = [round(len(known_at) * shares[0]), round(len(known_at) * (shares[0] + shares[1]))]
    if not 0 < starts[0] < starts[1] < len(known_at):
        raise InvalidInput(_too_few(known_at, label_end, shares, embargo_bars, dict.fromkeys(PARTS, 0)))
    first, second = known_at[starts]
    return _split(
        (known_at, label_end, base_known_at),
        (int(first), int(second)),
        embargo_bars,
        lambda _, purged: _too_few(known_at, label_end, shares, embargo_bars, purged),
    )


def split_at(
    known_at: Int64s,
    label_end: Int64s,
    base_known_at: Int64s,
    cuts: tuple[int, int],
    embargo_bars: int = 0,
    cut_there: str = "the split",
) -> Split:
    """Split labelled rows like `temporal_split`, at moments that were decided elsewhere.

    Parameters
    ----------
    known_at, label_end, base_known_at, embargo_bars
        See `temporal_split`.
    cuts : tuple of int
        Moments at which validation and test begin (UTC nanoseconds).
    cut_there : str
        What was cut at these moments, for the message.

    Raises
    ------
    InvalidInput
        If a part keeps fewer than `MINIMUM_ROWS` rows.
    """
    return _split(
        (known_at, label_end, base_known_at),
        cuts,
        embargo_bars,
        lambda rows, _: _too_few_at(cuts, rows, base_known_at, cut_there),
    )


def _split(
    times: tuple[Int64s, Int64s, Int64s], moments: tuple[int, int], embargo_bars: int, complain: _Complain
) -> Split:
    known_at, label_end, base_known_at = times
    cuts = np.array(moments, dtype=np.int64)
    part_of_row = np.searchsorted(cuts, known_at, side="right")
    before = np.searchsorted(base_known_at, cuts)
    limits = np.minimum(base_known_at[np.clip(before - embargo_bars, 0, len(base_known_at) - 1)], cuts)
    kept = label_end < np.append(limits, np.iinfo(np.int64).max)[part_of_row]
    purged = {name: int(((part_of_row == index) & ~kept).sum()) for index, name in enumerate(PARTS)}
    rows = {name: np.flatnonzero((part_of_row == index) & kept) for index, name in enumerate(PARTS)}
    if min(map(len, rows.values())) < MINIMUM_ROWS:
        raise InvalidInput(complain(rows, purged))
    parts = {name: _part(rows[name], known_at, label_end, purged[name]) for name in PARTS}
    return Split(parts, moments, embargo_bars)


def check_shares(shares: Shares, embargo_bars: int) -> None:
    """Raise InvalidInput if shares or embargo are out of bounds."""
    if min(shares) <= 0 or not math.isclose(sum(shares), 1, abs_tol=1e-6):
        raise InvalidInput(f"split: shares must be above 0 and sum to 1; found {shares}, which sum to {sum(shares):g}")
    if embargo_bars < 0:
        raise InvalidInput(f"split: embargo_bars must be 0 or more; found {embargo_bars}")


def _part(rows: Int64s, known_at: Int64s, label_end: Int64s, purged: int) -> Part:
    return Part(rows, int(known_at[rows[0]]), int(known_at[rows[-1]]), int(label_end[rows].max()), purged)


def _too_few_at(cuts: tuple[int, int], rows: Mapping[str, Int64s], base_known_at: Int64s, cut_there: str) -> str:
    first, last = iso(base_known_at[0]), iso(base_known_at[-1])
    return (
        f"split: {cut_there} was cut at {iso(cuts[0])} and {iso(cuts[1])}; the bars go from {first} to {last}: "
        f"{len(rows['train'])} rows in train, {len(rows['validation'])} in validation, {len(rows['test'])} in test; "
        f"{MINIMUM_ROWS} are needed in each part"
    )


def _too_few(known_at: Int64s, label_end: Int64s, shares: Shares, embargo_bars: int, purged: Mapping[str, int]) -> str:
    spans = np.searchsorted(known_at, label_end, side="right") - 1 - np.arange(len(known_at))
    reach = int(spans.max(initial=0)) + embargo_bars
    needed = max(
        math.ceil((MINIMUM_ROWS + lost) / share) for lost, share in zip((reach, reach, 0), shares, strict=True)
    )
    taken = ", ".join(f"{purged[name]} of {name}" for name in PARTS[:-1])
    return (
        f"split: {len(known_at)} labelled rows are too few for {MINIMUM_ROWS} in each part; label spans and embargo "
        f"take {taken}; about {needed} rows are needed"
    )
