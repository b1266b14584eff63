"""Fitting: scale on train rows, fit one model per seed."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np

from ktrdr.application.pipeline import Prepared
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.labels.balance import balance
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.dataset import Dataset
from ktrdr.domain.training.effective import model_spec, training_settings
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.scaling import Scaler, TargetScaler
from ktrdr.domain.training.weights import class_weights

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Models by seed, the shipped one first, and what was fitted on train rows beside them."""

    models: dict[int, FittedModel]
    inference: Inference

    @property
    def shipped(self) -> FittedModel:
        """The model of the seed that was named in advance."""
        return next(iter(self.models.values()))


def fit(prepared: Prepared, strategy: Strategy, trainer: ModelTrainer, n_seeds: int) -> Fitted:
    """Fit `n_seeds` models, counting up from the strategy's seed.

    Raises
    ------
    InvalidInput
        If all train labels are of one class.
    TrainingFailed, TrainingInterrupted
        See `ModelTrainer.fit`.
    """
    train, validation = prepared.part("train"), prepared.part("validation")
    target = train.target
    scaler = Scaler.fit(train.matrix.values, [feature.normalization for feature in prepared.features])
    weights, target_scaler = None, None
    if target.is_classification:
        _require_two_classes(train, prepared, strategy)
        if strategy.training["class_weights"] == "balanced":
            weights = class_weights(train.labels.astype(np.int64), len(target.classes))
    else:
        target_scaler = TargetScaler.fit(train.labels.astype(np.float64))
    inference = Inference(scaler, target_scaler, None if weights is None else np.log(weights))
    rows, held_out = _rows(train, inference), _rows(validation, inference)
    first = strategy.training["seed"]
    models = {}
    for seed in range(first, first + n_seeds):
        settings = training_settings(strategy, seed)
        task = FitTask(rows, held_out, train.matrix.ids, target, model_spec(strategy), settings, weights)
        models[seed] = trainer.fit(task)
        history = models[seed].history
        log.info("fitted", extra={"seed": seed, "epochs": len(history.epochs), "ended_by": history.ended_by})
    return Fitted(models, inference)


def _rows(part: Dataset, inference: Inference) -> Rows:
    inputs = inference.scaler.transform(part.matrix.values)
    if inference.target_scaler is None:
        return Rows(inputs, part.labels.astype(np.int64, copy=False))
    targets = inference.target_scaler.transform(part.labels.astype(np.float64))
    return Rows(inputs, targets.astype(np.float32))


def _require_two_classes(train: Dataset, prepared: Prepared, strategy: Strategy) -> None:
    present = np.unique(train.labels)
    if len(present) > 1:
        return
    name = train.target.classes[int(present[0])]
    labels = strategy.labels
    hints = balance(prepared.labels, prepared.market.base_bars, labels.source, labels.parameters).sentences()
    raise InvalidInput(
        f"training.labels: all {len(train)} train labels are {name!r}, and a model can learn nothing from that; "
        + "; ".join(hints)
    )
