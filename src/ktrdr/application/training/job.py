"""One job from bars to a published model."""

from __future__ import annotations

import logging

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.cached_data import RememberedData
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.own_strategy import own_job
from ktrdr.application.preparing.rows import prepare, require_no_warnings
from ktrdr.application.training.fitting import fit
from ktrdr.application.training.judging import judge
from ktrdr.application.training.outcomes import FailedJob, JobOutcome, TrainedModel, rows_of
from ktrdr.application.training.packing import pack
from ktrdr.application.training.pool_job import train_pool
from ktrdr.application.training.resuming import kept_model
from ktrdr.application.training.transfer import beginning_of
from ktrdr.domain.artifacts.packed import require_packable
from ktrdr.domain.errors import KtrdrError, TrainingInterrupted
from ktrdr.domain.training.plan import TrainingJob
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.pool.pool import Allocate, in_memory

log = logging.getLogger(__name__)


class JobTrainer:
    """Trains the jobs of one run through the four ports; what several of them read is read once.

    Parameters
    ----------
    data, features, trainer, storage
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
        allocate: Allocate = in_memory,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = RememberedData(data)
        self._features = features
        self._trainer = trainer
        self._storage = storage
        self._pool_sources = PoolSources(self._data, features, allocate, calendar)

    def train(self, job: TrainingJob) -> TrainedModel:
        """Train and publish the model of a job; resuming, return the one that is there already.

        Raises
        ------
        InvalidInput, DataNotFound, TrainingFailed, Unavailable
            Nothing is published by a job that raises.
        """
        require_packable(job.strategy)
        if job.combination is not None:
            return train_pool(job, job.combination, self._pool_sources, self._trainer, self._storage)
        beginning = beginning_of(self._storage, self._features, job.strategy)  # compared as all symbols share it
        job = own_job(self._data, job)
        if job.request.execution.resume and beginning is None:  # the universal model may be a newer one
            kept = kept_model(self._data, self._features, self._storage, job)
            if kept is not None:
                return kept
        prepared = prepare(self._data, self._features, job.strategy, job.symbol, beginning)
        require_no_warnings(prepared.warnings, job.request.strict)
        fitted = fit(prepared, job.strategy, self._trainer, job.request.seeds, beginning)
        judgement = judge(prepared, fitted, job.strategy, job.request.importance)
        kernels = self._features.kernels(prepared.features)
        stored = self._storage.publish(pack(job, prepared, fitted, judgement, kernels))
        log.info("published", extra={"model": stored.reference, "location": stored.location})
        rows, warnings = rows_of(prepared.split.report()), prepared.warnings
        metrics, importance = dict(judgement.metrics), dict(judgement.importance)
        return TrainedModel(stored, metrics, importance, prepared.notes, rows, warnings=warnings)

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
            return FailedJob(job.symbols, "error", f"{type(error).__name__}: {error}")
