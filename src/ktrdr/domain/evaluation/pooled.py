"""Baselines of a pool: every symbol's are its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ktrdr.domain.evaluation.baselines import Baseline, baselines
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.splits.parted import Parted
from ktrdr.domain.training.pool.pool import Pool


def own_baselines(pool: Pool, split: Parted, symbol: str) -> tuple[Baseline, ...]:
    """Return the baselines of one symbol's test rows, fitted on its own train rows.

    Of a symbol without any the train rows are those of all symbols, and there is no label before its own first one.

    Parameters
    ----------
    pool : Pool
    split : Parted
    symbol : str
        With test rows.
    """
    block = pool.rows_of(symbol)
    rows = np.flatnonzero(pool.label_end[block] != NO_LABEL) + block.start
    train, test = (np.searchsorted(rows, split.of(block, name)) for name in ("train", "test"))
    if len(train):
        return baselines(Outcomes.of(pool, rows), train.astype(np.int64), test.astype(np.int64))
    everyone = Outcomes.of(pool, np.concatenate((split.train, rows)))
    count = len(split.train)
    shares = baselines(everyone, np.arange(count, dtype=np.int64), (test + count).astype(np.int64))
    return tuple(one for one in shares if not one.name.startswith("last_known"))


def joined_baselines(parts: Sequence[tuple[Baseline, ...]]) -> tuple[Baseline, ...]:
    """Return the baselines of several symbols' rows, one symbol after the other; those that all of them have."""
    names = [one.name for one in parts[0] if all(one.name in {other.name for other in part} for part in parts)]
    return tuple(_joined([next(one for one in part if one.name == name) for part in parts]) for name in names)


def _joined(parts: Sequence[Baseline]) -> Baseline:
    outputs = [one.outputs for one in parts if one.outputs is not None]
    choices = [one.choices for one in parts if one.choices is not None]
    return Baseline(
        parts[0].name,
        parts[0].words,
        np.concatenate(outputs) if outputs else None,
        np.concatenate(choices) if choices else None,
    )
