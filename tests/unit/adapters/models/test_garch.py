"""Parameters of GARCH against the package arch, on simulated and on real returns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from arch import arch_model

import ktrdr.adapters.data.sample as sample
from ktrdr.adapters.models.volatility.garch import fit_garch
from ktrdr.domain.arrays import Floats

REAL = sorted(Path(next(iter(sample.__path__))).glob("*.parquet"))


def simulated(
    seed: int, omega: float, alpha: float, beta: float, degrees: float | None = None, n: int = 2000
) -> Floats:
    rng = np.random.default_rng(seed)
    shocks = rng.standard_normal(n + 300)
    if degrees is not None:
        shocks = rng.standard_t(degrees, n + 300) * np.sqrt((degrees - 2) / degrees)
    returns, variance = np.empty(n + 300), omega / (1 - alpha - beta)
    for place, shock in enumerate(shocks):
        returns[place] = np.sqrt(variance) * shock
        variance = omega + alpha * returns[place] ** 2 + beta * variance
    return returns[300:] / 100


def real(path: Path) -> Floats:
    close = pd.read_parquet(path)["close"].to_numpy(dtype=np.float64)
    return np.diff(np.log(close))


SERIES: dict[str, tuple[Any, int, int, bool]] = {
    **{
        f"simulated {seed}": (simulated(seed, omega, alpha, beta), 1, 1, False)
        for seed, (omega, alpha, beta) in enumerate(
            [(0.03, 0.05, 0.93), (0.03, 0.1, 0.85), (0.1, 0.2, 0.6), (0.02, 0.03, 0.95), (0.2, 0.15, 0.5)]
        )
    },
    **{
        f"simulated t {seed}": (simulated(seed, 0.03, alpha, beta, degrees), 1, 1, True)
        for seed, alpha, beta, degrees in [(10, 0.08, 0.9, 6), (11, 0.15, 0.8, 5), (12, 0.1, 0.85, 10)]
    },
    "arch 1": (simulated(20, 0.5, 0.3, 0.0), 1, 0, False),
    "2, 1": (simulated(21, 0.03, 0.12, 0.8), 2, 1, False),
    "1, 2": (simulated(22, 0.03, 0.1, 0.85), 1, 2, False),
    **{path.stem: (real(path), 1, 1, False) for path in REAL},
    **{f"{path.stem} t": (real(path), 1, 1, True) for path in REAL[:3]},
}


@pytest.mark.parametrize("name", SERIES)
def test_parameters_are_those_of_arch(name: str) -> None:
    returns, p, q, student = SERIES[name]
    found = fit_garch(returns, p, q, student=student)
    assert found is not None
    volatility = {"vol": "GARCH", "p": p, "o": 0, "q": q} if q else {"vol": "ARCH", "p": p}
    unit = float(returns.std())
    model = arch_model(returns / unit, mean="Zero", dist="t" if student else "normal", rescale=False, **volatility)
    expected = model.fit(disp="off", options={"ftol": 1e-12, "maxiter": 1000})
    process = found.process
    own = [process.omega / unit**2, *process.alpha, *process.beta]
    np.testing.assert_allclose(own, expected.params.to_numpy()[: 1 + p + q], atol=1e-3)
    if student:
        assert found.degrees == pytest.approx(expected.params["nu"], rel=1e-2)
    likelihood = found.log_likelihood + len(returns) * np.log(unit)
    assert likelihood == pytest.approx(expected.loglikelihood, abs=1e-2)


def test_there_are_twenty_series_or_more() -> None:
    assert len(SERIES) >= 20


def test_a_series_without_arch_effects_has_a_likelihood_of_at_least_that_of_arch() -> None:
    returns = simulated(30, 1.0, 0.0, 0.0)
    found = fit_garch(returns, 1, 1, student=False)
    expected = arch_model(100 * returns, mean="Zero", rescale=False).fit(disp="off")
    assert found is not None
    assert found.log_likelihood - len(returns) * np.log(100) >= expected.loglikelihood - 1e-3


def test_the_unit_of_the_returns_does_not_count() -> None:
    returns = simulated(2, 0.1, 0.2, 0.6)
    one, other = (fit_garch(returns * unit, 1, 1, student=False) for unit in (1.0, 1e-5))
    assert one is not None
    assert other is not None
    assert other.process.alpha == pytest.approx(one.process.alpha, abs=1e-6)
    assert other.process.omega == pytest.approx(one.process.omega * 1e-10, rel=1e-5)
