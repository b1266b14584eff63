"""GARCH: fit and filter of ten years of days, against 50 ms and against the package arch."""

from __future__ import annotations

import statistics
import time

import numpy as np
from arch import arch_model

from ktrdr.adapters.models.volatility.garch import fit_garch
from ktrdr.domain.training.volatility.lags import LagForecast, Lags
from ktrdr.domain.training.volatility.weights import garch_weights

DAYS, MEMORY, AHEAD, ROUNDS = 2555, 500, 10, 15


def _returns() -> np.ndarray:
    rng, variance, returns = np.random.default_rng(0), 1e-4, np.empty(DAYS)
    for place in range(DAYS):
        returns[place] = np.sqrt(variance) * rng.standard_normal()
        variance = 2e-6 + 0.08 * returns[place] ** 2 + 0.9 * variance
    return returns


def _own(returns: np.ndarray) -> np.ndarray:
    fit = fit_garch(returns, 1, 1, student=False)
    assert fit is not None
    forecast = LagForecast.of(2, {1: Lags(*garch_weights(fit.process, MEMORY, AHEAD))})
    return forecast(returns, np.ones(DAYS), np.arange(MEMORY - 1, DAYS))


def _theirs(returns: np.ndarray) -> object:
    return arch_model(100 * returns, mean="Zero", rescale=False).fit(disp="off")


def test_garch(benchmark) -> None:
    returns, own, theirs = _returns(), [], []
    for _ in range(ROUNDS):
        for kind, taken in ((_own, own), (_theirs, theirs)):
            begun = time.process_time()
            kind(returns)
            taken.append(1000 * (time.process_time() - begun))
    ratio = statistics.median(a / b for a, b in zip(theirs, own, strict=True))
    print(f"\nfit and filter of {DAYS} days: {statistics.median(own):.1f} ms of CPU time, {min(own):.1f} at best; "
          f"arch's fit alone takes {ratio:.1f} times as long")  # fmt: skip
    benchmark.pedantic(_own, (returns,), rounds=5)
