"""The test part's judgement in one value: metrics, baselines, verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.evaluation.baseline import Baseline
from ktrdr.domain.evaluation.ceilings import Ceiling
from ktrdr.domain.evaluation.classification import classification_metrics, reliability
from ktrdr.domain.evaluation.detectable import detectable
from ktrdr.domain.evaluation.losses import ROW_LOSSES, RowLoss, is_floored, primary_loss, qlike_losses
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.evaluation.regression import directional_accuracy, regression_metrics
from ktrdr.domain.evaluation.significance import block_length, mean_difference, paired_differences
from ktrdr.domain.evaluation.suspicion import Carrier, suspicion_of
from ktrdr.domain.evaluation.verdict import Verdict, outcome, sentence
from ktrdr.domain.labels.labelset import Target
from ktrdr.domain.market.timeframe import NS_PER_DAY


@dataclass(frozen=True, slots=True)
class Evaluation:
    """How a model did on the test rows.

    Attributes
    ----------
    metrics : dict
        See `classification_metrics` and `regression_metrics`.
    baselines : dict
        Name -> the metrics that it has; None where one is not defined.
    verdict : Verdict
    calibration : list of dict
        See `reliability`; empty for regression.
    primary : str
        Metric that decided the verdict.
    rows : int
        Test rows.
    beside : Verdict or None
        Of volatilities, what another loss says: QLIKE, or squared errors where QLIKE decides.
    """

    metrics: dict[str, Any]
    baselines: dict[str, dict[str, float | None]]
    verdict: Verdict
    calibration: list[dict[str, Any]]
    primary: str
    rows: int
    beside: Verdict | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values for ``metrics.json``."""
        values = asdict(self) | {"verdict": self.verdict.as_dict()}
        del values["beside"]
        return values if self.beside is None else values | {"beside": self.beside.as_dict()}

    def carried_by(self, carrier: Carrier | None) -> Evaluation:
        """Return the same with the input that carries the skill; see `Verdict.carried_by`."""
        return replace(self, verdict=self.verdict.carried_by(carrier))

    def noted(self, note: str) -> Evaluation:
        """Return the same with something more to say in its verdict; see `Verdict.noted`."""
        return replace(self, verdict=self.verdict.noted(note))


def evaluate(
    outcomes: Outcomes,
    outputs: Floats,
    rivals: Sequence[Baseline],
    rng: np.random.Generator,
    primary: str | None = None,
    ceiling: Ceiling | None = None,
) -> Evaluation:
    """Judge a model's outputs on the test rows.

    Parameters
    ----------
    outcomes : Outcomes
        Of the test rows.
    outputs : ndarray of float64
        For these, in their order: probabilities, shape (n_test, n_classes), or predictions, shape (n_test,).
    rivals : sequence of Baseline
        What to compare with on these rows.
    rng : numpy.random.Generator
        Draws the resamples of the verdict's interval.
    primary : str or None
        A key of `ROW_LOSSES`; None for log loss, or mean squared error.
    ceiling : Ceiling or None
        What is believable of such labels; above it the verdict is to look for a leak. None: everything is.

    Raises
    ------
    InvalidInput
        If there are no rows, the outputs have another shape or are not finite, or the metric is not known.
    """
    target = outcomes.target
    loss = primary_loss(primary, target)
    _check(outcomes, outputs)
    truth: NDArray[Any] = outcomes.labels.astype(np.int64 if target.is_classification else np.float64)
    scores = {rival.name: _scores(rival, truth, target) for rival in rivals}
    metrics = (
        classification_metrics(truth, outputs, target.classes)
        if target.is_classification
        else dict(regression_metrics(truth, outputs))
    )
    if not target.is_classification and not target.trades:
        for values in (metrics, *scores.values()):
            values["directional_accuracy"] = None  # the sign of a size, such as a volatility, says nothing
    if target.is_volatility:
        metrics |= {"qlike": float(qlike_losses(truth, outputs).mean())}
        metrics |= {"floored_forecasts": int(is_floored(truth, outputs).sum())}
    known_at, label_end = outcomes.known_at, outcomes.label_end
    verdict = _judge(loss, truth, outputs, rivals, known_at, label_end, rng)
    if ceiling is not None:
        times = known_at, block_length(known_at, label_end)
        suspicion = suspicion_of(truth, outputs, rivals, times, ceiling, loss)
        verdict = verdict if suspicion is None else verdict.suspected(suspicion)
    calibration = reliability(truth, outputs) if target.is_classification else []
    beside = None
    if target.is_volatility:
        other = ROW_LOSSES["mse" if loss.sizes else "qlike"]
        beside = _judge(other, truth, outputs, rivals, known_at, label_end, np.random.default_rng(0))
    return Evaluation(metrics, scores, verdict, calibration, loss.metric, len(outcomes), beside)


def _check(outcomes: Outcomes, outputs: Floats) -> None:
    if not len(outcomes):
        raise InvalidInput("evaluation: the test part has no rows")
    n_classes = len(outcomes.target.classes)
    expected = (len(outcomes), n_classes) if n_classes else (len(outcomes),)
    if outputs.shape != expected:
        raise InvalidInput(f"evaluation: outputs must have the shape {expected}, found {outputs.shape}")
    if not np.isfinite(outputs).all():
        raise InvalidInput("evaluation: outputs must be finite numbers")


def _scores(rival: Baseline, truth: NDArray[Any], target: Target) -> dict[str, float | None]:
    rows = {loss.metric: rival.losses(loss, truth) for loss in ROW_LOSSES.values() if loss.fits(target)}
    means = {metric: None if losses is None else float(losses.mean()) for metric, losses in rows.items()}
    if rival.choices is not None:
        means["accuracy"] = float((rival.choices == truth).mean())
    elif rival.outputs is not None:
        means["directional_accuracy"] = directional_accuracy(truth, rival.outputs)
    return means


def _judge(
    loss: RowLoss,
    truth: NDArray[Any],
    outputs: Floats,
    rivals: Sequence[Baseline],
    known_at: Int64s,
    label_end: Int64s,
    rng: np.random.Generator,
) -> Verdict:
    own = loss.rows(truth, outputs)
    candidates = [(rival, losses) for rival in rivals if (losses := rival.losses(loss, truth)) is not None]
    best, theirs = min(candidates, key=lambda candidate: candidate[1].mean())
    difference = mean_difference(paired_differences(own, theirs), known_at, block_length(known_at, label_end), rng)
    means = float(own.mean()), float(theirs.mean())
    return Verdict(
        outcome(difference),
        sentence(difference, loss.words, best.words, *means),
        loss.name,
        best.name,
        *means,
        difference.mean,
        difference.interval,
        difference.blocks,
        difference.block_ns / NS_PER_DAY,
        detectable(difference, means[1], loss, known_at, label_end),
    )
