"""From a model's outputs to signals, row by row and without memory."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats
from ktrdr.domain.labels.labelset import Target

_CAUTIOUS_ORDER = ("hold", "none", "buy", "sell")


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """What the model asks for at each row.

    Attributes
    ----------
    actions : ndarray of str, shape (n_rows,)
        ``buy``, ``hold``, ``sell``, or ``none`` where the target says nothing about trading.
    wanted : ndarray of str, shape (n_rows,)
        The same before threshold and edge turned some of them to hold.
    confidence : ndarray of float64, shape (n_rows,), or None
        Probability of the likeliest action, also where it was too low to act on; None for a regression, which has no
        probabilities.
    """

    actions: NDArray[np.str_]
    wanted: NDArray[np.str_]
    confidence: Floats | None

    def take(self, rows: slice) -> Signals:
        """Return the signals of some of the rows."""
        confidence = None if self.confidence is None else self.confidence[rows]
        return Signals(self.actions[rows], self.wanted[rows], confidence)


def decide(outputs: Floats, target: Target, *, confidence_threshold: float = 0.5, minimum_edge: float = 0.0) -> Signals:
    """Turn outputs into signals.

    Parameters
    ----------
    outputs : ndarray of float64
        Classification: probabilities, shape (n_rows, n_classes). Regression: predicted returns as fractions, shape
        (n_rows,).
    target : Target
        Says what each class asks for; classes that ask for the same are added up.
    confidence_threshold : float
        A buy or sell that is less probable than this becomes hold.
    minimum_edge : float
        Regression: round-trip cost times the multiple of it that a trade must promise (fraction); a smaller or equal
        prediction is hold. A target that is no return, such as a volatility, asks for none.
    """
    if not target.is_classification and target.actions:
        nothing = np.full(len(outputs), "none")
        return Signals(nothing, nothing, None)
    if not target.is_classification:
        return Signals(_beyond(outputs, minimum_edge), _beyond(outputs, 0.0), None)
    names = [name for name in _CAUTIOUS_ORDER if name in target.actions]
    by_action = np.column_stack([outputs[:, np.equal(target.actions, name)].sum(axis=1) for name in names])
    likeliest = by_action.argmax(axis=1)
    confidence: Floats = by_action.max(axis=1)
    actions = np.array(names)[likeliest]
    unsure = ((actions == "buy") | (actions == "sell")) & (confidence < confidence_threshold)
    return Signals(np.where(unsure, "hold", actions), actions, confidence)


def _beyond(predictions: Floats, edge: float) -> NDArray[np.str_]:
    return np.select([predictions > edge, predictions < -edge], ["buy", "sell"], "hold")
