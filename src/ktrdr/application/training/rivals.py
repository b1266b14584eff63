"""A symbol's own model, trained on the rows that the pool has of it: what pooling must beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.pool import PreparedPool
from ktrdr.application.training.pool_fitting import inference_of
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.errors import TrainingFailed, TrainingInterrupted
from ktrdr.domain.features.learnable import fuzzified
from ktrdr.domain.splits.temporal import MINIMUM_ROWS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec, training_settings
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.pool.combining import combine


@dataclass(frozen=True, slots=True, eq=False)
class Alone:
    """The model of one symbol alone; `inputs` are its scaled rows, of which the first is the pool's row `start`."""

    model: FittedModel
    inference: Inference
    inputs: Float32s
    start: int

    def outputs(self, rows: Int64s) -> NDArray[np.float64]:
        """Return what it says on rows of the pool, which must be its symbol's."""
        return self.inference.outputs_of_scaled(self.model, self.inputs, rows - self.start)


def fit_alone(prepared: PreparedPool, strategy: Strategy, trainer: ModelTrainer, symbol: str) -> Alone | str:
    """Fit a model on the train and validation rows of one symbol, or say why there is none.

    Its scaler is fitted on the pool's values as they are now: shift and scale that the pool was given before change
    nothing about what it makes of them.

    Raises
    ------
    TrainingInterrupted
        If the user stopped it.
    """
    pool, split = prepared.pool, prepared.split
    train, validation = (split.own(pool, symbol, name) for name in ("train", "validation"))
    if min(len(train), len(validation)) < MINIMUM_ROWS:
        return f"{len(train)} train and {len(validation)} validation rows are too few"
    if pool.target.is_classification and len(np.unique(pool.labels[train])) < 2:
        return "its train labels are all of one class"
    seed = strategy.training["seed"]
    combined = combine("concatenate", pool, train, seed)
    inference = inference_of(prepared, strategy, combined)
    block = pool.rows_of(symbol)
    inputs = np.ascontiguousarray(inference.scaler.transform(pool.values[block]))
    own, held_out = (
        Rows(inputs, inference.targets(pool.labels_of(rows)), rows - block.start, weights)
        for rows, weights in ((train, combined.weights), (validation, None))
    )
    task = FitTask(
        own,
        held_out,
        pool.ids,
        pool.target,
        model_spec(strategy),
        training_settings(strategy, seed),
        inference.class_weights,
        fuzzified(prepared.features),
    )
    try:
        return Alone(trainer.fit(task), inference, inputs, block.start)
    except TrainingInterrupted:
        raise
    except TrainingFailed as error:
        return str(error)
