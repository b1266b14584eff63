"""Fitting: what is fitted beside the model on combined train rows, and one model per seed, all over one matrix."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.labelling import label_balance
from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.preparing.warm_start import WarmStart
from ktrdr.application.training.recording import RecordedRun, Runs
from ktrdr.application.training.steps import with_steps
from ktrdr.domain.arrays import Float32s, Int32s, Int64s
from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.training import REPTILE
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.learnable import fuzzified
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec, primary_step, reptile, training_settings
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.plan import TrainingJob
from ktrdr.domain.training.pool.combining import Combined, combine
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.scaling import TargetScaler, fit_scaler, fit_target_scaler
from ktrdr.domain.training.weights import class_weights

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Models by seed, the shipped one first, with their runs; what was fitted on train rows beside them; the start."""

    models: dict[int, FittedModel]
    runs: dict[int, RecordedRun]
    inference: Inference
    start: WarmStart | None = None

    @property
    def shipped(self) -> FittedModel:
        """The model of the seed that was named in advance."""
        return next(iter(self.models.values()))

    @property
    def run(self) -> RecordedRun:
        """The run of the shipped model."""
        return next(iter(self.runs.values()))


def fit(
    prepared: Prepared, job: TrainingJob, trainer: ModelTrainer, runs: Runs, start: WarmStart | None = None
) -> Fitted:
    """Fit one model per seed of the request, counting up from the strategy's own; nothing is written to the pool.

    Raises
    ------
    InvalidInput
        If all train labels are of one class.
    TrainingFailed, TrainingInterrupted
        See `ModelTrainer.fit`.
    """
    strategy = job.strategy
    first = strategy.training["seed"]
    combined = combined_rows(job, prepared, first)
    inference = inference_of(prepared, strategy, combined, start)
    inference = replace(inference, steps=_inference_of_steps(prepared, job, inference, start))
    initial = None if start is None else start.blobs
    fitted = Fitted({}, {}, inference, start)
    for seed in range(first, first + job.request.seeds):
        drawn = combined if seed == first else combined_rows(job, prepared, seed)
        task = task_of(prepared, strategy, inference, drawn, prepared.split.validation, seed)
        if prepared.steps:
            rows_of = partial(combined_rows, job, seed=seed)
            task = with_steps(task, prepared, inference, rows_of, primary_step(strategy))
        run = runs.begin(seed=seed, role="model" if seed == first else "seed")
        fitted.runs[seed] = run
        fitted.models[seed] = watched_fit(trainer, replace(task, initial=initial), run)
    return fitted


def combined_rows(job: TrainingJob, prepared: Prepared, seed: int) -> Combined:
    """Return the train rows as the job combines them."""
    tasks = job.strategy.training.get(f"{REPTILE}.tasks", "symbols")
    return combine(job.combination or "concatenate", prepared.pool, prepared.split.train, seed, tasks)


def _inference_of_steps(
    prepared: Prepared, job: TrainingJob, shared: Inference, start: WarmStart | None
) -> dict[int, Inference]:
    """Return what is fitted on the train rows of each step; their inputs are scaled as those of the primary one."""
    found = {}
    for step, own in prepared.steps.items():
        begun = None if start is None else replace(start, inference=start.inference.steps[step])
        combined = combined_rows(job, own, job.strategy.training["seed"])
        found[step] = replace(inference_of(own, job.strategy, combined, begun), scaler=shared.scaler)
    return found


def watched_fit(trainer: ModelTrainer, task: FitTask, run: RecordedRun) -> FittedModel:
    """Fit one model, watched by its run."""
    model = trainer.fit(replace(task, work=run.work), run.watch())
    run.fitted()
    history = model.history
    log.info("fitted", extra={"seed": task.settings.seed, "epochs": len(history.epochs), "ended_by": history.ended_by})
    return model


def task_of(
    prepared: Prepared, strategy: Strategy, inference: Inference, train: Combined, validation: Int64s, seed: int
) -> FitTask:
    """Return what a trainer is given: rows of the pool's own matrix, which all parts and all fits share."""
    pool, settings = prepared.pool, training_settings(strategy, seed)
    return FitTask(
        _rows(pool, inference, train.rows, train.weights, train.groups),
        _rows(pool, inference, validation),
        pool.ids,
        pool.target,
        model_spec(strategy),
        replace(settings, reptile=reptile(strategy)) if train.is_start else settings,
        inference.class_weights,
        fuzzified(prepared.features),
        scaler=inference.scaler,
        horizon=_horizon(strategy),
        symbols=pool.symbols,
    )


def _horizon(strategy: Strategy) -> int | None:
    labels = find_label(strategy.labels.source, strategy.labels.parameters.get("method"))
    return labels.horizon(labels.complete(strategy.labels.parameters))


def _rows(
    pool: Pool,
    inference: Inference,
    rows: Int64s,
    weights: Float32s | None = None,
    groups: Int32s | None = None,
) -> Rows:
    return Rows(
        pool.values,
        inference.targets(pool.labels_of(rows)),
        rows,
        weights,
        groups,
        pool.known_at[rows],
        pool.label_end[rows],
        pool.symbol_of_row[rows],
    )


def inference_of(
    prepared: Prepared, strategy: Strategy, combined: Combined, start: WarmStart | None = None
) -> Inference:
    """Return what is fitted on the train rows besides the model; with a warm start, inputs are scaled as it knows them.

    Raises
    ------
    InvalidInput
        If all train labels are of one class.
    """
    pool = prepared.pool
    labels = pool.labels_of(combined.rows)
    if start is None:
        normalizations = [column.normalization for column in prepared.columns]
        scaler = fit_scaler(pool.values, combined.rows, combined.shares, normalizations)
    else:
        scaler = start.inference.scaler
    if not pool.target.is_classification:
        if not model_spec(strategy).standardised:
            return Inference(scaler, TargetScaler(0.0, 1.0))
        targets = labels.astype(np.float64)
        return Inference(
            scaler, fit_target_scaler(targets, combined.shares) if start is None else start.inference.target_scaler
        )
    _require_two_classes(prepared, strategy, labels.astype(np.int64))
    if strategy.training.get("class_weights") != "balanced":
        return Inference(scaler)
    return Inference(scaler, None, np.log(class_weights(labels.astype(np.int64), len(pool.target.classes))))


def _require_two_classes(prepared: Prepared, strategy: Strategy, labels: Int64s) -> None:
    present = np.unique(labels)
    if len(present) > 1:
        return
    name, only, n_symbols = prepared.pool.target.classes[int(present[0])], prepared.only, len(prepared.pool.symbols)
    if only is None:
        whose = f" of {n_symbols} symbols"
        advice = "ktrdr labels show says which threshold would balance them"
    else:
        whose = ""
        found = label_balance(only.labels, only.market.base_bars, strategy, prepared.split.cuts[1])
        advice = "; ".join(found.sentences())
    raise InvalidInput(
        f"training.labels: all {len(labels)} train labels{whose} are {name!r}, and a model can learn nothing from "
        f"that; {advice}"
    )
