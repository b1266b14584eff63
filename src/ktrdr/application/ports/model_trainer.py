"""The port through which models are fitted and brought back."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.watch import UNWATCHED, Watch


class ModelTrainer(Protocol):
    """Fits a model to rows, and restores one from what was stored."""

    @abstractmethod
    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> FittedModel:
        """Return a model fitted to the task; equal tasks give models of equal bytes on the same class of CPU.

        Parameters
        ----------
        task : FitTask
        watch : Watch
            Told of every epoch. What it has kept of an equal task is gone on from, to the same bytes.

        Raises
        ------
        TrainingFailed
            If the loss is not finite; the message names the epoch and what to try.
        TrainingInterrupted
            If the user stopped it.
        Pruned
            If the watch gave it up.
        InvalidInput
            If the model type or the device is not known, or what the watch has kept is of another task.
        """

    @abstractmethod
    def restore(self, artifact: Artifact) -> FittedModel:
        """Return the stored model; it predicts the same bytes as the one that was published.

        Raises
        ------
        CorruptArtifact
            If the blobs do not fit the manifest. Nothing in the artifact is ever executed.
        """
