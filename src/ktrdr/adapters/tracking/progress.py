"""Every fit of a trainer tells one listener of its epochs."""

from __future__ import annotations

from collections.abc import Callable

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.training.history import Epoch
from ktrdr.domain.training.model import FitTask, FittedModel
from ktrdr.domain.training.watch import UNWATCHED, Watch, both

OnEpoch = Callable[[Epoch, int], None]
"""Takes an epoch that is over, and how many are planned."""


class EpochWatch(Watch):
    """Tells `on_epoch` of every epoch, and keeps nothing."""

    keeps = False

    def __init__(self, on_epoch: OnEpoch) -> None:
        self._on_epoch = on_epoch

    def epoch(self, epoch: Epoch, planned: int) -> None:
        """Pass it on."""
        self._on_epoch(epoch, planned)

    def keep(self, state: bytes) -> None:
        """Do nothing."""

    def kept(self) -> bytes | None:
        """Return None."""
        return None


class ReportingTrainer(ModelTrainer):
    """Fits as `inner` does; `on_epoch`, if any, hears of every epoch beside who watches the fit."""

    def __init__(self, inner: ModelTrainer, on_epoch: OnEpoch | None = None) -> None:
        self._inner = inner
        self._watch = UNWATCHED if on_epoch is None else EpochWatch(on_epoch)

    def fit(self, task: FitTask, watch: Watch = UNWATCHED) -> FittedModel:
        """Return a model fitted to the task."""
        return self._inner.fit(task, both(watch, self._watch))

    def restore(self, artifact: Artifact) -> FittedModel:
        """Return the stored model."""
        return self._inner.restore(artifact)
