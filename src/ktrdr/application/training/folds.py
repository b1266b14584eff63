"""Folds over symbols: every symbol is once among those that a model has never seen."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.pool import PreparedPool
from ktrdr.application.training.pool_fitting import fit_pool
from ktrdr.application.training.pool_judging import symbol_losses, table_of
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.plan import Combination
from ktrdr.domain.training.pool.split import pooled_split

log = logging.getLogger(__name__)


def symbol_folds(symbols: Sequence[str], count: int, seed: int) -> tuple[tuple[str, ...], ...]:
    """Return the symbols dealt into folds of about equal size, each fold in order.

    Parameters
    ----------
    symbols : sequence of str
        At least `count`, sorted.
    count : int
    seed : int
        Decides who is dealt with whom.
    """
    dealt = np.random.default_rng(seed).permutation(len(symbols))
    return tuple(tuple(symbols[place] for place in sorted(dealt[first::count])) for first in range(count))


def judge_folds(
    prepared: PreparedPool, strategy: Strategy, combination: Combination, trainer: ModelTrainer, count: int
) -> dict[str, Any]:
    """Train a model without each fold and compare it on the symbols of that fold, symbol by symbol.

    The models are thrown away. The pool's values are scaled anew for each of them, which undoes the scaling before.

    Returns
    -------
    dict
        As `SymbolTable.as_dict`, and ``folds``: the symbols of each.

    Raises
    ------
    InvalidInput
        If a fold leaves a part without enough rows, or train labels of one class.
    TrainingFailed, TrainingInterrupted
        See `ModelTrainer.fit`.
    """
    pool, shares, outside = prepared.pool, strategy.split, set(prepared.members) - set(prepared.split.seen)
    folds = symbol_folds(prepared.split.seen, count, strategy.training["seed"])
    scored = []
    for fold in folds:
        parts = shares.train, shares.validation, shares.test
        split = pooled_split(pool, parts, shares.embargo_bars, {*fold, *outside})
        without = replace(prepared, split=split)
        fitted = fit_pool(without, strategy, combination, trainer, 1)
        scored += symbol_losses(without, fitted, strategy, trainer, fold)
        log.info("fold", extra={"held_out": list(fold)})
    return table_of(prepared, strategy, scored).as_dict() | {"folds": [list(fold) for fold in folds]}
