"""One job from bars to a published model: the whole training in ten lines."""

from __future__ import annotations

import logging
from dataclasses import asdict
from typing import Any

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.journal import Journal
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.cached_data import CachedData
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.members import fingerprints
from ktrdr.application.preparing.own_strategy import own_job
from ktrdr.application.preparing.pool import Prepared, prepare
from ktrdr.application.preparing.quality import require_accepted
from ktrdr.application.preparing.rows import require_no_warnings
from ktrdr.application.training.few_rows import judge_few_rows
from ktrdr.application.training.fits import Fitted, fit
from ktrdr.application.training.folds import judge_folds, require_enough_symbols
from ktrdr.application.training.judging import Judgement, judge
from ktrdr.application.training.outcomes import FailedJob, JobOutcome, TrainedModel, rows_of
from ktrdr.application.training.packing import pack
from ktrdr.application.training.publishing import publish
from ktrdr.application.training.recording import Runs
from ktrdr.application.training.resuming import kept_model
from ktrdr.application.training.rivals import no_rival, rivals
from ktrdr.application.training.transfer import warm_start_of, without_effect
from ktrdr.domain.artifacts.packed import plain, require_packable
from ktrdr.domain.catalogue.training import REPTILE
from ktrdr.domain.errors import KtrdrError, TrainingInterrupted, Unavailable, ran_out_of
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.writing.render import settings_document
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.plan import TrainingJob
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.pool.pool import Allocate, in_memory
from ktrdr.domain.training.work import Work

log = logging.getLogger(__name__)


class JobTrainer:
    """Trains the jobs of one run through the ports; what several of them read is read once.

    Parameters
    ----------
    data, features, trainer, storage, journal
        The ports.
    allocate : callable
        Gives the matrix of a pool its room.
    calendar : callable, optional
        Says when markets are open before and after the bars of a symbol.
    """

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        trainer: ModelTrainer,
        storage: ModelStorage,
        journal: Journal,
        allocate: Allocate = in_memory,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = CachedData(data)
        self._features = features
        self._trainer = trainer
        self._storage = storage
        self._journal = journal
        self._sources = PoolSources(self._data, features, allocate, calendar)

    def train(self, job: TrainingJob) -> TrainedModel:
        """Train and publish the model of a job; resuming, return the one that is there already.

        Raises
        ------
        InvalidInput, DataNotFound, TrainingFailed, Unavailable
            Nothing is published by a job that raises.
        """
        require_packable(job.strategy)
        start = warm_start_of(self._storage, self._features, job)  # compared as all symbols share it
        job = own_job(self._data, job)
        kept = kept_model(self._data, self._features, self._storage, job) if start is None else None
        if kept is not None:
            return kept
        with Runs(self._journal, _work(job)) as runs:
            prepared = prepare(self._sources, job, start)
            require_accepted(prepared.quality, job.request.accept_quality)
            require_no_warnings(prepared.warnings, job.request.strict)
            require_enough_symbols(prepared, job.request.symbol_folds)
            runs.about(prepared.seen, _facts(job, prepared))
            fitted = fit(prepared, job, self._trainer, runs, start)
            judgement = self._judged(prepared, fitted, job, runs)
            kernels = self._features.kernels(prepared.features)
            artifact = pack(self._data, job, prepared, fitted, judgement, kernels)
            stored = publish(self._storage, artifact, fitted.run)
        return TrainedModel(
            stored,
            dict(judgement.metrics),
            dict(judgement.importance),
            (*prepared.notes, *fitted.shipped.notes, *without_effect(job)),
            rows_of(prepared.split.report()),
            warnings=prepared.warnings,
        )

    def attempt(self, job: TrainingJob) -> JobOutcome:
        """Train a job of several: an error becomes its outcome, so that the others go on.

        Raises
        ------
        TrainingInterrupted
            If the user stopped it.
        """
        try:
            return self.train(job)
        except TrainingInterrupted:
            raise
        except KtrdrError as error:
            return FailedJob(job.symbols, error.family, str(error))
        except Exception as error:
            lacking = ran_out_of(error)
            if lacking is not None:
                return FailedJob(job.symbols, Unavailable.family, f"the machine has run out of {lacking}")
            return FailedJob(job.symbols, "error", f"{type(error).__name__}: {error}")

    def _judged(self, prepared: Prepared, fitted: Fitted, job: TrainingJob, runs: Runs) -> Judgement:
        rival = rivals(job.strategy, self._trainer, runs) if job.request.hold_out else no_rival
        judgement = judge(prepared, fitted, job, rival)
        if job.request.hold_out and job.combination == REPTILE:
            few = judge_few_rows(prepared, fitted, job, self._trainer, runs)
            judgement = Judgement({**judgement.metrics, "few_rows": few}, judgement.importance)
        if not job.request.symbol_folds:
            return judgement
        folds = judge_folds(prepared, job, self._trainer, runs)
        return Judgement({**judgement.metrics, "by_symbol_fold": folds}, judgement.importance)


def _work(job: TrainingJob) -> Work:
    """Return who the fits of a job are."""
    return Work(job.strategy.name, job.symbols, str(job.mode), job.strategy.training["seed"])


def _facts(job: TrainingJob, prepared: Prepared) -> dict[str, Any]:
    """Return what the fits of a job are fitted to, and how, as plain values."""
    return {
        "combination": job.combination,
        "hold_out": sorted(job.request.hold_out),
        "data": fingerprints(prepared.members),
        "settings": plain(settings_document(job.strategy)),
        "architecture": {"type": job.strategy.model.type, **plain(dict(job.strategy.model.architecture))},
        **_members(job.strategy),
        "features": list(prepared.pool.ids),
        "rows": rows_of(prepared.split.report()),
    }


def _members(strategy: Strategy) -> dict[str, Any]:
    """Return the members of a model of several, and how many single fits the fit of the whole is."""
    if not strategy.model.members:
        return {}
    return {"members": [plain(asdict(item)) for item in strategy.model.members], "fits": model_spec(strategy).fits}
