"""What happened, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training rows.

    Losses are means per row in the unit of the loss; `gradient_norm` is the mean over batches before clipping;
    `val_accuracy` is None for regression.
    """

    number: int
    train_loss: float
    val_loss: float
    val_accuracy: float | None
    learning_rate: float
    gradient_norm: float


@dataclass(frozen=True, slots=True)
class TrainingHistory:
    """All epochs, which one was kept, and why training ended."""

    epochs: tuple[Epoch, ...]
    best_epoch: int
    ended_by: Literal["early_stopping", "all_epochs", "no_epochs"]

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``history.json``."""
        return {
            "epochs": [asdict(epoch) for epoch in self.epochs],
            "best_epoch": self.best_epoch,
            "ended_by": self.ended_by,
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TrainingHistory:
        """Read what `as_dict` wrote."""
        return cls(tuple(Epoch(**epoch) for epoch in values["epochs"]), values["best_epoch"], values["ended_by"])
