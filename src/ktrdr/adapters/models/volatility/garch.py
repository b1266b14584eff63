"""GARCH by maximum likelihood: the variance is a linear filter of the squared returns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.signal import lfilter
from scipy.special import digamma, gammaln

from ktrdr.domain.arrays import Floats
from ktrdr.domain.training.volatility.weights import Garch

_BACKCAST_BARS = 75
_BACKCAST_DECAY = 0.94
_STARTS = ((0.05, 0.9), (0.1, 0.98), (0.1, 0.8), (0.2, 0.5))
"""Alpha, and alpha and beta together."""
_LEAST_OMEGA = 1e-8
_DEGREES = (2.05, 500.0)
_FIRST_DEGREES = 8.0


@dataclass(frozen=True, slots=True)
class GarchFit:
    """The most likely process of some returns.

    Attributes
    ----------
    process : Garch
    degrees : float or None
        Degrees of freedom of Student's t; None for the normal distribution.
    log_likelihood : float
    """

    process: Garch
    degrees: float | None
    log_likelihood: float


def fit_garch(returns: Floats, p: int, q: int, *, student: bool) -> GarchFit | None:
    """Return the most likely GARCH(p, q) of returns with mean zero; None where none was found.

    Parameters
    ----------
    returns : ndarray of float64, shape (n,)
        Finite, not all of them 0.
    p, q : int
        Lags of the squared return, and of the variance.
    student : bool
        Returns divided by their volatility have Student's t distribution, with variance 1, not the normal one.

    Notes
    -----
    Before the first return stands a mean of the first 75 squared ones, weighted by 0.94 to the power of their place.
    Parameters are sought on returns divided by their root mean square, with the exact gradient.

    References
    ----------
    Bollerslev (1986), Generalized autoregressive conditional heteroskedasticity; (1987), A conditionally
    heteroskedastic time series model for speculative prices and rates of return. Sheppard et al. (2024), arch.
    """
    spread = float(np.sqrt(np.mean(np.square(returns))))
    likelihood = _Likelihood(np.square(returns / spread), p, q, student=student)
    start = min(likelihood.starts(), key=lambda values: likelihood(values)[0])
    n_lags = p + q
    bounds = [(_LEAST_OMEGA, 10.0), *[(0.0, 1.0)] * n_lags, *([_DEGREES] if student else [])]
    inside = np.concatenate(([0.0], -np.ones(n_lags), np.zeros(int(student))))
    found = minimize(
        likelihood,
        start,
        jac=True,
        method="SLSQP",
        bounds=bounds,
        constraints=[{"type": "ineq", "fun": lambda values: 1.0 + inside @ values, "jac": lambda _: inside}],
        options={"ftol": 1e-12, "maxiter": 300},
    )
    if not np.isfinite(found.fun) or not np.isfinite(found.x).all():
        return None
    omega, lags = float(found.x[0]) * spread**2, [float(value) for value in np.clip(found.x[1 : n_lags + 1], 0, 1)]
    process = Garch(omega, tuple(lags[:p]), tuple(lags[p:]))
    log_likelihood = -float(found.fun) * len(returns) - len(returns) * float(np.log(spread))
    return GarchFit(process, float(found.x[-1]) if student else None, log_likelihood)


class _Likelihood:
    """Mean negative log likelihood of squared returns, and its gradient, by omega, alpha, beta, and degrees."""

    def __init__(self, squares: Floats, p: int, q: int, *, student: bool) -> None:
        self._squares, self._p, self._q, self._student = squares, p, q, student
        first = squares[:_BACKCAST_BARS]
        weights = _BACKCAST_DECAY ** np.arange(len(first))
        self._backcast = float(first @ weights / weights.sum())
        self._lagged = [self._behind(squares, lag) for lag in range(1, p + 1)]

    def _behind(self, values: Floats, lag: int) -> Floats:
        return np.concatenate((np.full(lag, self._backcast), values[:-lag]))

    def starts(self) -> list[Floats]:
        """Return parameters to begin at."""
        made = []
        for alpha, together in _STARTS:
            betas = [(together - alpha) / max(self._q, 1)] * self._q
            lags = [alpha / self._p] * self._p + betas
            degrees = [_FIRST_DEGREES] if self._student else []
            made.append(np.array([1.0 - sum(lags), *lags, *degrees]))
        return made

    def __call__(self, values: Floats) -> tuple[float, Floats]:
        omega, alpha = values[0], values[1 : self._p + 1]
        beta = values[self._p + 1 : self._p + self._q + 1]
        ones = np.ones_like(self._squares)
        shocks = omega * ones + sum(one * lagged for one, lagged in zip(alpha, self._lagged, strict=True))
        filtered = np.concatenate(([1.0], -beta))
        variance = self._filtered(shocks, filtered, beta)
        slopes = [ones, *self._lagged, *(self._behind(variance, lag) for lag in range(1, self._q + 1))]
        moved = lfilter([1.0], filtered, np.array(slopes))
        losses, by_variance, by_degrees = self._losses(variance, values[-1])
        gradient = moved @ by_variance / len(ones)
        return float(losses.mean()), np.concatenate((gradient, by_degrees))

    def _filtered(self, shocks: Floats, filtered: Floats, beta: Floats) -> Floats:
        """Return the variances; before the first one stands the backcast."""
        if not self._q:
            return shocks
        before = [self._backcast * float(beta[lag:].sum()) for lag in range(self._q)]
        variance, _ = lfilter([1.0], filtered, shocks, zi=before)
        return np.asarray(np.maximum(variance, _LEAST_OMEGA))

    def _losses(self, variance: Floats, degrees: float) -> tuple[Floats, Floats, Floats]:
        """Return negative log likelihoods, their slopes by the variance, and the mean slope by the degrees."""
        shares = self._squares / variance
        if not self._student:
            losses = 0.5 * (np.log(2 * np.pi) + np.log(variance) + shares)
            return losses, 0.5 * (1.0 - shares) / variance, np.empty(0)
        free = degrees - 2.0
        tails = 1.0 + shares / free
        known = gammaln((degrees + 1) / 2) - gammaln(degrees / 2) - 0.5 * np.log(np.pi * free)
        losses = -known + 0.5 * np.log(variance) + 0.5 * (degrees + 1) * np.log(tails)
        by_variance = 0.5 / variance - 0.5 * (degrees + 1) * shares / (free * tails) / variance
        by_known = 0.5 * (digamma((degrees + 1) / 2) - digamma(degrees / 2) - 1.0 / free)
        by_degrees = -by_known + np.mean(0.5 * np.log(tails) - 0.5 * (degrees + 1) * shares / (free**2 * tails))
        return losses, by_variance, np.array([by_degrees])
