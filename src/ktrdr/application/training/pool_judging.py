"""Judging a pool's model: on the test rows of all symbols together, and symbol by symbol."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.pool import PreparedPool
from ktrdr.application.training.fitting import Fitted
from ktrdr.application.training.judging import (
    IMPORTANCE_REPEATS,
    IMPORTANCE_ROWS,
    IMPORTANCE_SKIPPED,
    IMPORTANCE_WINDOWS,
    Judgement,
    report_of,
)
from ktrdr.application.training.rivals import fit_alone
from ktrdr.domain.arrays import Float32s, Floats, Int64s
from ktrdr.domain.evaluation.evaluate import Evaluation, evaluate
from ktrdr.domain.evaluation.importance import draw_permutations, evenly_spaced, window_importance
from ktrdr.domain.evaluation.losses import RowLoss, primary_loss
from ktrdr.domain.evaluation.pooled import joined_baselines, own_baselines
from ktrdr.domain.evaluation.significance import block_length
from ktrdr.domain.evaluation.symbols import SymbolLosses, SymbolTable, symbol_table
from ktrdr.domain.labels.labelset import class_shares
from ktrdr.domain.splits.split import PARTS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec

log = logging.getLogger(__name__)
NOT_COMPARED = "not asked for: symbols are compared with models of their own where some are held out"


def judge_pool(
    prepared: PreparedPool, fitted: Fitted, strategy: Strategy, with_importance: bool, rival: ModelTrainer | None
) -> Judgement:
    """Evaluate every seed's model on the test rows, explain the shipped one, and compare it symbol by symbol.

    Parameters
    ----------
    prepared : PreparedPool
        Its values scaled.
    fitted : Fitted
    strategy : Strategy
    with_importance : bool
    rival : ModelTrainer or None
        Fits each symbol's own model; None: symbols are compared with baselines alone.
    """
    pool, split, target = prepared.pool, prepared.split, prepared.pool.target
    evaluations = _evaluations(prepared, fitted, strategy)
    shares = {
        name: class_shares(pool.labels_of(getattr(split, name)).astype(np.int64), target.classes) for name in PARTS
    }
    metrics = report_of(evaluations, fitted, shares if target.is_classification else {})
    table = table_of(prepared, strategy, symbol_losses(prepared, fitted, strategy, rival, pool.symbols))
    importance = _importance(prepared, fitted, strategy) if with_importance else dict(IMPORTANCE_SKIPPED)
    return Judgement(metrics | {"by_symbol": table.as_dict()}, importance)


def symbol_losses(
    prepared: PreparedPool, fitted: Fitted, strategy: Strategy, rival: ModelTrainer | None, symbols: Sequence[str]
) -> list[SymbolLosses]:
    """Return the losses of the shipped model on the test rows of some symbols; those without any are left out.

    `rival` is that of `judge_pool`.
    """
    tested = [symbol for symbol in symbols if len(_test(prepared, symbol))]
    return [_scored(prepared, fitted, strategy, rival, symbol) for symbol in tested]


def table_of(prepared: PreparedPool, strategy: Strategy, losses: Sequence[SymbolLosses]) -> SymbolTable:
    """Return the comparison symbol by symbol; blocks of time are as long as the labels of the test rows look."""
    pool, split = prepared.pool, prepared.split
    rows = np.concatenate((split.test, split.unseen))
    block_ns = block_length(pool.known_at[rows], pool.label_end[rows])
    rng = np.random.default_rng(strategy.training["seed"])
    return symbol_table(losses, _loss(prepared, strategy).name, block_ns, rng)


def _loss(prepared: PreparedPool, strategy: Strategy) -> RowLoss:
    return primary_loss(strategy.training["fitness_metrics.primary"], prepared.pool.target)


def _evaluations(prepared: PreparedPool, fitted: Fitted, strategy: Strategy) -> dict[int, Evaluation]:
    """Return each seed's evaluation on the test rows of all symbols that were trained on."""
    pool, split = prepared.pool, prepared.split
    tested = [symbol for symbol in split.seen if len(_test(prepared, symbol))]
    rivals = joined_baselines([own_baselines(pool, split, symbol) for symbol in tested])
    dataset, none = pool.outcomes(split.test), np.empty(0, dtype=np.int64)
    test, primary = np.arange(len(dataset), dtype=np.int64), strategy.training["fitness_metrics.primary"]
    found = {}
    for seed, model in fitted.models.items():
        outputs = fitted.inference.outputs_of_scaled(model, pool.values, split.test)
        found[seed] = evaluate(dataset, none, test, outputs, np.random.default_rng(seed), primary, rivals)
    return found


def _test(prepared: PreparedPool, symbol: str) -> Int64s:
    return prepared.split.own(prepared.pool, symbol, "test")


def _scored(
    prepared: PreparedPool,
    fitted: Fitted,
    strategy: Strategy,
    rival: ModelTrainer | None,
    symbol: str,
) -> SymbolLosses:
    """Return the losses of one symbol's test rows: the pooled model's, the best baseline's, and its own model's."""
    pool, rows, loss = prepared.pool, _test(prepared, symbol), _loss(prepared, strategy)
    truth: NDArray[Any] = pool.labels_of(rows)
    outputs = fitted.inference.outputs_of_scaled(fitted.shipped, pool.values, rows)
    baselines = own_baselines(pool, prepared.split, symbol)
    known = ((one.name, losses) for one in baselines if (losses := one.losses(loss, truth)) is not None)
    name, theirs = min(known, key=lambda item: float(item[1].mean()))
    alone = NOT_COMPARED if rival is None else fit_alone(prepared, strategy, rival, symbol)
    return SymbolLosses(
        symbol,
        symbol in prepared.split.seen,
        pool.known_at[rows],
        loss.rows(truth, outputs),
        name,
        theirs,
        alone if isinstance(alone, str) else loss.rows(truth, alone.outputs(rows)),
    )


def _importance(prepared: PreparedPool, fitted: Fitted, strategy: Strategy) -> dict[str, Any]:
    """Return permutation importance on evenly spaced test rows, each with the rows that it looks back on."""
    pool, test, spec, loss = prepared.pool, prepared.split.test, model_spec(strategy), _loss(prepared, strategy)
    most = max(IMPORTANCE_ROWS // spec.window, IMPORTANCE_WINDOWS) if spec.reads_windows else IMPORTANCE_ROWS
    chosen = test[evenly_spaced(len(test), min(len(test), most))]
    reach = np.arange(1 - spec.window, 1)
    read = pool.values[(chosen[:, None] + reach).reshape(-1)]
    ends = np.arange(len(chosen), dtype=np.int64) * spec.window + spec.window - 1
    truth: NDArray[Any] = pool.labels_of(chosen)

    def outputs(values: Float32s, ends: Int64s) -> Floats:
        return fitted.inference.outputs_of_scaled(fitted.shipped, values, ends)

    rng = np.random.default_rng(strategy.training["seed"])
    permutations = draw_permutations(len(read), IMPORTANCE_REPEATS, rng)
    found = window_importance(
        outputs, read, ends, lambda made: float(loss.rows(truth, made).mean()), permutations, len(test)
    )
    return found.as_dict(pool.ids, loss.name)
