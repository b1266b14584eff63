"""The weights of the best epoch so far."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from torch import Tensor

from ktrdr.domain.training.history import Epoch
from ktrdr.domain.training.settings import EarlyStopping


class Best:
    """Keeps a copy of the best epoch's weights, and counts the epochs since; better means by more than `min_delta`.

    Parameters
    ----------
    fitted : mapping of name to Tensor
        Weights and running statistics, as they move.
    stopping : EarlyStopping
    """

    def __init__(self, fitted: Mapping[str, Tensor], stopping: EarlyStopping) -> None:
        self.monitor, self.min_delta = stopping.monitor, stopping.min_delta
        self.number, self.waited = 0, 0
        self._cost = inf
        self._fitted = fitted
        self._copies = {name: tensor.clone() for name, tensor in fitted.items()}

    def named(self) -> dict[str, Tensor]:
        """Return the copies by name."""
        return {f"best.{name}": copy for name, copy in self._copies.items()}

    def count(self, epoch: Epoch) -> bool:
        """Compare an epoch with the best before; return whether it is better."""
        cost = epoch.val_loss if self.monitor == "val_loss" else -(epoch.val_accuracy or 0.0)
        self.waited += 1
        is_better = cost < self._cost - self.min_delta
        if is_better:
            self._cost, self.number, self.waited = cost, epoch.number, 0
        return is_better

    def see(self, epoch: Epoch) -> None:
        """Count an epoch, and copy its weights if it is the best."""
        if self.count(epoch):
            for name, tensor in self._fitted.items():
                self._copies[name].copy_(tensor)

    def restore(self) -> None:
        """Put the best weights back."""
        for name, tensor in self._fitted.items():
            tensor.copy_(self._copies[name])
