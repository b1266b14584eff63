"""Why a model's decisions never did anything."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.decisions.decide import Signals
from ktrdr.domain.decisions.run import DecisionSeries
from ktrdr.domain.decisions.step import DIRECTIONS, REASONS
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.strategy.document import Decisions


def silence(
    outputs: NDArray[np.float64], signals: Signals, decisions: DecisionSeries, target: Target, settings: Decisions
) -> str | None:
    """Return why nothing was bought or sold at any row; None where something was.

    Parameters
    ----------
    outputs : ndarray of float64
        Probabilities, shape (n_rows, n_classes), or predictions, shape (n_rows,); at least one row.
    signals : Signals
        What `decide` made of them.
    decisions : DecisionSeries
        What `run` made of these, from flat.
    target : Target
        One that asks for trades.
    settings : Decisions
    """
    if decisions.trades.any():
        return None
    asked = np.isin(signals.actions, list(DIRECTIONS))
    if asked.any():
        counts = Counter(REASONS[reason] for reason in decisions.reasons[asked])
        refused = ", ".join(f"{count:,} by {reason}" for reason, count in counts.most_common())
        return f"every buy and sell was refused: {refused}"
    if not target.is_classification:
        edge, furthest = settings.minimum_edge, outputs[np.abs(outputs).argmax()]
        return f"no prediction went beyond the edge of {edge:g} either way; the furthest was {furthest:.4g}"
    highest = max(float(outputs[:, np.equal(target.actions, name)].sum(axis=1).max()) for name in DIRECTIONS)
    threshold = f"the confidence threshold of {settings.confidence_threshold:g}"
    if highest < settings.confidence_threshold:
        return f"no probability of buy or sell reached {threshold}; the highest was {highest:.4g}"
    return f"hold was at least as likely wherever a probability of buy or sell reached {threshold}"
