"""What a row counts in the loss: by its class, and by how much of its label's span it has to itself."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import Weighting

MOST_DRAWS = 3_000_000
"""Draws of the sequential bootstrap beyond which it would take minutes."""
_REFRESHES = 100


def class_weights(labels: NDArray[np.int64], n_classes: int) -> NDArray[np.float64]:
    """Return weights under which all classes that occur count the same.

    Parameters
    ----------
    labels : ndarray of int64, shape (n_rows,)
        Class numbers 0 to `n_classes` - 1 of the train rows.
    n_classes : int

    Returns
    -------
    ndarray of float64, shape (n_classes,)
        ``n_rows / (classes that occur * rows of the class)``; 1 for a class that does not occur. Weighted by them,
        the rows of the classes that occur sum to `n_rows`.

    References
    ----------
    King and Zeng (2001), Logistic Regression in Rare Events Data.
    """
    counts = np.bincount(labels, minlength=n_classes)
    present = counts > 0
    weights = np.ones(n_classes)
    weights[present] = len(labels) / (present.sum() * counts[present])
    return weights


def sample_weights(weighting: Weighting, rows: Int64s, end_rows: Int64s, rng: np.random.Generator) -> Float32s | None:
    """Return how much each train row counts, 1 on average; None where all count the same.

    Parameters
    ----------
    weighting : str
        See `LabelSet.weighting`.
    rows, end_rows : ndarray of int64, shape (n_rows,)
        Base bars of the train rows, and of the ends of their labels' spans. Rows of other parts must not be here.
    rng : numpy.random.Generator
        Draws the sequential bootstrap.

    Raises
    ------
    InvalidInput
        If there are more rows than a sequential bootstrap can draw in sensible time.
    """
    if weighting == "none":
        return None
    if weighting == "uniqueness":
        return uniqueness_weights(rows, end_rows).astype(np.float32)
    return sequential_bootstrap(rows, end_rows, rng).astype(np.float32)


def uniqueness_weights(rows: Int64s, end_rows: Int64s) -> Floats:
    """Return the average uniqueness of each label, divided by their mean.

    A bar that lies in the spans of c labels has the uniqueness 1 / c; a label has the mean over the bars of its span,
    which are those after its own row up to its end.

    Parameters
    ----------
    rows, end_rows : ndarray of int64, shape (n_rows,)
        Base bars; a label that ends on its own row has that bar alone.

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        Above 0, with mean 1.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, sections 4.3 and 4.4.
    """
    first, last = _spans(rows, end_rows)
    size = int(last.max(initial=0)) + 1
    concurrent = np.cumsum(np.bincount(first, minlength=size + 1) - np.bincount(last + 1, minlength=size + 1))
    uniqueness = _means(1 / np.maximum(concurrent, 1), first, last)
    return uniqueness / uniqueness.mean() if len(uniqueness) else uniqueness


def sequential_bootstrap(rows: Int64s, end_rows: Int64s, rng: np.random.Generator) -> Floats:
    """Draw as many rows as there are, with replacement, and return how often each was drawn.

    Each draw takes a row with a probability proportional to its average uniqueness among the rows drawn before it:
    the mean of 1 / (1 + labels drawn) over the bars of its span.

    Parameters
    ----------
    rows, end_rows : ndarray of int64, shape (n_rows,)
        See `uniqueness_weights`.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float64, shape (n_rows,)
        Whole numbers, with mean 1.

    Raises
    ------
    InvalidInput
        If there are more than `MOST_DRAWS` rows.

    Notes
    -----
    The draws are exact. Uniqueness only falls while rows are drawn, so that the uniqueness at some earlier draw bounds
    the present one: candidates are drawn by the earlier ones, and taken with the probability present / earlier. About
    5 microseconds a draw.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, section 4.5.
    """
    if len(rows) > MOST_DRAWS:
        raise InvalidInput(
            f"training.labels.compute_weights: sequential_bootstrap draws one row after the other; {len(rows):,} train "
            f"rows are too many, at most {MOST_DRAWS:,} are allowed; uniqueness takes any number"
        )
    first, last = _spans(rows, end_rows)
    counts = np.zeros(len(rows), dtype=np.int64)
    share = np.ones(int(last.max(initial=0)) + 1)
    batch = len(rows) // _REFRESHES + 1
    while (missing := len(rows) - int(counts.sum())) > 0:
        _draw(counts, share, (first, last), min(batch, missing), rng)
    return counts.astype(np.float64)


def _draw(counts: Int64s, share: Floats, spans: tuple[Int64s, Int64s], wanted: int, rng: np.random.Generator) -> None:
    """Draw up to `wanted` more rows from `wanted` candidates; `share` is 1 / (1 + labels drawn) of each bar."""
    first, last = spans
    bounds = _means(share, first, last)
    cumulative = np.cumsum(bounds)
    candidates = np.searchsorted(cumulative, rng.random(wanted) * cumulative[-1], side="right")
    candidates = np.minimum(candidates, len(counts) - 1)
    starts, ends = first[candidates].tolist(), (last[candidates] + 1).tolist()
    needed = (rng.random(wanted) * bounds[candidates] * (last - first + 1)[candidates]).tolist()
    for row, start, end, least in zip(candidates.tolist(), starts, ends, needed, strict=True):
        span = share[start:end]
        if span.sum() > least:
            counts[row] += 1
            np.divide(span, 1 + span, out=span)


def _spans(rows: Int64s, end_rows: Int64s) -> tuple[Int64s, Int64s]:
    """Return the first and last bar of each label's span, counted from the first of all."""
    first = np.minimum(rows + 1, end_rows)
    origin = int(first.min(initial=np.iinfo(np.int64).max)) if len(first) else 0
    return first - origin, end_rows - origin


def _means(values: Floats, first: Int64s, last: Int64s) -> Floats:
    sums = np.append(0.0, np.cumsum(values))
    means: Floats = (sums[last + 1] - sums[first]) / (last - first + 1)
    return means
