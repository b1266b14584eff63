"""What a worker process does: jobs come in on stdin, answers and log records go out on stdout.

Its first message is how to make the function that does the jobs, and the level from which steps are wanted. It ends
when its stdin is closed: also when the process that started it is killed. It imports nothing but the standard library
before that message, so that the threads are counted before any library looks.
"""

from __future__ import annotations

import logging
import os
import pickle
import signal
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from logging.handlers import QueueHandler
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Any, BinaryIO

LOGGER = "ktrdr"
RESULT, RECORD = "result", "record"
_ONE_THREAD = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_STOPPED = 130


class Answers:
    """Pickled pairs of kind and value, one after the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._lock = Lock()

    def send(self, kind: str, value: Any) -> None:
        """Write one pair, at once."""
        with self._lock:
            pickle.dump((kind, value), self._file)
            self._file.flush()


class _Forwarded(QueueHandler):
    """Sends log records to the process that started this one."""

    def enqueue(self, record: logging.LogRecord) -> None:
        record.worker = os.getpid()
        self.queue.send(RECORD, record)  # type: ignore[attr-defined]


def serve() -> None:
    """Do jobs until there are no more."""
    for name in _ONE_THREAD:
        os.environ[name] = "1"
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # as the command line does
    signal.signal(signal.SIGTERM, _interrupt)
    answers = Answers(os.fdopen(os.dup(1), "wb"))
    os.dup2(2, 1)  # what a library prints is no answer
    try:
        _serve(answers)
    except BaseException as error:
        with suppress(OSError):
            sys.stderr.write("" if _is_stop(error) else f"worker: {type(error).__name__}: {error}\n")
        os._exit(_STOPPED if _is_stop(error) else 1)


def _serve(answers: Answers) -> None:
    received: SimpleQueue[Any] = SimpleQueue()
    Thread(target=_receive, args=(received,), daemon=True).start()
    open_function, level = received.get()
    logger = logging.getLogger(LOGGER)
    logger.setLevel(level)
    logger.addHandler(_Forwarded(answers))  # type: ignore[arg-type]
    logger.propagate = False
    function: Callable[[Any], Any] = open_function()
    while True:
        answers.send(RESULT, function(received.get()))


def _receive(received: SimpleQueue[Any]) -> None:
    """Read messages until stdin ends, and the process with it, whatever it is doing."""
    try:
        while True:
            received.put(pickle.load(sys.stdin.buffer))
    except EOFError:
        os._exit(0)
    except BaseException as error:
        sys.stderr.write(f"worker: cannot read its jobs: {type(error).__name__}: {error}\n")
        os._exit(1)


def _interrupt(_signal: int, _frame: object) -> None:
    """Stop as Ctrl-C does, once, so that what is being fitted can be recorded."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


def _is_stop(error: BaseException) -> bool:
    from ktrdr.domain.errors import TrainingInterrupted

    return isinstance(error, KeyboardInterrupt | TrainingInterrupted | BrokenPipeError)
