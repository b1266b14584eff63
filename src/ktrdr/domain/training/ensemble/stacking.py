"""Stacking: a linear model of what the members say, fitted to rows that they were not fitted to."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.training.ensemble.combining import Arrays, Combination, log_of
from ktrdr.domain.training.inference import softmax


@dataclass(frozen=True, slots=True, eq=False)
class Stacked(Combination):
    """A logistic regression of the members' log-probabilities, or a ridge regression of their predictions.

    Attributes
    ----------
    coefficients : ndarray of float64, shape (n_outputs, n_members * n_outputs)
    intercept : ndarray of float64, shape (n_outputs,)
        What is said where the members say what they say on average: the class shares, or the mean.

    References
    ----------
    Wolpert (1992), Stacked generalization.
    """

    coefficients: Floats
    intercept: Floats
    shares: None = None

    def __call__(self, outputs: Floats) -> Floats:
        """Return probabilities, or predictions, shape (n_rows, n_outputs)."""
        is_classification = outputs.shape[2] > 1
        scores: Floats = np.repeat(self.intercept[None, :], outputs.shape[1], axis=0)
        for column, coefficient in zip(said(outputs).T, self.coefficients.T, strict=True):
            scores += column[:, None] * coefficient
        return softmax(scores) if is_classification else scores

    def arrays(self) -> Arrays:
        """Return coefficients and intercept."""
        return {"coefficients": self.coefficients, "intercept": self.intercept}


def said(outputs: Floats) -> Floats:
    """Return what the regression reads, shape (n_rows, n_members * n_outputs): log-probabilities, or predictions.

    Parameters
    ----------
    outputs : ndarray of float64, shape (n_members, n_rows, n_outputs)
    """
    values = log_of(outputs) if outputs.shape[2] > 1 else outputs
    return np.concatenate(list(values), axis=1)
