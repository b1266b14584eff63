"""QLIKE by hand, and the verdict by another loss beside the one that decides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.baseline import Baseline
from ktrdr.domain.evaluation.evaluate import Evaluation, evaluate
from ktrdr.domain.evaluation.losses import ROW_LOSSES, is_floored, primary_loss, qlike_losses
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.evaluation.significance import block_length, mean_difference, paired_differences
from ktrdr.domain.labels.labelset import Target

VOLATILITY = Target("regression", actions=("none",), unit="log return per bar")
N, DAY = 200, 86_400 * 10**9
RNG = np.random.default_rng(5)
TRUTH = 0.01 * np.exp(0.3 * RNG.standard_normal(N))
OWN = TRUTH * np.exp(0.2 * RNG.standard_normal(N))
RIVALS = (
    Baseline("train_mean", "the train mean", np.full(N, 0.01)),
    Baseline("ewma", "an EWMA", TRUTH * np.exp(0.5 * RNG.standard_normal(N))),
)


def judged(outputs: Any = OWN, target: Target = VOLATILITY, primary: str | None = None) -> Evaluation:
    known_at = np.arange(N, dtype=np.int64) * DAY
    outcomes = Outcomes(TRUTH, known_at, known_at + 5 * DAY, target)
    return evaluate(outcomes, outputs, RIVALS, np.random.default_rng(1), primary)


def test_qlike_by_hand() -> None:
    found = qlike_losses(np.array([2.0, 1.0, 1.0, 0.0]), np.array([1.0, 1.0, 2.0, 5.0]))
    np.testing.assert_allclose(found, [4 - np.log(4) - 1, 0.0, 0.25 - np.log(0.25) - 1, 0.0])


def test_a_forecast_of_no_volatility_counts_as_a_hundredth_of_what_happened() -> None:
    truth = np.array([2.0, 2.0, 2.0, 2.0, 0.0])
    forecasts = np.array([0.0, -1.0, 0.019, 0.021, -1.0])
    worst = 1e4 - np.log(1e4) - 1
    np.testing.assert_allclose(qlike_losses(truth, forecasts)[:3], worst)
    assert qlike_losses(truth, forecasts)[3] < worst
    assert is_floored(truth, forecasts).tolist() == [True, True, True, False, False]


def test_volatilities_alone_may_be_judged_by_qlike() -> None:
    assert primary_loss("qlike", VOLATILITY) is ROW_LOSSES["qlike"]
    with pytest.raises(InvalidInput, match="qlike"):
        primary_loss("qlike", Target("regression", unit="fraction"))


@pytest.mark.parametrize("primary", ["mse", "qlike"])
def test_the_other_loss_stands_beside_with_its_own_best_baseline_and_interval(primary: str) -> None:
    found, other = judged(primary=primary), {"mse": "qlike", "qlike": "mse"}[primary]
    beside = found.beside
    assert beside is not None
    assert found.verdict.metric == found.primary == primary
    assert beside.metric == other
    loss = ROW_LOSSES[other]
    theirs = {one.name: loss.rows(TRUTH, one.outputs) for one in RIVALS}
    best = min(theirs, key=lambda name: theirs[name].mean())
    own = loss.rows(TRUTH, OWN)
    assert beside.baseline == best
    assert beside.loss == pytest.approx(own.mean())
    known_at = np.arange(N, dtype=np.int64) * DAY
    expected = mean_difference(
        paired_differences(own, theirs[best]), known_at, block_length(known_at, known_at + 5 * DAY),
        np.random.default_rng(0),
    )  # fmt: skip
    assert beside.interval == expected.interval
    assert beside.difference == expected.mean
    assert found.as_dict()["beside"]["sentence"] == beside.sentence


def test_both_metrics_and_what_was_floored_are_in_the_report() -> None:
    outputs = OWN.copy()
    outputs[:3] = -0.1
    found = judged(outputs)
    assert found.metrics["qlike"] == pytest.approx(qlike_losses(TRUTH, outputs).mean())
    assert found.metrics["floored_forecasts"] == 3
    assert found.baselines["ewma"]["qlike"] == pytest.approx(qlike_losses(TRUTH, RIVALS[1].outputs).mean())


def test_other_targets_have_neither() -> None:
    found = judged(target=Target("regression", unit="fraction")).as_dict()
    assert "beside" not in found
    assert "qlike" not in found["metrics"] | found["baselines"]["ewma"]
