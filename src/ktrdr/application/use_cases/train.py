"""Train: one strategy in, one trusted model out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from ktrdr.application.fitting import fit
from ktrdr.application.judging import judge
from ktrdr.application.packing import pack, require_packable
from ktrdr.application.pipeline import prepare
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.selection import with_selected_symbols
from ktrdr.domain.artifacts.artifact import StoredModel
from ktrdr.domain.training.plan import TrainingJob, TrainingRequest, plan_training

log = logging.getLogger(__name__)
RunJobs = Callable[[Callable[[TrainingJob], "TrainedModel"], Iterable[TrainingJob]], Iterable["TrainedModel"]]

__all__ = ["TrainedModel", "TrainingOrchestrator", "TrainingRequest", "TrainingResult"]


@dataclass(frozen=True, slots=True)
class TrainedModel:
    """One published model, and what it is worth.

    Attributes
    ----------
    stored : StoredModel
    report : dict
        Content of ``metrics.json``: metrics, baselines, verdict, diagnosis, seeds, class shares.
    importance : dict
        Content of ``feature_importance.json``.
    notes : tuple of str
        What should be said aloud.
    """

    stored: StoredModel
    report: dict[str, Any]
    importance: dict[str, Any]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """The models of a request, in the order of its jobs."""

    models: tuple[TrainedModel, ...]


class TrainingOrchestrator:
    """Runs the jobs of a request through the four ports.

    Parameters
    ----------
    data, features, trainer, storage
        The ports.
    run_jobs : callable
        Has the signature of `map`; decides where jobs run.
    """

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        trainer: ModelTrainer,
        storage: ModelStorage,
        run_jobs: RunJobs = map,
    ) -> None:
        self._data = data
        self._features = features
        self._trainer = trainer
        self._storage = storage
        self._run_jobs = run_jobs

    def execute(self, request: TrainingRequest) -> TrainingResult:
        """Train and publish every model of the request.

        Raises
        ------
        InvalidInput, DataNotFound, TrainingFailed, Unavailable
            Nothing is published by a job that raises.
        """
        jobs = plan_training(with_selected_symbols(self._data, request))
        return TrainingResult(tuple(self._run_jobs(self._train, jobs)))

    def _train(self, job: TrainingJob) -> TrainedModel:
        require_packable(job.strategy)
        prepared = prepare(self._data, self._features, job.strategy, job.symbol)
        fitted = fit(prepared, job.strategy, self._trainer, job.request.seeds)
        judgement = judge(prepared, fitted, job.strategy, job.request.importance)
        kernels = self._features.kernels(prepared.features)
        stored = self._storage.publish(pack(job, prepared, fitted, judgement, kernels))
        log.info("published", extra={"model": stored.reference, "location": stored.location})
        notes = prepared.notes
        return TrainedModel(stored, dict(judgement.metrics), dict(judgement.importance), notes)
