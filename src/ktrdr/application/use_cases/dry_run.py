"""Dry run: everything that training would do, short of training."""

from __future__ import annotations

from dataclasses import replace

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.gathering import PoolSources
from ktrdr.application.preparing.own_strategy import own_job
from ktrdr.application.preparing.preview import Preview, preview
from ktrdr.application.preparing.selection import with_selected_symbols
from ktrdr.application.training.outcomes import FailedJob
from ktrdr.domain.artifacts.packed import require_packable
from ktrdr.domain.catalogue.training import FROM_UNIVERSAL, INITIALISE
from ktrdr.domain.errors import KtrdrError
from ktrdr.domain.training.plan import TrainingJob, plan_training
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.pool.pool import Allocate, in_memory
from ktrdr.domain.training.request import TrainingRequest


class DryRun:
    """Prepares the jobs of a request and reports on them; trains and writes nothing."""

    def __init__(
        self,
        data: DataRepository,
        features: FeatureEngineer,
        allocate: Allocate = in_memory,
        calendar: Calendar | None = None,
    ) -> None:
        self._data = data
        self._sources = PoolSources(data, features, allocate, calendar)

    def execute(self, request: TrainingRequest) -> tuple[Preview | FailedJob, ...]:
        """Return one preview a job; of several jobs, the failure of one does not stop the others.

        Raises
        ------
        InvalidInput, DataNotFound
            As training would, if there is one job only.
        """
        jobs = plan_training(with_selected_symbols(self._data, request))
        if len(jobs) == 1:
            return (self._preview(jobs[0]),)
        return tuple(self._attempt(job) for job in jobs)

    def _attempt(self, job: TrainingJob) -> Preview | FailedJob:
        try:
            return self._preview(job)
        except KtrdrError as error:
            return FailedJob(job.symbols, error.family, str(error))

    def _preview(self, job: TrainingJob) -> Preview:
        require_packable(job.strategy)
        found = preview(own_job(self._data, job), self._sources)
        if job.pooled or job.strategy.training.get(INITIALISE.name) != FROM_UNIVERSAL:
            return found
        cut_there = f"training.initialise: {FROM_UNIVERSAL}: training cuts where the universal model does"
        return replace(found, notes=(*found.notes, cut_there))
