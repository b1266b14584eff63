"""The history of what is fitted in one go."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ktrdr.adapters.models.trees.rounds import Seen
from ktrdr.adapters.models.trees.samples import Samples
from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.errors import TrainingInterrupted
from ktrdr.domain.training.history import TrainingHistory
from ktrdr.domain.training.inference import softmax
from ktrdr.domain.training.model import FitTask
from ktrdr.domain.training.watch import Watch


def one_epoch(
    outputs: Callable[[Float32s], Floats], train: Samples, validation: Samples, task: FitTask, watch: Watch
) -> TrainingHistory:
    """Return a single epoch with its losses, which nothing ended, and tell the watch of it.

    Parameters
    ----------
    outputs : callable
        Inputs to raw outputs, shape (n_rows, n_outputs).
    train, validation : Samples
    task : FitTask
    watch : Watch

    Raises
    ------
    TrainingInterrupted
        If the user stopped it.
    """
    seen = Seen.of(train, validation, task)
    raw = outputs(seen.inputs)
    said = softmax(raw) if seen.is_classification else raw
    epoch = replace(seen.epoch(1, said, 0.0), learning_rate=None)
    try:
        watch.epoch(epoch, 1)
    except KeyboardInterrupt as error:
        raise stopped() from error
    return TrainingHistory((epoch,), 1, "no_epochs")


def stopped() -> TrainingInterrupted:
    """Return what to say of a fit that the user stopped."""
    return TrainingInterrupted("training was stopped; no model was kept")
