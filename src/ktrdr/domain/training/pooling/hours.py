"""Rows of the moments at which all symbols of a pool trade."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.training.pooling.pool import Pool


def in_common_hours(pool: Pool, held_out: Collection[str] = ()) -> Pool:
    """Return the pool with nothing to learn from on rows of other moments; they can still be looked back on.

    A moment is common if every symbol that has a row before or at it and one at or after it has one at that very
    moment, so that a symbol that begins late takes nothing from the others' past.

    Parameters
    ----------
    pool : Pool
    held_out : collection of str
        Symbols that do not decide which moments are common.

    Raises
    ------
    InvalidInput
        If no row is left.
    """
    deciding = [pool.known_at[pool.rows_of(symbol)] for symbol in pool.symbols if symbol not in held_out]
    moments, counts = np.unique(np.concatenate([np.unique(known_at) for known_at in deciding]), return_counts=True)
    lasting = np.zeros(len(moments), dtype=np.int64)
    for known_at in deciding:
        lasting[np.searchsorted(moments, known_at[0]) : np.searchsorted(moments, known_at[-1]) + 1] += 1
    common = moments[counts == lasting]
    label_end = np.where(np.isin(pool.known_at, common), pool.label_end, NO_LABEL)
    if (label_end == NO_LABEL).all():
        names = ", ".join(pool.symbols)
        raise InvalidInput(f"training_data.alignment: common_hours leaves no row: {names} never trade at one moment")
    return replace(pool, label_end=label_end)
