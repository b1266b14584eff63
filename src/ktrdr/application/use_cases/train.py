"""Train: one strategy in, trusted models out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.application.training.job import JobTrainer
from ktrdr.application.training.outcomes import FailedJob, JobOutcome, TrainedModel
from ktrdr.domain.training.plan import TrainingJob, TrainingRequest, plan_training
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.pool.pool import Allocate, in_memory

RunJobs = Callable[[Callable[[TrainingJob], JobOutcome], Iterable[TrainingJob]], Iterable[JobOutcome]]
OnOutcome = Callable[[JobOutcome, int], None]

__all__ = ["FailedJob", "TrainedModel", "TrainingOrchestrator", "TrainingRequest", "TrainingResult"]


@dataclass(frozen=True, slots=True)
class TrainingResult:
    """What became of a request, in the order of its jobs: ascending by symbol.

    Attributes
    ----------
    models : tuple of TrainedModel
    failures : tuple of FailedJob
        Empty where there is one job: its error is raised.
    """

    models: tuple[TrainedModel, ...]
    failures: tuple[FailedJob, ...] = ()


class TrainingOrchestrator:
    """Runs the jobs of a request through the four ports.

    Parameters
    ----------
    data, features, trainer, storage
        The ports.
    run_jobs : callable
        Has the signature of `map`; decides where jobs run.
    on_outcome : callable, optional
        Called with each outcome, in the order of the jobs, and the number of jobs.
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
        run_jobs: RunJobs = map,
        on_outcome: OnOutcome | None = None,
        allocate: Allocate = in_memory,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = data
        self._ports = (data, features, trainer, storage)
        self._run_jobs = run_jobs
        self._on_outcome = on_outcome
        self._allocate = allocate
        self._calendar = calendar

    def execute(self, request: TrainingRequest) -> TrainingResult:
        """Train and publish every model of the request; of several jobs, one that fails does not stop the others.

        Raises
        ------
        InvalidInput, DataNotFound, TrainingFailed, Unavailable
            From planning, or from the only job. Nothing is published by a job that fails.
        TrainingInterrupted
            If the user stopped it; what was published before stays.
        """
        jobs = plan_training(with_selected_symbols(self._data, request))
        trainer = JobTrainer(*self._ports, self._allocate, self._calendar)
        outcomes = []
        for outcome in self._run_jobs(trainer.attempt if len(jobs) > 1 else trainer.train, jobs):
            outcomes.append(outcome)
            if self._on_outcome is not None:
                self._on_outcome(outcome, len(jobs))
        models = tuple(outcome for outcome in outcomes if isinstance(outcome, TrainedModel))
        return TrainingResult(models, tuple(outcome for outcome in outcomes if isinstance(outcome, FailedJob)))
