"""Splits of rows made by hand."""

from ktrdr.domain.splits.spans import Spans
from ktrdr.domain.splits.temporal import TemporalHoldout


def temporal_split(known_at, label_end, bars, shares, embargo_bars=0):
    """Return the only way in which a temporal holdout parts the rows of one symbol."""
    (split,) = TemporalHoldout(shares, embargo_bars)(Spans.of_one(known_at, label_end, bars))
    return split


def pooled_split(pool, shares, embargo_bars=0, held_out=()):
    """Return the only way in which a temporal holdout parts the rows of a pool."""
    numbers = frozenset(pool.symbols.index(symbol) for symbol in held_out)
    (split,) = TemporalHoldout(shares, embargo_bars, numbers)(pool.spans)
    return split
