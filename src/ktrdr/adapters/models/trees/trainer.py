"""What all trainers of trees share: restoring needs nothing but the arrays, boosting goes by rounds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import ClassVar

import numpy as np

from ktrdr.adapters.models.trees.model import TreesModel
from ktrdr.adapters.models.trees.rounds import Grower, Seen, boost
from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.adapters.models.trees.stored import WEIGHTS, from_bytes
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.arrays import Floats
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.model_facts import read_model_facts
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, TrainingFailed
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.trees import Precision, Trees
from ktrdr.domain.training.watch import UNWATCHED, Watch

ONE_THREAD = 1
"""Fits run side by side in processes; the bytes are the same for any number of threads."""


class TreesTrainer(ModelTrainer):
    """Grows trees, and restores them without whoever has grown them.

    Parameters
    ----------
    device : str, optional
        ``cpu``; None and ``auto`` mean it too.
    n_threads : int, optional
        Decides how long a fit takes, and nothing else.
    """

    precision: ClassVar[Precision] = "float64"
    averaged: ClassVar[bool] = False
    model: ClassVar[type[TreesModel]] = TreesModel

    def __init__(self, device: str | None = None, n_threads: int = ONE_THREAD) -> None:
        self._device = device
        self._n_threads = n_threads

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> TreesModel:
        """Return the trees grown on the task's rows, on the CPU."""
        if self._device not in (None, "auto", "cpu"):
            raise InvalidInput(f"device {self._device!r}: {task.model.type} is fitted on the CPU; allowed: auto, cpu")
        stopping = task.settings.early_stopping
        if stopping.enabled and stopping.monitor == "val_accuracy" and not task.target.is_classification:
            raise InvalidInput("early_stopping: monitor val_accuracy needs classes; allowed for a regression: val_loss")
        train = Samples.of(task.train, task, grouped=True)
        validation = Samples.of(task.validation, task, grouped=False)
        trees, history, versions = self.grown(train, validation, task, watch)
        return self.model(
            trees, task.feature_ids, history, is_classification=task.target.is_classification, versions=versions
        )

    @abstractmethod
    def grown(
        self, train: Samples, validation: Samples, task: FitTask, watch: Watch
    ) -> tuple[Trees, TrainingHistory, Mapping[str, str]]:
        """Return trees, what happened, and the versions of what the bytes depend on."""

    def restore(self, artifact: Artifact) -> TreesModel:
        """Return the stored trees; nothing but arrays is read."""
        where = artifact.manifest.model_name
        if WEIGHTS not in artifact.blobs:
            raise CorruptArtifact(f"{where}: {WEIGHTS} is missing")
        facts = read_model_facts(artifact)
        trees = from_bytes(
            artifact.blobs[WEIGHTS],
            len(facts.feature_ids),
            facts.n_outputs,
            self.precision,
            averaged=self.averaged,
            where=f"{where}/{WEIGHTS}",
        )
        return self.model(trees, facts.feature_ids, facts.history, is_classification=facts.target.is_classification)


class BoostingTrainer(TreesTrainer):
    """Grows trees by rounds, each on what the ones before have left; the best round's are kept."""

    def grown(
        self, train: Samples, validation: Samples, task: FitTask, watch: Watch
    ) -> tuple[Trees, TrainingHistory, Mapping[str, str]]:
        """Return the trees of the kept rounds."""
        seen = Seen.of(train, validation, task)
        grower = self.grower(train, seen, task)
        history = boost(grower, seen, task, watch)
        return grower.trees(history.best_epoch), history, self.versions()

    @abstractmethod
    def grower(self, train: Samples, seen: Seen, task: FitTask) -> Grower:
        """Return a grower that has no trees yet."""

    @abstractmethod
    def versions(self) -> Mapping[str, str]:
        """Return the version of the library."""


def n_drawn(train: Samples, share: float) -> int:
    """Return how many samples a round draws."""
    return max(int(len(train) * share), 1)


def refuse_unsplittable(setting: str, value: float, most: float, train: Samples) -> None:
    """Refuse rows that are too few for a single split, which would leave a constant.

    Raises
    ------
    TrainingFailed
        If twice the setting is more than `most`, what all rows of a round can come to.
    """
    if 2 * value > most:
        raise TrainingFailed(
            f"fit: {setting} {value:g} leaves no room for a single split in {len(train):,} train rows; allowed here: "
            f"{setting} up to {most / 2:g}, or more rows"
        )


def of_both_classes(value: Floats) -> Floats:
    """Return what two classes say of one logit: minus and plus its half, shape (n, 2)."""
    both: Floats = value[:, None] * np.array([-0.5, 0.5])
    return both


def of_both(probability: Floats) -> Floats:
    """Return the probabilities of both classes, shape (n, 2), from that of the second."""
    return np.stack([1 - probability, probability], axis=1)


def seed_of(seed: int) -> int:
    """Return a library's seed, of 31 bits, of any seed."""
    return int(np.random.SeedSequence(seed).generate_state(1)[0] >> 1)
