"""Fitting: scale on train rows, fit one model per seed."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import numpy as np

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.labelling import label_balance
from ktrdr.application.preparing.rows import Prepared
from ktrdr.application.preparing.warm_start import Beginning
from ktrdr.domain.arrays import Float32s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.learnable import fuzzified
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.dataset import Dataset
from ktrdr.domain.training.effective import model_spec, training_settings
from ktrdr.domain.training.inference import Inference
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.scaling import Scaler, TargetScaler
from ktrdr.domain.training.weights import class_weights, sample_weights

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """Models by seed, the shipped one first, what was fitted on train rows beside them, and what they began with."""

    models: dict[int, FittedModel]
    inference: Inference
    beginning: Beginning | None = None

    @property
    def shipped(self) -> FittedModel:
        """The model of the seed that was named in advance."""
        return next(iter(self.models.values()))


def fit(
    prepared: Prepared, strategy: Strategy, trainer: ModelTrainer, n_seeds: int, beginning: Beginning | None = None
) -> Fitted:
    """Fit `n_seeds` models, counting up from the strategy's seed; with a beginning, on inputs scaled as it knows them.

    Raises
    ------
    InvalidInput
        If all train labels are of one class.
    TrainingFailed, TrainingInterrupted
        See `ModelTrainer.fit`.
    """
    train = prepared.part("train")
    target = train.target
    scaler = Scaler.fit(train.matrix.values, [column.normalization for column in prepared.columns])
    weights, target_scaler = None, None
    if target.is_classification:
        _require_two_classes(train, prepared, strategy)
        if strategy.training["class_weights"] == "balanced":
            weights = class_weights(train.labels.astype(np.int64), len(target.classes))
    else:
        target_scaler = TargetScaler.fit(train.labels.astype(np.float64))
    if beginning is not None:
        scaler, target_scaler = beginning.inference.scaler, beginning.inference.target_scaler
    inference = Inference(scaler, target_scaler, None if weights is None else np.log(weights))
    initial = None if beginning is None else beginning.blobs
    spec = model_spec(strategy)
    series = np.ascontiguousarray(scaler.transform(prepared.matrix.values)) if spec.reads_windows else None
    rows, held_out = (_rows(prepared, name, inference, series) for name in ("train", "validation"))
    first = strategy.training["seed"]
    models = {}
    for seed in range(first, first + n_seeds):
        settings = training_settings(strategy, seed)
        plan = fuzzified(prepared.features)
        rows = replace(rows, weights=_sample_weights(prepared, train, seed))
        task = FitTask(rows, held_out, train.matrix.ids, target, spec, settings, weights, plan, initial)
        models[seed] = trainer.fit(task)
        history = models[seed].history
        log.info("fitted", extra={"seed": seed, "epochs": len(history.epochs), "ended_by": history.ended_by})
    return Fitted(models, inference, beginning)


def _sample_weights(prepared: Prepared, train: Dataset, seed: int) -> Float32s | None:
    """Return what the train rows count, decided on them alone."""
    rng = np.random.default_rng(seed)
    return sample_weights(prepared.labels.weighting, train.matrix.base_rows, train.label_end_rows, rng)


def _rows(prepared: Prepared, name: str, inference: Inference, series: Float32s | None) -> Rows:
    """Return inputs and targets of a part; with `series`, the scaled rows of all parts, as windows of it."""
    part = prepared.part(name)
    inputs = inference.scaler.transform(part.matrix.values) if series is None else series
    ends = None if series is None else prepared.places(name)
    if inference.target_scaler is None:
        return Rows(inputs, part.labels.astype(np.int64, copy=False), ends)
    targets = inference.target_scaler.transform(part.labels.astype(np.float64))
    return Rows(inputs, targets.astype(np.float32), ends)


def _require_two_classes(train: Dataset, prepared: Prepared, strategy: Strategy) -> None:
    present = np.unique(train.labels)
    if len(present) > 1:
        return
    name = train.target.classes[int(present[0])]
    test_from = prepared.split.cuts[1]
    hints = label_balance(prepared.labels, prepared.market.base_bars, strategy, test_from).sentences()
    raise InvalidInput(
        f"training.labels: all {len(train)} train labels are {name!r}, and a model can learn nothing from that; "
        + "; ".join(hints)
    )
