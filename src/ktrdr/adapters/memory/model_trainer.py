"""A model without features, for tests and as the plainest answer to compare with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import read_model_facts
from ktrdr.domain.errors import CorruptArtifact, InvalidInput
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FitTask, FittedModel, Rows
from ktrdr.domain.training.watch import UNWATCHED, Watch

_WEIGHTS = "model.safetensors"
_NAME = "outputs"


class PriorModel(FittedModel):
    """Gives every row the same outputs."""

    def __init__(
        self, feature_ids: tuple[str, ...], outputs: NDArray[np.float64], history: TrainingHistory, window: int = 1
    ) -> None:
        self.feature_ids = feature_ids
        self.history = history
        self.window = window
        self._outputs = outputs

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return logits, shape (n_samples, n_classes), or standardised values, shape (n_samples,)."""
        if inputs.ndim != 2 or inputs.shape[1] != len(self.feature_ids):
            raise InvalidInput(f"model: takes {len(self.feature_ids)} features per row, found shape {inputs.shape}")
        if ends is None:
            n_samples = max(len(inputs) - self.window + 1, 0)
        elif len(ends) and not self.window - 1 <= ends.min() <= ends.max() < len(inputs):
            raise InvalidInput(f"model: ends must be rows {self.window - 1} to {len(inputs) - 1}")
        else:
            n_samples = len(ends)
        return np.broadcast_to(self._outputs, (n_samples, *self._outputs.shape)).copy()

    def state(self) -> Mapping[str, bytes]:
        """Return the outputs as ``model.safetensors``."""
        return {_WEIGHTS: save({_NAME: self._outputs})}

    def provenance(self) -> Mapping[str, str]:
        """Return nothing: the bytes depend on the task alone."""
        return {}


class PriorTrainer(ModelTrainer):
    """Fits the log shares of the train classes, one row added to each, or the mean of the train targets.

    Weights count as they do in a loss: a class or a row of weight 2 gets the log share of twice its rows.
    """

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> PriorModel:  # noqa: ARG002 - there are no epochs
        """Return the prior of the train rows, whatever model type of the catalogue is asked for; it has no epochs."""
        if not len(task.train.targets):
            raise InvalidInput("fit: there are no train rows")
        return PriorModel(task.feature_ids, _prior(task), TrainingHistory((), 0, "no_epochs"), task.model.window)

    def restore(self, artifact: Artifact) -> PriorModel:
        """Return the stored prior."""
        where = f"{artifact.manifest.model_name}/{_WEIGHTS}"
        facts = read_model_facts(artifact)
        try:
            tensors = load(artifact.blobs[_WEIGHTS])
        except (KeyError, SafetensorError) as error:
            raise CorruptArtifact(f"{where}: missing, or not a safetensors file ({error})") from error
        outputs = tensors.get(_NAME)
        shape = (len(facts.target.classes),) if facts.target.is_classification else ()
        if len(tensors) != 1 or outputs is None or outputs.dtype != np.float64 or outputs.shape != shape:
            raise CorruptArtifact(f"{where}: must hold {_NAME} alone, float64 of shape {shape}")
        if not np.isfinite(outputs).all():
            raise CorruptArtifact(f"{where}: {_NAME} holds values that are not finite")
        return PriorModel(facts.feature_ids, outputs, facts.history, facts.spec.window)


def _prior(task: FitTask) -> NDArray[np.float64]:
    if task.steps:
        return _prior(_of_own_step(task))
    weights = _weights(task.train)
    if not task.target.is_classification:
        return np.array(np.average(task.train.targets.astype(np.float64), weights=weights))
    n_classes = len(task.target.classes)
    counts = np.bincount(task.train.targets, weights, minlength=n_classes) + 1.0
    weighted = counts if task.class_weights is None else counts * task.class_weights
    return np.asarray(np.log(weighted / weighted.sum()))


def _of_own_step(task: FitTask) -> FitTask:
    place, rows = task.steps.index(task.step), task.train
    targets, weights = rows.targets[:, place], None if rows.weights is None else rows.weights[:, place]
    classes = None if task.class_weights is None else task.class_weights[place]
    return replace(task, train=replace(rows, targets=targets, weights=weights), class_weights=classes, steps=())


def _weights(rows: Rows) -> NDArray[np.floating[Any]] | None:
    """Return the weights of the samples, times what gives groups equal shares; None where all count the same."""
    if rows.groups is None:
        return rows.weights
    counts = np.bincount(rows.groups)
    shares = len(rows.groups) / (np.count_nonzero(counts) * counts[rows.groups])
    return np.asarray(shares if rows.weights is None else shares * rows.weights)
