"""Folds over symbols: every symbol is once among those that a model has never seen."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.members import fingerprints
from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.training.fits import Fitted, combined_rows, inference_of, task_of, watched_fit
from ktrdr.application.training.judging import symbol_losses, table_of
from ktrdr.application.training.outcomes import rows_of
from ktrdr.application.training.recording import RecordedRun, Runs
from ktrdr.application.training.rivals import rivals
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.splits.temporal import TemporalHoldout
from ktrdr.domain.training.plan import TrainingJob

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


def require_enough_symbols(prepared: Prepared, count: int) -> None:
    """Raise InvalidInput if there are fewer symbols with train rows than folds."""
    if count > len(prepared.seen):
        found = f"{len(prepared.seen)} have train rows"
        raise InvalidInput(f"symbol_folds: {count} folds: needs at least as many symbols, {found}")


def judge_folds(prepared: Prepared, job: TrainingJob, trainer: ModelTrainer, runs: Runs) -> dict[str, Any]:
    """Train a model without each fold and compare it on the symbols of that fold, symbol by symbol.

    The models are thrown away.

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
    strategy = job.strategy
    folds = symbol_folds(prepared.seen, job.request.symbol_folds, strategy.training["seed"])
    scored = []
    for number, fold in enumerate(folds):
        without = _without(prepared, job, fold)
        members = {symbol: without.members[symbol] for symbol in without.seen}
        held_out = sorted({*job.request.hold_out, *fold})
        facts = {"data": fingerprints(members), "rows": rows_of(without.split.report()), "hold_out": held_out}
        with runs.begin(facts, symbols=without.seen, role="fold", fold=number) as run:
            fitted = _fit(without, job, trainer, run)
            rival = rivals(strategy, trainer, runs, number)
            losses = symbol_losses(without, fitted, strategy, rival, fold)
            run.judged({f"loss of {one.symbol}": float(one.model.mean()) for one in losses})
            scored += losses
        log.info("fold", extra={"held_out": list(fold)})
    return table_of(prepared, strategy, scored).as_dict() | {"folds": [list(fold) for fold in folds]}


def _without(prepared: Prepared, job: TrainingJob, fold: Sequence[str]) -> Prepared:
    """Return the pool split without the symbols of a fold, and without those that nobody is trained on."""
    shares, pool = job.strategy.split, prepared.pool
    held_out = frozenset(
        place for place, symbol in enumerate(pool.symbols) if symbol in fold or symbol not in prepared.seen
    )
    split = TemporalHoldout((shares.train, shares.validation, shares.test), shares.embargo_bars, held_out)
    return replace(prepared, split=split(pool.spans)[0])


def _fit(prepared: Prepared, job: TrainingJob, trainer: ModelTrainer, run: RecordedRun) -> Fitted:
    strategy, seed = job.strategy, job.strategy.training["seed"]
    combined = combined_rows(job, prepared, seed)
    inference = inference_of(prepared, strategy, combined)
    task = task_of(prepared, strategy, inference, combined, prepared.split.validation, seed)
    return Fitted({seed: watched_fit(trainer, task, run)}, {seed: run}, inference)
