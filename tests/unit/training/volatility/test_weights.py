"""What returns weigh: equal to the recursions that the weights stand for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.domain.training.volatility.weights import Garch, ewma_weights, garch_weights, span_weights

RNG = np.random.default_rng(3)
SQUARES = np.square(0.01 * RNG.standard_normal(1200))


def looped(process: Garch, squares: Sequence[float], ahead: int) -> float:
    """The mean variance of the bars ahead, by the recursion, from the variance that forecasts return to."""
    before = process.variance
    known, variances = [before] * 9 + list(squares), [before] * 9
    for place in range(9, len(known) + ahead):
        if place >= len(known) + 1:
            known.append(variances[-1])  # what a square is expected to be
        shocks = sum(alpha * known[place - 1 - lag] for lag, alpha in enumerate(process.alpha))
        kept = sum(beta * variances[place - 1 - lag] for lag, beta in enumerate(process.beta))
        variances.append(process.omega + shocks + kept)
    return float(np.mean(variances[9 + len(squares) :]))


PROCESSES = {
    "1, 1": Garch(2e-6, (0.08,), (0.9,)),
    "2, 1": Garch(2e-6, (0.05, 0.04), (0.88,)),
    "1, 2": Garch(2e-6, (0.1,), (0.3, 0.5)),
    "3, 3": Garch(5e-6, (0.05, 0.0, 0.1), (0.2, 0.2, 0.3)),
    "arch": Garch(5e-5, (0.3, 0.2), ()),
}


@pytest.mark.parametrize("process", PROCESSES.values(), ids=PROCESSES.keys())
@pytest.mark.parametrize("ahead", [1, 2, 3, 20])
def test_garch_weights_are_the_recursion_over_the_memory(process: Garch, ahead: int) -> None:
    for memory in (10, 300):
        constant, weights = garch_weights(process, memory, ahead)
        found = constant + weights @ SQUARES[:memory][::-1]
        assert found == pytest.approx(looped(process, SQUARES[:memory], ahead), rel=1e-12)


@given(alpha=st.floats(0.0, 0.4), beta=st.floats(0.0, 0.95), memory=st.integers(5, 400), ahead=st.integers(1, 30))
def test_what_the_memory_leaves_out_is_within_the_bound(alpha: float, beta: float, memory: int, ahead: int) -> None:
    if alpha + beta >= 0.999:
        return
    process = Garch(1e-6, (alpha,), (beta,))
    constant, weights = garch_weights(process, memory, ahead)
    assert (weights >= 0).all()
    assert constant >= 0
    farthest = float(np.abs(SQUARES - process.variance).max())
    whole = looped(process, SQUARES, ahead)
    bound = alpha * beta**memory / max(1.0 - beta, 1e-9) * farthest
    assert abs(constant + weights @ SQUARES[-memory:][::-1] - whole) <= bound + 1e-12 * whole


def test_five_hundred_returns_are_all_for_a_beta_of_095() -> None:
    process = Garch(1e-6, (0.04,), (0.95,))
    constant, weights = garch_weights(process, 500, 1)
    assert constant + weights @ SQUARES[-500:][::-1] == pytest.approx(looped(process, SQUARES, 1), abs=1e-9, rel=1e-7)


def test_ewma_weights_are_the_adjusted_mean_of_pandas() -> None:
    import pandas as pd

    expected = pd.Series(SQUARES[:80]).ewm(alpha=0.06).mean().iloc[-1]
    assert ewma_weights(0.94, 80) @ SQUARES[:80][::-1] == pytest.approx(expected, rel=1e-12)
    assert ewma_weights(0.94, 500).sum() == pytest.approx(1.0)


def test_span_weights_are_means_over_spans() -> None:
    moves = np.abs(RNG.standard_normal(22))
    expected = 0.5 * moves[-1] + 0.3 * moves[-5:].mean() + 0.1 * moves.mean()
    assert span_weights([0.5, 0.3, 0.1], [1, 5, 22]) @ moves[::-1] == pytest.approx(expected)
