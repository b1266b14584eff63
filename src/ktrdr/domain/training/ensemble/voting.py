"""Voting: the weighted mean of the forecasts, or the shares of the votes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.training.ensemble.combining import Arrays, Combination, weighted_sum

SPREAD = 0.01
"""What of a hard vote is given to all classes alike, so that what nobody voted for keeps a probability above 0."""


@dataclass(frozen=True, slots=True, eq=False)
class WeightedMean(Combination):
    """The mean of the members' probabilities or predictions, weighted by their shares.

    References
    ----------
    Stone (1961), The opinion pool.
    """

    shares: Floats

    def __call__(self, outputs: Floats) -> Floats:
        """Return the weighted mean, shape (n_rows, n_outputs)."""
        return weighted_sum(self.shares, outputs)

    def arrays(self) -> Arrays:
        """Return the shares."""
        return {"shares": self.shares}


@dataclass(frozen=True, slots=True, eq=False)
class MajorityVote(Combination):
    """The shares of the votes: each member votes for its most probable class, of equal ones the first.

    Of the whole `SPREAD` is given to all classes alike. A member that needs no features has no opinion on a row:
    `undecided` of the members, the last ones, divide their vote by their probabilities.
    """

    shares: Floats
    undecided: int = 0

    def __call__(self, outputs: Floats) -> Floats:
        """Return the shares of the votes, shape (n_rows, n_classes)."""
        n_members, n_rows, n_classes = outputs.shape
        votes = outputs.copy()
        voting = n_members - self.undecided
        votes[:voting] = np.eye(n_classes)[outputs[:voting].argmax(axis=2)].reshape(voting, n_rows, n_classes)
        found: Floats = weighted_sum(self.shares, votes) * (1 - SPREAD) + SPREAD / n_classes
        return found

    def arrays(self) -> Arrays:
        """Return the shares."""
        return {"shares": self.shares}


def shares_of(weights: list[float], *, prior: bool) -> Floats:
    """Return the shares of members by their weights; a prior behind them counts as they do on average."""
    own = np.array(weights, dtype=np.float64)
    whole = np.append(own, own.mean()) if prior else own
    shares: Floats = whole / whole.sum()
    return shares
