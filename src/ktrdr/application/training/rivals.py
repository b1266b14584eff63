"""A symbol's own model, trained on the rows that the pool has of it: what pooling must beat."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.members import fingerprints
from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.training.fits import inference_of, task_of, watched_fit
from ktrdr.application.training.recording import Runs
from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import Pruned, TrainingFailed, TrainingInterrupted
from ktrdr.domain.evaluation.losses import primary_loss
from ktrdr.domain.splits.temporal import MINIMUM_ROWS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.pool.combining import combine

Rival = Callable[[Prepared, str], Floats | str]
"""A prepared pool and one of its symbols to what that symbol's own model says on its test rows, or why it has none."""


def no_rival(_: Prepared, __: str) -> str:
    """Compare nobody."""
    return "not asked for: symbols are compared with models of their own where some are held out"


def rivals(strategy: Strategy, trainer: ModelTrainer, runs: Runs, fold: int | None = None) -> Rival:
    """Return what fits a model on the train and validation rows of one symbol.

    Raises
    ------
    TrainingInterrupted
        When it is called, if the user stopped it.
    """

    def outputs(prepared: Prepared, symbol: str) -> Floats | str:
        pool, loss = prepared.pool, primary_loss(strategy.training["fitness_metrics.primary"], prepared.pool.target)
        train, validation = (prepared.own(symbol, name) for name in ("train", "validation"))
        if min(len(train), len(validation)) < MINIMUM_ROWS:
            return f"{len(train)} train and {len(validation)} validation rows are too few"
        if pool.target.is_classification and len(np.unique(pool.labels[train])) < 2:
            return "its train labels are all of one class"
        seed: int = strategy.training["seed"]
        combined = combine("concatenate", pool, train, seed)
        inference = inference_of(prepared, strategy, combined)
        task = task_of(prepared, strategy, inference, combined, validation, seed)
        try:
            test = prepared.own(symbol, "test")
            rows = {"train": len(train), "validation": len(validation), "test": len(test)}
            facts = {"data": fingerprints({symbol: prepared.members[symbol]}), "rows": rows}
            with runs.begin(facts, symbols=(symbol,), role="rival", fold=fold) as run:
                model = watched_fit(trainer, task, run)
                found = inference.outputs(model, pool.values, test)
                run.judged({loss.name: float(loss.rows(pool.labels_of(test), found).mean())})
                return found
        except (TrainingInterrupted, Pruned):
            raise
        except TrainingFailed as error:
            return str(error)

    return outputs
