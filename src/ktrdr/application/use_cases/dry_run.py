"""Dry run: everything that training would do, short of training."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

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


class DryRuns(tuple[Preview | FailedJob, ...]):
    """One preview a job, or the reason why there is none, in the order of the jobs."""

    __slots__ = ()

    @property
    def previews(self) -> tuple[Preview, ...]:
        """What would be trained."""
        return tuple(item for item in self if not isinstance(item, FailedJob))

    @property
    def failures(self) -> tuple[FailedJob, ...]:
        """What could not be."""
        return tuple(item for item in self if isinstance(item, FailedJob))

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        previews = [preview.as_dict() for preview in self.previews]
        if len(self) == 1:
            return {"dry_run": previews[0]}
        return {"dry_runs": previews, "failures": [failure.as_dict() for failure in self.failures]}


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

    def execute(self, request: TrainingRequest) -> DryRuns:
        """Return one preview a job; of several jobs, the failure of one does not stop the others.

        Raises
        ------
        InvalidInput, DataNotFound
            As training would, if there is one job only.
        """
        jobs = plan_training(with_selected_symbols(self._data, request))
        if len(jobs) == 1:
            return DryRuns([self._preview(jobs[0])])
        return DryRuns([self._attempt(job) for job in jobs])

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
