"""Judging: what the shipped model is worth on rows that it has not seen, on all together and symbol by symbol."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.training.explaining import contributions_of
from ktrdr.application.training.fits import Fitted
from ktrdr.application.training.member_scores import member_scores
from ktrdr.application.training.rivals import Rival
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.catalogue.labels import find_label
from ktrdr.domain.catalogue.models.spec import ModelType
from ktrdr.domain.evaluation.baselines import joined_baselines, own_baselines
from ktrdr.domain.evaluation.ceilings import Ceiling, ceiling_of
from ktrdr.domain.evaluation.diagnosis import diagnose
from ktrdr.domain.evaluation.episodes import Episodes, episodes_of, note
from ktrdr.domain.evaluation.evaluate import Evaluation, evaluate
from ktrdr.domain.evaluation.findings import Run
from ktrdr.domain.evaluation.importance import draw_permutations, evenly_spaced, permutation_importance
from ktrdr.domain.evaluation.losses import RowLoss, primary_loss
from ktrdr.domain.evaluation.outcomes import Outcomes
from ktrdr.domain.evaluation.significance import block_length
from ktrdr.domain.evaluation.suspicion import carrier_of
from ktrdr.domain.evaluation.symbols import SymbolLosses, SymbolTable, symbol_table
from ktrdr.domain.labels.labelset import class_shares
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.splits.parted import PARTS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.plan import TrainingJob

log = logging.getLogger(__name__)
IMPORTANCE_REPEATS = 5
IMPORTANCE_ROWS = 10_000
IMPORTANCE_WINDOWS = 500
_SKIPPED = {"skipped": "not asked for (--no-importance)"}


@dataclass(frozen=True, slots=True)
class Judgement:
    """Plain values for ``metrics.json`` and ``feature_importance.json``."""

    metrics: Mapping[str, Any]
    importance: Mapping[str, Any]


def judge(prepared: Prepared, fitted: Fitted, job: TrainingJob, rival: Rival) -> Judgement:
    """Evaluate every seed's model on the test rows, and explain the shipped one; a pooled one symbol by symbol, too."""
    strategy, test, target = job.strategy, prepared.split.test, prepared.pool.target
    outcomes, rivals = Outcomes.of(prepared.pool, test), _baselines(prepared)
    evaluations, ceiling = {}, _believable(strategy)
    for seed, model in fitted.models.items():
        outputs = fitted.inference.outputs(model, prepared.pool.values, test)
        rng, primary = np.random.default_rng(seed), strategy.training["fitness_metrics.primary"]
        evaluations[seed] = evaluate(outcomes, outputs, rivals, rng, primary, ceiling)
        fitted.runs[seed].judged(evaluations[seed].metrics)
    importance = _explained(prepared, fitted, strategy) if job.request.importance else dict(_SKIPPED)
    came = episodes_of(strategy.labels, prepared.pool, prepared.split)
    evaluations = _with_carrier(evaluations, importance, prepared)
    evaluations = {seed: found.noted(note(came)) for seed, found in evaluations.items()}
    shares = _class_shares(prepared) if target.is_classification else {}
    spec = model_spec(strategy)
    metrics = _report(evaluations, fitted, shares, spec.kind, came)
    if spec.members:
        metrics["members"] = member_scores(prepared, fitted, next(iter(evaluations.values())), spec)
    if prepared.steps:
        metrics["by_step"] = _by_step(prepared, fitted, strategy)
    if job.pooled:
        losses = symbol_losses(prepared, fitted, strategy, rival, prepared.pool.symbols)
        metrics["by_symbol"] = table_of(prepared, strategy, losses).as_dict()
    return Judgement(metrics, importance)


def _by_step(prepared: Prepared, fitted: Fitted, strategy: Strategy) -> dict[str, Any]:
    """Return what the shipped model is worth at each step, on the rows of that step and against its own baselines."""
    found, splits = {}, prepared.step_splits()
    spec = find_label(strategy.labels.source, strategy.labels.parameters.get("method"))
    for step, own in prepared.steps.items():
        model, test = fitted.shipped.at_step(step), own.split.test
        outputs = fitted.inference.steps[step].outputs(model, own.pool.values, test)
        labels = replace(strategy.labels, parameters={**strategy.labels.parameters, spec.step: step})
        rng, primary = np.random.default_rng(strategy.training["seed"]), strategy.training["fitness_metrics.primary"]
        ceiling = _believable(replace(strategy, labels=labels))
        judged = evaluate(Outcomes.of(own.pool, test), outputs, _baselines(own), rng, primary, ceiling)
        found[str(step)] = splits[str(step)] | {
            name: value for name, value in judged.as_dict().items() if name in ("metrics", "baselines", "verdict")
        }
    return found


def symbol_losses(
    prepared: Prepared, fitted: Fitted, strategy: Strategy, rival: Rival, symbols: Sequence[str]
) -> list[SymbolLosses]:
    """Return the losses of the shipped model on the test rows of some symbols; those without any are left out.

    Parameters
    ----------
    prepared, fitted, strategy
        Of one fit.
    rival : callable
        Gives each symbol's own model, or the reason why there is none.
    symbols : sequence of str
    """
    tested = [symbol for symbol in symbols if len(prepared.own(symbol, "test"))]
    return [_scored(prepared, fitted, strategy, rival, symbol) for symbol in tested]


def table_of(prepared: Prepared, strategy: Strategy, losses: Sequence[SymbolLosses]) -> SymbolTable:
    """Return the comparison symbol by symbol; blocks of time are as long as the labels of the test rows look."""
    pool, split = prepared.pool, prepared.split
    rows = np.concatenate((split.test, split.beside["test"]))
    block_ns = block_length(pool.known_at[rows], pool.label_end[rows])
    rng, loss = np.random.default_rng(strategy.training["seed"]), _loss(prepared, strategy)
    return symbol_table(losses, loss.name, block_ns, rng, _believable(strategy).of(loss))


