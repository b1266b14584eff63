"""Fitting a pool: scale by its combined train rows, fit one model per seed."""

from __future__ import annotations

import logging

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.pool import PreparedPool
from ktrdr.application.training.fitting import Fitted
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.learnable import fuzzified
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec, training_settings
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, Rows
from ktrdr.domain.training.plan import Combination
from ktrdr.domain.training.pool.combining import Combined, combine
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.pool.scaling import fit_scaler, fit_target_scaler, scale_in_place
from ktrdr.domain.training.weights import class_weights

log = logging.getLogger(__name__)


def fit_pool(
    prepared: PreparedPool, strategy: Strategy, combination: Combination, trainer: ModelTrainer, n_seeds: int
) -> Fitted:
    """Fit `n_seeds` models, counting up from the strategy's seed. The pool's values are scaled in place.

    Raises
    ------
    InvalidInput
        If all train labels are of one class.
    TrainingFailed, TrainingInterrupted
        See `ModelTrainer.fit`.
    """
    pool, split = prepared.pool, prepared.split
    first: int = strategy.training["seed"]
    combined = combine(combination, pool, split.train, first)
    inference = inference_of(prepared, strategy, combined)
    scale_in_place(pool, inference.scaler)
    held_out = rows_of(pool, split.validation, inference)
    models = {}
    for seed in range(first, first + n_seeds):
        drawn = combined if seed == first else combine(combination, pool, split.train, seed)
        models[seed] = trainer.fit(_task(prepared, strategy, (drawn, held_out), inference, seed))
        history = models[seed].history
        log.info("fitted", extra={"seed": seed, "epochs": len(history.epochs), "ended_by": history.ended_by})
    return Fitted(models, inference)


def rows_of(pool: Pool, rows: Int64s, inference: Inference, combined: Combined | None = None) -> Rows:
    """Return inputs and targets of some rows; the inputs are the whole pool's, which all parts share."""
    weights, groups = (None, None) if combined is None else (combined.weights, combined.groups)
    return Rows(pool.values, inference.targets(pool.labels_of(rows)), rows, weights, groups)


def inference_of(prepared: PreparedPool, strategy: Strategy, combined: Combined) -> Inference:
    """Return what is fitted on the train rows besides the model."""
    pool = prepared.pool
    normalizations = [column.normalization for column in prepared.columns]
    scaler = fit_scaler(pool.values, combined.rows, combined.shares, normalizations)
    labels = pool.labels_of(combined.rows)
    if not pool.target.is_classification:
        return Inference(scaler, fit_target_scaler(labels.astype(np.float64), combined.shares))
    present = np.unique(labels)
    if len(present) < 2:
        name = pool.target.classes[int(present[0])]
        raise InvalidInput(
            f"training.labels: all {len(labels)} train labels of {len(pool.symbols)} symbols are {name!r}, and a model "
            "can learn nothing from that; ktrdr labels show says which threshold would balance them"
        )
    if strategy.training["class_weights"] != "balanced":
        return Inference(scaler)
    return Inference(scaler, None, np.log(class_weights(labels.astype(np.int64), len(pool.target.classes))))


def _task(
    prepared: PreparedPool, strategy: Strategy, parts: tuple[Combined, Rows], inference: Inference, seed: int
) -> FitTask:
    drawn, held_out = parts
    pool = prepared.pool
    return FitTask(
        rows_of(pool, drawn.rows, inference, drawn),
        held_out,
        pool.ids,
        pool.target,
        model_spec(strategy),
        training_settings(strategy, seed),
        inference.class_weights,
        fuzzified(prepared.features),
    )
