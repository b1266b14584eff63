"""Few rows of a symbol never seen, fitted from the learned start, from a plainly pooled model, and from nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.members import fingerprints
from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.training.fits import Fitted, task_of, watched_fit
from ktrdr.application.training.recording import Runs
from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.catalogue.training import LEARNING_TO_LEARN, REPTILE
from ktrdr.domain.evaluation.few_rows import StartLosses, few_rows_table
from ktrdr.domain.evaluation.losses import primary_loss
from ktrdr.domain.evaluation.significance import block_length
from ktrdr.domain.splits.temporal import MINIMUM_ROWS
from ktrdr.domain.training.model import FittedModel
from ktrdr.domain.training.plan import TrainingJob
from ktrdr.domain.training.pool.combining import combine
from ktrdr.domain.training.request import DEFAULT_COMBINATION

_CHOOSING = 5
"""One of so many of the few rows chooses the epoch: the latest ones."""
Start = Mapping[str, bytes] | None


def judge_few_rows(
    prepared: Prepared, fitted: Fitted, job: TrainingJob, trainer: ModelTrainer, runs: Runs
) -> dict[str, Any]:
    """Compare starts on the symbols that were held out, see `few_rows_table`; all inputs are scaled alike.

    Parameters
    ----------
    prepared, fitted
        Of the start that was learned.
    job : TrainingJob
    trainer : ModelTrainer
    runs : Runs

    Raises
    ------
    TrainingFailed, TrainingInterrupted
        See `ModelTrainer.fit`.
    """
    trial = _Trial(prepared, fitted, job, trainer, runs)
    starts: dict[str, Start] = {"learned": fitted.shipped.state(), "pooled": trial.pooled().state(), "random": None}
    losses, missing = [], {}
    for symbol in (name for name in prepared.pool.symbols if name not in prepared.seen):
        parts = trial.few(symbol)
        if isinstance(parts, str):
            missing[symbol] = parts
        else:
            losses.append(trial.compared(symbol, parts, starts))
    pool, rows = prepared.pool, np.concatenate([prepared.split.test, prepared.split.beside["test"]])
    block_ns = block_length(pool.known_at[rows], pool.label_end[rows])
    rng = np.random.default_rng(job.strategy.training["seed"])
    return few_rows_table(losses, missing, trial.loss.name, block_ns, rng)


class _Trial:
    """Fits that are compared: they differ in where they begin and in nothing else."""

    def __init__(self, prepared: Prepared, fitted: Fitted, job: TrainingJob, trainer: ModelTrainer, runs: Runs) -> None:
        self.prepared, self.inference, self.trainer, self.runs = prepared, fitted.inference, trainer, runs
        self.strategy, self.seed = job.strategy, job.strategy.training["seed"]
        self.loss = primary_loss(job.strategy.training["fitness_metrics.primary"], prepared.pool.target)
        default = next(item.default for item in LEARNING_TO_LEARN if item.name == "few_rows")
        self.count: int = job.strategy.training.get(f"{REPTILE}.few_rows", default)

    def pooled(self) -> FittedModel:
        """Return the model of the same pool that is fitted to be used as it is."""
        split = self.prepared.split
        facts = {"combination": DEFAULT_COMBINATION}
        model, _ = self._fitted(self.prepared.seen, facts, (split.train, split.validation), split.test, None)
        return model

    def few(self, symbol: str) -> tuple[Int64s, Int64s] | str:
        """Return the first rows of a symbol's train time, and the last of these, which choose; or why there are none.

        Causality: no label of the former ends after the first of the latter is known, and none of either at the cut or
        later.
        """
        pool, rows = self.prepared.pool, self.prepared.own(symbol, "train")[: self.count]
        if not len(self.prepared.own(symbol, "test")):
            return "it has no test rows"
        cut = len(rows) - len(rows) // _CHOOSING
        choosing = rows[cut:]
        fitting = rows[:cut][pool.label_end[rows[:cut]] <= pool.known_at[choosing[0]]] if len(choosing) else rows[:0]
        if min(len(fitting), len(choosing)) < MINIMUM_ROWS:
            return f"{len(rows)} train rows are too few"
        return fitting, choosing

    def compared(self, symbol: str, parts: tuple[Int64s, Int64s], starts: Mapping[str, Start]) -> StartLosses:
        """Return the losses on a symbol's test rows from each start."""
        pool, test = self.prepared.pool, self.prepared.own(symbol, "test")
        found = {}
        for name, start in starts.items():
            facts = {"data": fingerprints({symbol: self.prepared.members[symbol]}), "begins": name}
            _, found[name] = self._fitted((symbol,), facts, parts, test, start)
        count = sum(map(len, parts))
        return StartLosses(symbol, count, pool.known_at[test], found.pop("learned"), found)

    def _fitted(
        self,
        symbols: tuple[str, ...],
        facts: Mapping[str, Any],
        parts: tuple[Int64s, Int64s],
        test: Int64s,
        start: Start,
    ) -> tuple[FittedModel, Floats]:
        pool, (train, validation) = self.prepared.pool, parts
        combined = combine(facts.get("combination", "concatenate"), pool, train, self.seed)
        task = task_of(self.prepared, self.strategy, self.inference, combined, validation, self.seed)
        rows = {"train": len(train), "validation": len(validation), "test": len(test)}
        with self.runs.begin({**facts, "rows": rows}, symbols=symbols, role="rival") as run:
            model = watched_fit(self.trainer, replace(task, initial=start), run)
            outputs = self.inference.outputs(model, pool.values, test)
            losses = self.loss.rows(pool.labels_of(test), outputs)
            run.judged({self.loss.name: float(losses.mean())})
        return model, losses
