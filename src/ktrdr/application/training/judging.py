"""Judging: what the shipped model is worth on rows that it has not seen."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.preparing.rows import Prepared
from ktrdr.application.training.fitting import Fitted
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.evaluation.diagnosis import diagnose
from ktrdr.domain.evaluation.evaluate import Evaluation, evaluate
from ktrdr.domain.evaluation.findings import Run
from ktrdr.domain.evaluation.importance import (
    draw_permutations,
    evenly_spaced,
    permutation_importance,
    window_importance,
)
from ktrdr.domain.evaluation.losses import primary_loss
from ktrdr.domain.labels.labelset import class_shares
from ktrdr.domain.splits.split import PARTS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec

log = logging.getLogger(__name__)
IMPORTANCE_REPEATS = 5
IMPORTANCE_ROWS = 10_000
IMPORTANCE_WINDOWS = 500
IMPORTANCE_SKIPPED = {"skipped": "not asked for (--no-importance)"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Plain values for ``metrics.json`` and ``feature_importance.json``."""

    metrics: Mapping[str, Any]
    importance: Mapping[str, Any]


def judge(prepared: Prepared, fitted: Fitted, strategy: Strategy, with_importance: bool) -> Judgement:
    """Evaluate every seed's model on the test rows, and explain the shipped one."""
    test, inference = prepared.part("test"), fitted.inference
    inputs, ends = _test_inputs(prepared, fitted, model_spec(strategy).reads_windows)
    evaluations = {
        seed: _evaluate(prepared, inference.outputs_of_scaled(model, inputs, ends), strategy, seed)
        for seed, model in fitted.models.items()
    }
    target = test.target
    shares = {name: class_shares(prepared.part(name).labels.astype(np.int64), target.classes) for name in PARTS}
    metrics = report_of(evaluations, fitted, shares if target.is_classification else {})
    importance = (
        _importance(fitted, (inputs, ends), test.labels, prepared, strategy)
        if with_importance
        else dict(IMPORTANCE_SKIPPED)
    )
    return Judgement(metrics, importance)


def report_of(
    evaluations: Mapping[int, Evaluation], fitted: Fitted, shares: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Return the content of ``metrics.json``: the shipped seed's evaluation and diagnosis, and the spread of seeds.

    Parameters
    ----------
    evaluations : mapping of seed to Evaluation
        The shipped one first.
    fitted : Fitted
    shares : mapping of part to mapping of class to float
        Empty for regression.
    """
    shipped = next(iter(evaluations.values()))
    log.info("evaluated", extra={"verdict": shipped.verdict.outcome, "rows": shipped.rows})
    seeds = [
        {"seed": seed, "metrics": found.metrics, "shipped": found is shipped} for seed, found in evaluations.items()
    ]
    run = Run(
        fitted.shipped.history,
        shipped,
        shares,
        seeds if len(seeds) > 1 else (),
    )
    return {
        **shipped.as_dict(),
        "diagnosis": [finding.as_dict() for finding in diagnose(run)],
        "seeds": list(run.seeds),
        "class_shares": dict(run.class_shares),
    }


def _evaluate(prepared: Prepared, outputs: NDArray[np.float64], strategy: Strategy, seed: int) -> Evaluation:
    split, rng = prepared.split, np.random.default_rng(seed)
    primary = strategy.training["fitness_metrics.primary"]
    return evaluate(prepared.dataset, split.train, split.test, outputs, rng, primary)


def _test_inputs(prepared: Prepared, fitted: Fitted, windows: bool) -> tuple[Float32s, Int64s | None]:
    """Return the scaled test rows; for windows the rows that they read, too, and where each window ends."""
    scaler = fitted.inference.scaler
    if not windows:
        return scaler.transform(prepared.part("test").matrix.values), None
    ends = prepared.places("test")
    first = int(ends[0]) - fitted.shipped.window + 1
    rows = prepared.matrix.values[first : ends[-1] + 1]
    return np.ascontiguousarray(scaler.transform(rows)), ends - first


def _importance(
    fitted: Fitted,
    samples: tuple[Float32s, Int64s | None],
    labels: NDArray[Any],
    prepared: Prepared,
    strategy: Strategy,
) -> dict[str, Any]:
    rng = np.random.default_rng(strategy.training["seed"])
    inputs, ends = samples
    loss = primary_loss(strategy.training["fitness_metrics.primary"], prepared.dataset.target)

    def mean_loss(truth: NDArray[Any], outputs: NDArray[np.float64]) -> float:
        return float(loss.rows(truth, outputs).mean())

    def outputs(values: Float32s, ends: Int64s | None = None) -> NDArray[np.float64]:
        return fitted.inference.outputs_of_scaled(fitted.shipped, values, ends)

    if ends is None:
        permutations = draw_permutations(min(len(inputs), IMPORTANCE_ROWS), IMPORTANCE_REPEATS, rng)
        found = permutation_importance(outputs, inputs, labels, mean_loss, permutations)
    else:
        most = max(IMPORTANCE_ROWS // fitted.shipped.window, IMPORTANCE_WINDOWS)
        used = evenly_spaced(len(ends), min(len(ends), most))
        truth = labels[used]
        permutations = draw_permutations(len(inputs), IMPORTANCE_REPEATS, rng)
        found = window_importance(
            outputs, inputs, ends[used], lambda found: mean_loss(truth, found), permutations, len(ends)
        )
    return found.as_dict(prepared.matrix.ids, loss.name)