def _believable(strategy: Strategy) -> Ceiling:
    base = Timeframe(strategy.training_data.timeframes.base)
    return ceiling_of(strategy.labels.source, strategy.labels.parameters, base)


def _with_carrier(
    evaluations: Mapping[int, Evaluation], importance: Mapping[str, Any], prepared: Prepared
) -> dict[int, Evaluation]:
    """Return the evaluations; that of the shipped model with the input that carries its skill, if it is suspected."""
    (seed, shipped), pool, test = next(iter(evaluations.items())), prepared.pool, prepared.split.test
    if shipped.verdict.suspicion is None:
        return dict(evaluations)
    labels: NDArray[Any] = pool.labels_of(test)
    carrier = carrier_of(importance, pool.ids, pool.values[test], labels, len(pool.target.classes))
    return {**evaluations, seed: shipped.carried_by(carrier)}


def _report(
    evaluations: Mapping[int, Evaluation],
    fitted: Fitted,
    shares: Mapping[str, Mapping[str, float]],
    model: ModelType,
    came: Episodes,
) -> dict[str, Any]:
    """Return the content of ``metrics.json``: the shipped seed's evaluation and diagnosis, and the spread of seeds."""
    shipped = next(iter(evaluations.values()))
    log.info("evaluated", extra={"rows": shipped.rows})
    seeds = [
        {"seed": seed, "metrics": found.metrics, "shipped": found is shipped} for seed, found in evaluations.items()
    ]
    run = Run(fitted.shipped.history, shipped, shares, seeds if len(seeds) > 1 else (), model, came)
    return {
        **shipped.as_dict(),
        "diagnosis": [finding.as_dict() for finding in diagnose(run)],
        "seeds": list(run.seeds),
        "class_shares": dict(run.class_shares),
        **({"episodes": dict(came)} if came else {}),
    }


def _class_shares(prepared: Prepared) -> dict[str, dict[str, float]]:
    pool, split = prepared.pool, prepared.split
    labels = {name: pool.labels_of(split.parts[name].rows).astype(np.int64) for name in PARTS}
    return {name: dict(class_shares(values, pool.target.classes)) for name, values in labels.items()}


def _baselines(prepared: Prepared) -> Any:
    """Return the baselines of the test rows of all symbols that are trained on, each symbol's its own."""
    pool, split = prepared.pool, prepared.split
    tested = [symbol for symbol in prepared.seen if len(prepared.own(symbol, "test"))]
    return joined_baselines([own_baselines(pool, split, symbol) for symbol in tested])


def _loss(prepared: Prepared, strategy: Strategy) -> RowLoss:
    return primary_loss(strategy.training["fitness_metrics.primary"], prepared.pool.target)


def _scored(prepared: Prepared, fitted: Fitted, strategy: Strategy, rival: Rival, symbol: str) -> SymbolLosses:
    """Return the losses of one symbol's test rows: the shared model's, the best baseline's, and its own model's."""
    pool, rows, loss = prepared.pool, prepared.own(symbol, "test"), _loss(prepared, strategy)
    truth: NDArray[Any] = pool.labels_of(rows)
    outputs = fitted.inference.outputs(fitted.shipped, pool.values, rows)
    baselines = own_baselines(pool, prepared.split, symbol)
    known = ((one.name, losses) for one in baselines if (losses := one.losses(loss, truth)) is not None)
    name, theirs = min(known, key=lambda item: float(item[1].mean()))
    alone = rival(prepared, symbol)
    return SymbolLosses(
        symbol,
        symbol in prepared.seen,
        pool.known_at[rows],
        loss.rows(truth, outputs),
        name,
        theirs,
        alone if isinstance(alone, str) else loss.rows(truth, alone),
    )


def _explained(prepared: Prepared, fitted: Fitted, strategy: Strategy) -> dict[str, Any]:
    """Return what is lost without each feature, and what each group adds."""
    return {
        **_importance(prepared, fitted, strategy),
        "contributions": contributions_of(prepared, fitted, strategy),
    }


def _importance(prepared: Prepared, fitted: Fitted, strategy: Strategy) -> dict[str, Any]:
    """Return permutation importance on evenly spaced test rows, each with the rows that it looks back on."""
    pool, test, spec, loss = prepared.pool, prepared.split.test, model_spec(strategy), _loss(prepared, strategy)
    most = max(IMPORTANCE_ROWS // spec.window, IMPORTANCE_WINDOWS) if spec.reads_windows else IMPORTANCE_ROWS
    chosen = test[evenly_spaced(len(test), min(len(test), most))]
    reach = np.arange(1 - spec.window, 1)
    read = fitted.inference.scaler.transform(pool.values[(chosen[:, None] + reach).reshape(-1)])
    ends = np.arange(len(chosen), dtype=np.int64) * spec.window + spec.window - 1
    truth: NDArray[Any] = pool.labels_of(chosen)

    def outputs(values: Float32s, ends: Int64s) -> Floats:
        return fitted.inference.outputs_of_scaled(fitted.shipped, values, ends)

    rng = np.random.default_rng(strategy.training["seed"])
    permutations = draw_permutations(len(read), IMPORTANCE_REPEATS, rng)
    found = permutation_importance(
        outputs, read, ends, lambda made: float(loss.rows(truth, made).mean()), permutations, len(test)
    )
    return found.as_dict(pool.ids, loss.name)
