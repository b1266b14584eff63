"""Logistic and ridge regression behind the ModelTrainer port."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.arrays import WEIGHTS, floats_of, to_bytes
from ktrdr.adapters.models.linear.fitting import logistic, ridge
from ktrdr.adapters.models.linear.solving import Standardised
from ktrdr.adapters.models.one_go import one_epoch, stopped
from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import read_model_facts
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.contributions import Contributions
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.watch import UNWATCHED, Watch

_PIECE = 2048
_NO_HISTORY = TrainingHistory((), 0, "no_epochs")


class LinearModel(FittedModel):
    """Raw outputs that are sums: of what is said of the mean train row, and of how far each input is from it.

    Parameters
    ----------
    feature_ids : tuple of str
    weights : ndarray of float64, shape (n_outputs, n_features)
        In output per unit of the input.
    centre : ndarray of float64, shape (n_features,)
        Weighted means of the train rows.
    intercept : ndarray of float64, shape (n_outputs,)
        Output at the centre.
    is_classification : bool
    history : TrainingHistory
    """

    def __init__(
        self,
        feature_ids: tuple[str, ...],
        weights: Floats,
        centre: Floats,
        intercept: Floats,
        *,
        is_classification: bool,
        history: TrainingHistory = _NO_HISTORY,
    ) -> None:
        self.feature_ids = feature_ids
        self.history = history
        self._weights, self._centre, self._intercept = weights, centre, intercept
        self._is_classification = is_classification

    def predict(self, inputs: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        """Return logits, shape (n_samples, n_classes), or standardised values, shape (n_samples,)."""
        outputs = self.outputs(self._rows(inputs, ends))
        return outputs if self._is_classification else outputs[:, 0]

    def outputs(self, rows: Float32s) -> Floats:
        """Return the raw outputs of every row, shape (n_rows, n_outputs)."""
        outputs = np.empty((len(rows), len(self._intercept)))
        for start in range(0, len(rows), _PIECE):
            piece = slice(start, start + _PIECE)
            outputs[piece] = self._terms(rows[piece]).sum(axis=2) + self._intercept
        return outputs

    def contributions(
        self, inputs: Float32s, ends: Int64s | None = None, baseline: Float32s | None = None
    ) -> Contributions:
        """Return each weight times how far its input is from the mean train row, from the output of that row."""
        del baseline  # it knows its own
        terms = self._terms(self._rows(inputs, ends))
        base = np.broadcast_to(self._intercept, (len(terms), len(self._intercept))).copy()
        return Contributions(np.ascontiguousarray(terms.transpose(0, 2, 1)), base, "linear")

    def state(self) -> Mapping[str, bytes]:
        """Return weights, centre and intercept as ``model.safetensors``."""
        arrays = {"weights": self._weights, "centre": self._centre, "intercept": self._intercept}
        return {WEIGHTS: to_bytes(arrays)}

    def provenance(self) -> Mapping[str, str]:
        """Return numpy's version."""
        return {"numpy": np.__version__}

    def _terms(self, rows: Float32s) -> Floats:
        """Return what each input adds, shape (n_samples, n_outputs, n_features).

        The last axis lies together in memory, so that its sum is taken in the same order whatever the rows beside.
        """
        return (np.ascontiguousarray(rows) - self._centre)[:, None, :] * self._weights

    def _rows(self, inputs: Float32s, ends: Int64s | None) -> Float32s:
        if inputs.ndim != 2 or inputs.shape[1] != len(self.feature_ids):
            raise InvalidInput(f"model: takes {len(self.feature_ids)} features per row, found shape {inputs.shape}")
        if ends is None:
            return inputs
        if len(ends) and not 0 <= ends.min() <= ends.max() < len(inputs):
            raise InvalidInput(f"model: ends must be rows 0 to {len(inputs) - 1}, found {ends.min()} to {ends.max()}")
        return inputs[ends]


class LinearTrainer(ModelTrainer):
    """Fits linear models, exactly and without a draw; it has no device to choose."""

    def __init__(self, device: str | None = None) -> None:
        del device

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> LinearModel:
        """Return the model that makes the penalised loss of the train rows smallest; validation rows decide nothing."""
        try:
            return _fit(task, watch)
        except KeyboardInterrupt as error:
            raise stopped() from error

    def restore(self, artifact: Artifact) -> LinearModel:
        """Return the stored model."""
        facts = read_model_facts(artifact)
        n_outputs, n_features = facts.n_outputs, len(facts.feature_ids)
        shapes = {"weights": (n_outputs, n_features), "centre": (n_features,), "intercept": (n_outputs,)}
        arrays = floats_of(artifact.blobs, shapes, artifact.manifest.model_name)
        return LinearModel(
            facts.feature_ids,
            **arrays,
            is_classification=facts.target.is_classification,
            history=facts.history,
        )


def _fit(task: FitTask, watch: Watch) -> LinearModel:
    train = Samples.of(task.train, task, grouped=True)
    validation = Samples.of(task.validation, task, grouped=False)
    n_samples, classes, l2 = len(train), task.target.classes, task.settings.own["l2"]
    weights = np.ones(n_samples) if train.weights is None else train.weights
    shares = weights / weights.sum()
    inputs = Standardised.of(train.inputs, shares)
    if classes:
        slopes, intercept = logistic(inputs, train.targets.astype(np.int64), shares, len(classes), l2)
    else:
        slopes, intercept = ridge(inputs, train.targets.astype(np.float64), shares, l2)
    model = LinearModel(
        task.feature_ids, slopes / inputs.scale, inputs.centre, intercept, is_classification=bool(classes)
    )
    model.history = one_epoch(model.outputs, train, validation, task, watch)
    return model
