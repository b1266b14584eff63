"""Train: one strategy in, trusted models out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.ports.journal import Journal
from ktrdr.application.ports.model_storage import ModelStorage
from ktrdr.application.ports.model_trainer import ModelTrainer
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.application.training.job import JobTrainer
from ktrdr.application.training.outcomes import FailedJob, JobOutcome, TrainedModel
from ktrdr.domain.training.plan import TrainingJob, plan_training
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.pool.pool import Allocate, in_memory
from ktrdr.domain.training.request import TrainingRequest

RunJobs = Callable[[Callable[[TrainingJob], JobOutcome], Iterable[TrainingJob]], Iterable[JobOutcome]]

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

    @classmethod
    def of(cls, outcomes: Iterable[JobOutcome]) -> TrainingResult:
        """Return models and failures apart."""
        found = list(outcomes)
        models = tuple(outcome for outcome in found if isinstance(outcome, TrainedModel))
        return cls(models, tuple(outcome for outcome in found if isinstance(outcome, FailedJob)))


class TrainingOrchestrator:
    """Runs the jobs of a request through the ports.

    Parameters
    ----------
    data, features, trainer, storage, journal
        The ports.
    run_jobs : callable
        Has the signature of `map`; decides where jobs run.
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
        run_jobs: RunJobs = map,
        allocate: Allocate = in_memory,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = data
        self._ports = (data, features, trainer, storage, journal)
        self._run_jobs = run_jobs
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
        return TrainingResult.of(self.run(self.plan(request)))

    def plan(self, request: TrainingRequest) -> tuple[TrainingJob, ...]:
        """Return the jobs of a request, ascending by symbol; raises as planning does."""
        return plan_training(with_selected_symbols(self._data, request))

    def run(self, jobs: Sequence[TrainingJob]) -> Iterator[JobOutcome]:
        """Yield what became of each job, in their order, as soon as it is known; raises as `execute` does."""
        trainer = JobTrainer(*self._ports, self._allocate, self._calendar)
        yield from self._run_jobs(trainer.attempt if len(jobs) > 1 else trainer.train, jobs)
