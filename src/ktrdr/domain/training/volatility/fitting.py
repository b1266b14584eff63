"""What is fitted to volatilities in closed form: least squares on averages, and one factor on forecasts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.training.volatility.lags import Lags
from ktrdr.domain.training.volatility.weights import span_weights


def span_means(returns: Floats, spans: Sequence[int], ends: Int64s) -> Floats:
    """Return the mean absolute returns of the last bars, over several spans.

    Parameters
    ----------
    returns : ndarray of float64, shape (n_rows,)
    spans : sequence of int
    ends : ndarray of int64, shape (n_samples,)
        Rows with as many before them as the longest span takes.

    Returns
    -------
    ndarray of float64, shape (n_samples, n_spans)
    """
    sums = np.concatenate(([0.0], np.cumsum(np.abs(returns))))
    return np.column_stack([(sums[ends + 1] - sums[ends + 1 - span]) / span for span in spans])


def span_lags(spans: Sequence[int], returns: Floats, ends: Int64s, targets: Floats, weights: Floats) -> Lags | None:
    """Return the least-squares fit of volatilities on an intercept and `span_means`; None where rows do not decide it.

    What it forecasts is at least the smallest of the targets that are above 0.

    Parameters
    ----------
    spans, returns, ends
        See `span_means`.
    targets, weights : ndarray of float64, shape (n_samples,)
        What followed, and what each row counts.

    References
    ----------
    Corsi (2009), A simple approximate long-memory model of realized volatility.
    """
    design = np.column_stack((np.ones(len(ends)), span_means(returns, spans, ends)))
    roots = np.sqrt(weights)
    found, _, rank, _ = np.linalg.lstsq(design * roots[:, None], targets * roots, rcond=None)
    if rank < design.shape[1] or not (targets > 0).any():
        return None
    intercept, *slopes = (float(value) for value in found)
    return Lags(intercept, span_weights(slopes, spans), least=float(targets[targets > 0].min()))


def best_scale(loss: str, targets: Floats, forecasts: Floats, weights: Floats) -> float:
    """Return the factor on forecasts that makes a loss smallest; 1 where no forecast is above 0.

    Parameters
    ----------
    loss : str
        ``squared_error``, or ``qlike``, for which rows count whose volatility and forecast are above 0.
    targets, forecasts, weights : ndarray of float64, shape (n_samples,)
        Volatilities, what was forecast, and what each row counts.

    Notes
    -----
    Squared errors: ``sum(w y f) / sum(w f^2)``. QLIKE, a function of y^2 / (k f)^2: the root of the weighted mean of
    y^2 / f^2.
    """
    if loss == "squared_error":
        least, together = float(weights @ forecasts**2), float(weights @ (targets * forecasts))
        return together / least if least > 0 and together > 0 else 1.0
    counts = (targets > 0) & (forecasts > 0) & (weights > 0)
    if not counts.any():
        return 1.0
    return float(np.sqrt(np.average((targets[counts] / forecasts[counts]) ** 2, weights=weights[counts])))
