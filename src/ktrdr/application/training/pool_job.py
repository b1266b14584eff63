"""A pooled job from bars to a published model."""

from __future__ import annotations

import logging
from dataclasses import replace

from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.pool import prepare_pool
from ktrdr.application.preparing.rows import require_no_warnings
from ktrdr.application.training.folds import judge_folds
from ktrdr.application.training.outcomes import TrainedModel, rows_of
from ktrdr.application.training.pool_fitting import fit_pool
from ktrdr.application.training.pool_judging import judge_pool
from ktrdr.application.training.pool_packing import pack_pool
from ktrdr.domain.catalogue.training import FROM_UNIVERSAL, INITIALISE
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.training.plan import Combination, TrainingJob

log = logging.getLogger(__name__)


def train_pool(
    job: TrainingJob, combination: Combination, sources: PoolSources, trainer: ModelTrainer, storage: ModelStorage
) -> TrainedModel:
    """Train one model on all symbols of a job, judge it symbol by symbol, and publish it.

    Raises
    ------
    InvalidInput, DataNotFound, TrainingFailed, Unavailable
        Nothing is published.
    """
    strategy, request = job.strategy, job.request
    prepared = prepare_pool(sources, strategy, job.symbols, request.hold_out, request.leave_out)
    require_no_warnings(prepared.warnings, request.strict)
    if request.symbol_folds > len(prepared.split.seen):
        found = f"{len(prepared.split.seen)} have train rows"
        raise InvalidInput(f"symbol_folds: {request.symbol_folds} folds: needs at least as many symbols, {found}")
    fitted = fit_pool(prepared, strategy, combination, trainer, request.seeds)
    judgement = judge_pool(prepared, fitted, strategy, request.importance, trainer if request.hold_out else None)
    if request.symbol_folds:
        folds = judge_folds(prepared, strategy, combination, trainer, request.symbol_folds)
        judgement = replace(judgement, metrics={**judgement.metrics, "by_symbol_fold": folds})
    kernels = sources.engineer.kernels(prepared.features)
    stored = storage.publish(pack_pool(sources.data, job, prepared, fitted, judgement, kernels))
    log.info("published", extra={"model": stored.reference, "location": stored.location})
    rows = rows_of(prepared.split.report())
    metrics, importance = dict(judgement.metrics), dict(judgement.importance)
    notes = (*prepared.notes, *_without_effect(job))
    return TrainedModel(stored, metrics, importance, notes, rows, warnings=prepared.warnings)


def _without_effect(job: TrainingJob) -> tuple[str, ...]:
    if job.strategy.training[INITIALISE.name] != FROM_UNIVERSAL:
        return ()
    return (f"training.initialise: {FROM_UNIVERSAL} is about models of single symbols; this one began at random",)
