"""How much each symbol of a pool counts in training, whatever number of rows it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats, Int32s, Int64s
from ktrdr.domain.catalogue.training import REPTILE
from ktrdr.domain.errors import InvalidInput, did_you_mean
from ktrdr.domain.labels.as_now import AS_NOW
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.weights import sample_weights

MOST_WEIGHT = 10.0
"""A row of a symbol that has few counts at most this many times an average row."""


@dataclass(frozen=True, slots=True, eq=False)
class Combined:
    """The train rows of a pool as a model gets them.

    Attributes
    ----------
    rows : ndarray of int64, shape (n_samples,)
        Rows of the pool, ascending; with tasks that are no symbols, within each.
    weights : ndarray of float32, shape (n_samples,), or None
        What each sample counts in the loss, 1 on average: by its symbol times by its label. None: all the same.
    groups : ndarray of int32, shape (n_samples,), or None
        The symbol of each sample where batches take symbols in turn, see `Rows`; or the task.
    shares : ndarray of float64, shape (n_samples,), or None
        What each sample counts by its symbol alone, for what is fitted beside the model. None: all the same.
    is_start : bool
        Whether a start for other fits is learned over the groups, which are tasks, see `Reptile`.
    """

    rows: Int64s
    weights: Float32s | None
    groups: Int32s | None
    shares: Floats | None
    is_start: bool = False


def combine(name: str, pool: Pool, train: Int64s, seed: int, tasks: str = "symbols") -> Combined:
    """Return the train rows combined.

    - ``balanced``: every row, weighted by `balanced_weights`.
    - ``downsample``: of every symbol as many rows as the smallest has, drawn without replacement.
    - ``concatenate``: every row, all weighing the same.
    - ``interleaved``: every symbol has an equal share of each batch; the rows of small symbols return within an epoch.
    - ``reptile``: as ``interleaved``, but symbols, or regimes, are tasks to learn a start over.

    Parameters
    ----------
    name : str
    pool : Pool
    train : ndarray of int64
        Train rows of the pool, ascending.
    seed : int
        Decides every draw.
    tasks : str
        Of reptile: ``symbols``; or ``regimes``, the one that the labels know it to be at each row (`as_now`).

    Raises
    ------
    InvalidInput
        If the combination is not known.
    """
    if name not in _COMBINE:
        hint = did_you_mean(name, _COMBINE)
        raise InvalidInput(f"combination: {name!r} is not known; allowed: {', '.join(_COMBINE)}{hint}")
    rng = np.random.default_rng(seed)
    rows, of_symbol, in_turn = _COMBINE[name](pool, train, rng)
    owner = pool.symbol_of_row[rows]
    shares = None if of_symbol is None else of_symbol[owner]
    weights = _weights(pool, rows, None if in_turn else shares, rng)
    found = Combined(rows, weights, owner if in_turn else None, shares, name == REPTILE)
    return _by_regime(found, pool) if found.is_start and tasks == "regimes" else found


def balanced_weights(counts: Int64s) -> Floats:
    """Return N / (S n_s) for each symbol, at most `MOST_WEIGHT`: below that, all symbols weigh the same together.

    Parameters
    ----------
    counts : ndarray of int64, shape (n_symbols,)
        Train rows n_s of each symbol. N is their sum, S the number of symbols that have any.

    Returns
    -------
    ndarray of float64, shape (n_symbols,)
        0 for a symbol without rows.
    """
    present = counts > 0
    weights = np.zeros(len(counts))
    weights[present] = np.minimum(counts.sum() / (present.sum() * counts[present]), MOST_WEIGHT)
    return weights


def _by_regime(found: Combined, pool: Pool) -> Combined:
    """Return the same samples with the regime that it is at each as its task, one after the other; none is one too."""
    now = next(one for one in pool.naive if one.name == AS_NOW).values[found.rows].astype(np.int32)
    order = np.argsort(now, kind="stable")
    weights = None if found.weights is None else found.weights[order]
    shares = None if found.shares is None else found.shares[order]
    return Combined(found.rows[order], weights, now[order] - NO_LABEL, shares, is_start=True)


_Chosen = tuple[Int64s, Floats | None, bool]
"""Rows, weight of each symbol where they differ, and whether batches take symbols in turn."""


def _balanced(pool: Pool, train: Int64s, _: np.random.Generator) -> _Chosen:
    weights = balanced_weights(_counts(pool, train))
    equal = np.ptp(weights[weights > 0]) == 0
    return train, None if equal else weights, False


def _downsample(pool: Pool, train: Int64s, rng: np.random.Generator) -> _Chosen:
    counts = _counts(pool, train)
    least = int(counts[counts > 0].min())
    starts = np.concatenate(([0], np.cumsum(counts)))
    drawn = [
        start + np.sort(rng.choice(count, least, replace=False))
        for start, count in zip(starts[:-1], counts, strict=True)
        if count
    ]
    return train[np.concatenate(drawn)], None, False


def _concatenate(_: Pool, train: Int64s, __: np.random.Generator) -> _Chosen:
    return train, None, False


def _interleaved(pool: Pool, train: Int64s, _: np.random.Generator) -> _Chosen:
    counts = _counts(pool, train)
    present = counts > 0
    equal = np.zeros(len(counts))
    equal[present] = counts.sum() / (present.sum() * counts[present])
    return train, equal, True


_COMBINE: Mapping[str, Callable[[Pool, Int64s, np.random.Generator], _Chosen]] = {
    "balanced": _balanced,
    "downsample": _downsample,
    "concatenate": _concatenate,
    "interleaved": _interleaved,
    REPTILE: _interleaved,
}


def _counts(pool: Pool, rows: Int64s) -> Int64s:
    """Return how many of some ascending rows each symbol has."""
    return np.diff(np.searchsorted(rows, pool.starts)).astype(np.int64)


def _weights(pool: Pool, rows: Int64s, shares: Floats | None, rng: np.random.Generator) -> Float32s | None:
    """Return symbol weights times label weights, which are each symbol's own; with mean 1."""
    if pool.weighting == "none":
        return None if shares is None else (shares / shares.mean()).astype(np.float32)
    product = np.ones(len(rows)) if shares is None else shares.copy()
    borders = np.searchsorted(rows, pool.starts)
    for first, last in pairwise(borders):
        own = rows[first:last]
        if len(own):
            spans = pool.base_rows[own].astype(np.int64), pool.label_end_rows[own].astype(np.int64)
            found = sample_weights(pool.weighting, *spans, rng)
            product[first:last] *= 1.0 if found is None else found
    weights: Float32s = (product / product.mean()).astype(np.float32)
    return weights
