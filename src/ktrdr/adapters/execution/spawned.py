"""Jobs side by side in processes of their own."""

from __future__ import annotations

import logging
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, Generic, TypeVar

from ktrdr.adapters.execution.worker import LOGGER, RECORD

log = logging.getLogger(__name__)
STOP_SECONDS = 20
_PROGRAM = "import sys; sys.path[:] = {path!r}; from ktrdr.adapters.execution.worker import serve; serve()"

Job = TypeVar("Job")
Result = TypeVar("Result")


class SpawnedMap(Generic[Job, Result]):
    """Has the signature of `map` and gives results in the order of the jobs; the jobs run in fresh processes.

    A process that dies takes only the job it was at with it; the next job gets a new one. No process outlives the one
    that started it. Records of the ``ktrdr`` logger come back to this process. The caller's ``__main__`` is not
    imported anew.

    Parameters
    ----------
    open_function : callable
        Called once in each process; returns there what does the jobs. It, the jobs and the results can be pickled.
    lost : callable
        Returns the result of a job whose process died, from the job and the reason.
    workers : callable
        Returns how many processes some jobs ask for; None: as many as there are processors.
    in_process_because : str
        If not empty: why jobs have to run in this process, one after the other; said aloud where it matters.
    """

    def __init__(
        self,
        open_function: Callable[[], Callable[[Job], Result]],
        lost: Callable[[Job, str], Result],
        workers: Callable[[list[Job]], int | None],
        in_process_because: str = "",
    ) -> None:
        self._open = open_function
        self._lost = lost
        self._workers = workers
        self._because = in_process_because

    def __call__(self, function: Callable[[Job], Result], jobs: Iterable[Job]) -> Iterator[Result]:
        """Return the results; `function` does the jobs where one process is enough."""
        given = list(jobs)
        count = min(self._workers(given) or processors(), len(given)) if len(given) > 1 else 1
        if count > 1 and self._because:
            log.warning("%s: the jobs run one after the other in this process", self._because)
        if count < 2 or self._because:
            return map(function, given)
        return self._spread(given, count)

    def _spread(self, jobs: list[Job], count: int) -> Iterator[Result]:
        waiting: SimpleQueue[tuple[int, Job]] = SimpleQueue()
        answers: SimpleQueue[tuple[int, Result]] = SimpleQueue()
        for numbered in enumerate(jobs):
            waiting.put(numbered)
        crew = [_Worker(self._open) for _ in range(count)]
        for worker in crew:
            Thread(target=self._work, args=(worker, waiting, answers), daemon=True).start()
        done: dict[int, Result] = {}
        finished = False
        try:
            for place in range(len(jobs)):
                while place not in done:
                    number, result = answers.get()
                    done[number] = result
                finished = place == len(jobs) - 1
                yield done.pop(place)
        finally:
            for worker in crew:
                worker.ask_to_stop(idle=finished)
            for worker in crew:
                worker.wait()

    def _work(
        self,
        worker: _Worker,
        waiting: SimpleQueue[tuple[int, Job]],
        answers: SimpleQueue[tuple[int, Result]],
    ) -> None:
        """Give a worker one job after the other until none is left."""
        while not worker.stopped:
            try:
                place, job = waiting.get_nowait()
            except Empty:
                return
            try:
                result = worker.do(job)
            except Exception as error:
                result = self._lost(job, worker.obituary(error))
            answers.put((place, result))


class _Worker:
    """One process, started with its first job, and again after it died."""

    def __init__(self, open_function: Callable[[], Callable[[Any], Any]]) -> None:
        self.stopped = False
        self._open = open_function
        self._process: subprocess.Popen[bytes] | None = None

    def do(self, job: Any) -> Any:
        """Return the result of a job; records that come before it are handled here."""
        message = pickle.dumps(job)
        process = self._process or self._started()
        _send(process, message)
        while True:
            kind, value = pickle.load(_pipe(process.stdout))
            if kind != RECORD:
                return value
            logging.getLogger(value.name).handle(value)

    def obituary(self, error: Exception) -> str:
        """Return why there is no result, how the process ended, and forget it."""
        process, self._process = self._process, None
        if process is None or not isinstance(error, OSError | EOFError | pickle.UnpicklingError):
            self._process = process
            return f"it could not be sent to a process of its own: {type(error).__name__}: {error}"
        code = _ended(process)
        if code < 0:
            return f"its process was killed by signal {-code}; is there too little memory for this many workers?"
        return f"its process ended with code {code} before it was done"

    def ask_to_stop(self, *, idle: bool) -> None:
        """Let an idle process go; interrupt one that is at work."""
        self.stopped = True
        process = self._process
        if process is None:
            return
        if idle:
            _pipe(process.stdin).close()
        else:
            process.terminate()

    def wait(self) -> None:
        """Wait for the end of the process, and enforce it in the end."""
        process = self._process
        if process is not None:
            _ended(process)

    def _started(self) -> subprocess.Popen[bytes]:
        """Start a process that Ctrl-C in a terminal does not reach: this one decides how it ends."""
        welcome = pickle.dumps((self._open, logging.getLogger(LOGGER).getEffectiveLevel()))
        command = [sys.executable, "-c", _PROGRAM.format(path=sys.path)]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
        self._process = process
        if self.stopped:
            process.terminate()
        _send(process, welcome)
        return process


def _ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end of a process and return its code; after `STOP_SECONDS` enforce it."""
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def _send(process: subprocess.Popen[bytes], message: bytes) -> None:
    pipe = _pipe(process.stdin)
    pipe.write(message)
    pipe.flush()


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
