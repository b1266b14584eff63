"""Splits of rows made by hand."""

import numpy as np

from ktrdr.domain.splits.spans import Spans
from ktrdr.domain.splits.temporal import TemporalHoldout


def temporal_split(known_at, label_end, bars, shares, embargo_bars=0):
    """Return the only way in which a temporal holdout parts the rows of one symbol."""
    spans = Spans(known_at, label_end, np.zeros(len(known_at), dtype=np.int32), (bars,))
    (split,) = TemporalHoldout(shares, embargo_bars)(spans)
    return split


def pooled_split(pool, shares, embargo_bars=0, held_out=()):
    """Return the only way in which a temporal holdout parts the rows of a pool."""
    numbers = frozenset(pool.symbols.index(symbol) for symbol in held_out)
    (split,) = TemporalHoldout(shares, embargo_bars, numbers)(pool.spans)
    return split
