"""Boosting round by round: losses, early stopping, who looks on."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.errors import TrainingFailed, TrainingInterrupted
from ktrdr.domain.training.history import EndedBy, Epoch, TrainingHistory
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.trees import Trees
from ktrdr.domain.training.watch import Watch

SEEN = 1024
"""Train samples that the loss of a round is measured on, at most: all of them would cost a fifth of the fit."""
_LEAST = 1e-15
"""A probability that is taken for 0."""


class Grower(Protocol):
    """Trees that grow by rounds, as a library grows them."""

    @abstractmethod
    def grow(self) -> None:
        """Add the trees of one round."""

    @abstractmethod
    def said(self) -> Floats:
        """Return probabilities or values of the rows that are looked at, shape (n_rows, n_outputs)."""

    @abstractmethod
    def trees(self, n_rounds: int) -> Trees:
        """Return the trees of the first rounds."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The samples that are looked at after each round: some of those trained on, and all of the validation part."""

    train: Samples
    validation: Samples
    class_weights: Floats | None
    huber_delta: float | None
    targets: NDArray[Any]
    places: NDArray[np.intp]

    @classmethod
    def of(cls, train: Samples, validation: Samples, task: FitTask) -> Seen:
        """Return what to look at in a task; `huber_delta` is None but for the huber loss."""
        delta = task.settings.huber_delta if task.settings.loss == "huber" else None
        some = train.every(SEEN)
        targets = np.concatenate([some.targets, validation.targets])
        return cls(some, validation, task.class_weights, delta, targets, np.arange(len(targets)))

    @property
    def inputs(self) -> Float32s:
        """The rows to ask for outputs, shape (n_rows, n_features)."""
        return np.concatenate([self.train.inputs, self.validation.inputs])

    def epoch(self, number: int, said: Floats, learning_rate: float) -> Epoch:
        """Return losses and accuracy of a round from what is said of `inputs`; see `Grower.said`."""
        n_train = len(self.train)
        with np.errstate(all="ignore"):
            losses = self._losses(said)
            train = _mean(losses[:n_train], self.train.weights)
            validation = _mean(losses[n_train:], self.validation.weights)
        accuracy = self._accuracy(said[n_train:]) if self.is_classification else None
        return Epoch(number, train, validation, accuracy, learning_rate)

    @property
    def is_classification(self) -> bool:
        """Whether targets are class numbers."""
        return self.train.targets.dtype == np.int64

    def _losses(self, said: Floats) -> Floats:
        if self.is_classification:
            losses: Floats = -np.log(np.maximum(said[self.places, self.targets], _LEAST))
            return losses
        errors, delta = np.abs(said[:, 0] - self.targets), self.huber_delta
        if delta is None:
            squares: Floats = errors**2
            return squares
        huber: Floats = np.where(errors <= delta, errors**2 / 2, delta * (errors - delta / 2))
        return huber

    def _accuracy(self, said: Floats) -> float:
        """Count the class that would be predicted: with the class weights taken out of the probabilities."""
        calibrated = said if self.class_weights is None else said / self.class_weights
        return np.count_nonzero(calibrated.argmax(axis=1) == self.validation.targets) / len(calibrated)


def _mean(losses: Floats, weights: Floats | None) -> float:
    return float(losses.sum() / len(losses) if weights is None else losses @ weights / weights.sum())


def boost(grower: Grower, seen: Seen, task: FitTask, watch: Watch) -> TrainingHistory:
    """Let trees grow until early stopping or the last round; `best_epoch` says how many rounds are kept.

    Raises
    ------
    TrainingFailed
        If a loss is not finite.
    TrainingInterrupted
        If the user stopped it.
    """
    epochs: list[Epoch] = []
    try:
        return _boost(grower, seen, task, watch, epochs)
    except KeyboardInterrupt as error:
        done = f"after round {len(epochs)} of {task.settings.own['rounds']}"
        raise TrainingInterrupted(f"training was stopped {done}; no model was kept") from error


def _boost(grower: Grower, seen: Seen, task: FitTask, watch: Watch, epochs: list[Epoch]) -> TrainingHistory:
    settings, stopping, planned = task.settings, task.settings.early_stopping, task.settings.own["rounds"]
    best, lowest = 0, inf
    while len(epochs) < planned and not (stopping.enabled and len(epochs) - best >= stopping.patience):
        grower.grow()
        epoch = seen.epoch(len(epochs) + 1, grower.said(), settings.learning_rate)
        _check(epoch, task)
        epochs.append(epoch)
        cost = epoch.val_loss if stopping.monitor == "val_loss" else -(epoch.val_accuracy or 0.0)
        if cost < lowest - stopping.min_delta:
            best, lowest = epoch.number, cost
        watch.epoch(epoch, planned)
    ended_by: EndedBy = "early_stopping" if len(epochs) < planned else "all_epochs"
    return TrainingHistory(tuple(epochs), best if stopping.enabled else len(epochs), ended_by)


def _check(epoch: Epoch, task: FitTask) -> None:
    if not (isfinite(epoch.train_loss) and isfinite(epoch.val_loss)):
        settings = task.settings
        raise TrainingFailed(
            f"training broke down in round {epoch.number} of {settings.own['rounds']}: training loss "
            f"{epoch.train_loss:.4g}, validation loss {epoch.val_loss:.4g}, learning rate {settings.learning_rate:g}; "
            f"try learning_rate: {settings.learning_rate / 10:g}, a larger l2, or targets without extreme values"
        )
