"""Boosting round by round: losses, early stopping, who looks on."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import inf, isfinite
from typing import Protocol

import numpy as np

from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.errors import TrainingFailed, TrainingInterrupted
from ktrdr.domain.training.history import EndedBy, Epoch, TrainingHistory
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.trees import Trees
from ktrdr.domain.training.watch import Watch

SEEN = 2048
"""Train samples that the loss of a round is measured on, at most: all of them would cost a fifth of the fit."""


class Grower(Protocol):
    """Trees that grow by rounds, as a library grows them."""

    @abstractmethod
    def grow(self) -> None:
        """Add the trees of one round."""

    @abstractmethod
    def outputs(self) -> Floats:
        """Return the raw outputs of the rows that are looked at, shape (n_rows, n_outputs)."""

    @abstractmethod
    def trees(self, n_rounds: int) -> Trees:
        """Return the trees of the first rounds."""


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """The samples that are looked at after each round: some of those trained on, and all of the validation part."""

    train: Samples
    validation: Samples
    log_weights: Floats | None
    huber_delta: float | None

    @classmethod
    def of(cls, train: Samples, validation: Samples, task: FitTask) -> Seen:
        """Return what to look at in a task; `huber_delta` is None but for the huber loss."""
        log_weights = None if task.class_weights is None else np.log(task.class_weights)
        delta = task.settings.huber_delta if task.settings.loss == "huber" else None
        return cls(train.every(SEEN), validation, log_weights, delta)

    @property
    def inputs(self) -> Float32s:
        """The rows to ask for outputs, shape (n_rows, n_features)."""
        return np.concatenate([self.train.inputs, self.validation.inputs])

    def epoch(self, number: int, outputs: Floats, learning_rate: float) -> Epoch:
        """Return losses and accuracy of a round from the outputs of `inputs`."""
        n_train, is_classes = len(self.train), self.train.targets.dtype == np.int64
        with np.errstate(all="ignore"):
            train, validation = (
                self._loss(part, said)
                for part, said in zip((self.train, self.validation), np.split(outputs, [n_train]), strict=True)
            )
        accuracy = self._accuracy(outputs[n_train:]) if is_classes else None
        return Epoch(number, train, validation, accuracy, learning_rate)

    def _loss(self, samples: Samples, outputs: Floats) -> float:
        if samples.targets.dtype == np.int64:
            highest = outputs.max(axis=1)
            logs = np.log(np.exp(outputs - highest[:, None]).sum(axis=1)) + highest
            rows = logs - outputs[np.arange(len(samples)), samples.targets]
        else:
            errors = np.abs(outputs[:, 0] - samples.targets)
            delta = inf if self.huber_delta is None else self.huber_delta
            rows = errors**2 if delta == inf else np.where(errors <= delta, errors**2 / 2, delta * (errors - delta / 2))
        return float(np.average(rows, weights=samples.weights))

    def _accuracy(self, outputs: Floats) -> float:
        """Count the class that would be predicted: with the log class weights subtracted from the logits."""
        logits = outputs if self.log_weights is None else outputs - self.log_weights
        return float((logits.argmax(axis=1) == self.validation.targets).mean())


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
        epoch = seen.epoch(len(epochs) + 1, grower.outputs(), settings.learning_rate)
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
