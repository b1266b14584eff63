"""Jobs that two runs at once do once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from ktrdr.adapters.files.folders import make_folder
from ktrdr.domain.artifacts.key import ModelKey
from ktrdr.domain.training.plan import TrainingJob

log = logging.getLogger(__name__)
JOBS = ".jobs"
_POLL_SECONDS = 0.1
Result = TypeVar("Result")


class JobClaims:
    """Lets a job of a run that resumes wait while another process is at it: then its model is there.

    A claim is a lock among the models, which the system frees when its holder dies. Jobs of other runs train anew
    anyway, and neither wait nor claim.

    Parameters
    ----------
    root : Path
        Where models are published.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self, function: Callable[[TrainingJob], Result]) -> Callable[[TrainingJob], Result]:
        """Return what does a job as `function` does, alone."""

        def alone(job: TrainingJob) -> Result:
            if not job.request.execution.resume:
                return function(job)
            with self._claimed(ModelKey.of(job)):
                return function(job)

        return alone

    @contextmanager
    def _claimed(self, key: ModelKey) -> Iterator[None]:
        from filelock import FileLock, Timeout

        folder = self._root / key.folder / JOBS
        lock = FileLock(folder / f"{key.stem}.lock", poll_interval=_POLL_SECONDS)
        with suppress(OSError):  # where nothing can be written, publishing says so
            make_folder(folder)
            try:
                lock.acquire(timeout=0)
            except Timeout:
                log.warning("%s: another run is training it; waiting until that is done", key.reference(None))
                lock.acquire()
        try:
            yield
        finally:
            lock.release()
