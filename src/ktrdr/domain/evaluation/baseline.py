"""A forecast that a model is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.evaluation.losses import RowLoss


@dataclass(frozen=True, slots=True, eq=False)
class Baseline:
    """Forecasts of the test rows.

    Attributes
    ----------
    name : str
        Key in the report (``class_shares``).
    words : str
        The same for people.
    outputs : ndarray of float64, shape (n, k) or (n,), or None
        Probabilities, or predictions; None where it names a class and no probabilities.
    choices : ndarray of int64, shape (n,), or None
        The class that it names, the most probable one where it has probabilities; None for regression.
    """

    name: str
    words: str
    outputs: Floats | None
    choices: Int64s | None = None

    def losses(self, loss: RowLoss, labels: NDArray[Any]) -> Floats | None:
        """Return the loss of each row; None where this baseline cannot be judged by that loss."""
        if loss.name == "error_rate" and self.choices is not None:
            missed: Floats = (self.choices != labels).astype(np.float64)
            return missed
        return None if self.outputs is None else loss.rows(labels, self.outputs)


def probable(name: str, words: str, probabilities: Floats) -> Baseline:
    """Return the baseline of some probabilities; the most probable class goes with them."""
    return Baseline(name, words, probabilities, probabilities.argmax(axis=1))
