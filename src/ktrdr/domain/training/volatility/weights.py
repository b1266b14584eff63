"""What each of the last returns weighs in a forecast of volatility."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Floats


@dataclass(frozen=True, slots=True)
class Garch:
    """Parameters of a GARCH(p, q) process of returns with mean zero.

    ``v[t+1] = omega + sum(alpha[i] * r[t-i]**2) + sum(beta[j] * v[t-j])``, with v the variance.

    Attributes
    ----------
    omega : float
        In squared returns; above 0.
    alpha, beta : tuple of float
        0 or more, together below 1.

    References
    ----------
    Bollerslev (1986), Generalized autoregressive conditional heteroskedasticity.
    """

    omega: float
    alpha: tuple[float, ...]
    beta: tuple[float, ...]

    @property
    def persistence(self) -> float:
        """How much of a shock is left after a bar."""
        return sum(self.alpha) + sum(self.beta)

    @property
    def variance(self) -> float:
        """The variance that forecasts return to."""
        return self.omega / (1.0 - self.persistence)


def garch_weights(process: Garch, memory: int, ahead: int) -> tuple[float, Floats]:
    """Return a constant, and what each of the last squared returns weighs in the mean variance of the bars ahead.

    Parameters
    ----------
    process : Garch
    memory : int
        Squared returns that count; those before them stand in the constant as the variance that forecasts return to.
    ahead : int
        Bars whose mean variance is forecast; 1 or more.

    Returns
    -------
    tuple of float and ndarray of float64, shape (memory,)
        The newest return first.

    Notes
    -----
    In distances from the variance that forecasts return to, e of squared returns and d of variances, the process is
    ``d[t+1] = sum(alpha e) + sum(beta d)``, and ahead of t each e is expected to be its d. So every d ahead is a
    weighted sum of past e. What the memory leaves out of the next variance is, of GARCH(1, 1),
    ``alpha * sum(beta**k * e)`` over k from `memory` on: at most ``alpha * beta**memory / (1 - beta)`` times the
    largest distance.
    """
    one_ahead = _impulses(process, memory)
    shifted = (np.concatenate((np.zeros(back), one_ahead[:-back])) for back in range(1, len(process.beta)))
    before = [one_ahead, *shifted]  # weights in d[t+1], d[t], d[t-1], ...
    expected = [one_ahead]  # weights in the e expected at t+1, t+2, ...
    for _ in range(1, ahead):
        expected.append(_next(process, expected, before, memory))
        before = [expected[-1], *before][: len(before)]
    mean = np.mean(expected, axis=0)
    return process.variance * (1.0 - float(mean.sum())), mean


def _impulses(process: Garch, memory: int) -> Floats:
    """Return the weights in the next variance: what one squared return adds to it, bar after bar."""
    weights = np.zeros(memory)
    for lag in range(memory):
        shock = process.alpha[lag] if lag < len(process.alpha) else 0.0
        left = sum(beta * weights[lag - 1 - place] for place, beta in enumerate(process.beta) if lag > place)
        weights[lag] = shock + left
    return weights


def _next(process: Garch, expected: Sequence[Floats], before: Sequence[Floats], memory: int) -> Floats:
    """Return the weights in the variance one bar after the last of `expected`."""
    weights = np.zeros(memory)
    for place, alpha in enumerate(process.alpha):
        if place < len(expected):
            weights += alpha * expected[-1 - place]
        else:
            weights[place - len(expected)] += alpha
    for beta, known in zip(process.beta, before, strict=False):
        weights += beta * known
    return weights


def ewma_weights(decay: float, memory: int) -> Floats:
    """Return what each of the last squared returns weighs in their exponentially weighted mean, the newest first.

    References
    ----------
    J.P. Morgan (1996), RiskMetrics technical document.
    """
    weights = decay ** np.arange(memory, dtype=np.float64)
    return np.asarray(weights / weights.sum())


def span_weights(slopes: Sequence[float], spans: Sequence[int]) -> Floats:
    """Return what each of the last absolute returns weighs in a sum of slopes times means over spans, the newest first.

    References
    ----------
    Corsi (2009), A simple approximate long-memory model of realized volatility.
    """
    weights = np.zeros(max(spans))
    for slope, span in zip(slopes, spans, strict=True):
        weights[:span] += slope / span
    return weights
