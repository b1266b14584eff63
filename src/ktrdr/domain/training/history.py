"""What happened, epoch by epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from math import isfinite
from typing import Any, Literal, get_args

from ktrdr.domain.errors import InvalidInput

_OPTIONAL = {"learning_rate", "gradient_norm"}
"""Figures that a model type may not have; they are absent then."""
EndedBy = Literal["early_stopping", "all_epochs", "no_epochs"]


@dataclass(frozen=True, slots=True)
class Epoch:
    """One pass over the training rows.

    Losses are means per row in the unit of the loss. `val_accuracy` is None for regression. What a model type has not
    is None: `learning_rate`, and `gradient_norm`, the mean over batches before clipping.
    """

    number: int
    train_loss: float
    val_loss: float
    val_accuracy: float | None
    learning_rate: float | None = None
    gradient_norm: float | None = None


@dataclass(frozen=True, slots=True)
class TrainingHistory:
    """All epochs, the number of the one that was kept (0: the initial weights), and why training ended."""

    epochs: tuple[Epoch, ...]
    best_epoch: int
    ended_by: EndedBy

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``history.json``."""
        return {
            "epochs": [_figures(epoch) for epoch in self.epochs],
            "best_epoch": self.best_epoch,
            "ended_by": self.ended_by,
        }

    @classmethod
    def from_dict(cls, values: Any) -> TrainingHistory:
        """Read what `as_dict` wrote.

        Raises
        ------
        InvalidInput
            If it is anything else.
        """
        if not isinstance(values, Mapping) or values.keys() != {item.name for item in fields(cls)}:
            raise InvalidInput("history: must be an object with epochs, best_epoch and ended_by")
        epochs, best, ended_by = values["epochs"], values["best_epoch"], values["ended_by"]
        if not isinstance(epochs, list) or ended_by not in get_args(EndedBy):
            raise InvalidInput(f"history: epochs must be a list, ended_by one of {', '.join(get_args(EndedBy))}")
        read = tuple(_epoch(epoch, number) for number, epoch in enumerate(epochs, start=1))
        if type(best) is not int or not 0 <= best <= len(read):
            raise InvalidInput(f"history: best_epoch must be 0 to {len(read)}, found {best!r}")
        return cls(read, best, ended_by)


def _figures(epoch: Epoch) -> dict[str, Any]:
    return {name: value for name, value in asdict(epoch).items() if value is not None or name not in _OPTIONAL}


def _epoch(values: Any, number: int) -> Epoch:
    names = {item.name for item in fields(Epoch)}
    if not isinstance(values, Mapping) or not names - _OPTIONAL <= values.keys() <= names or values["number"] != number:
        raise InvalidInput(f"history: epoch {number} must be an object with number {number} and {sorted(names)}")
    for name, value in values.items():
        is_number = type(value) in {int, float} and isfinite(value)
        if not is_number and not (name == "val_accuracy" and value is None):
            raise InvalidInput(f"history: epoch {number}: {name} must be a finite number, found {value!r}")
    return Epoch(**values)
