"""A lock that is had in the order of arrival.

::

    .lock                    held by one at a time; it alone keeps the others out
    .lock.queue/1 2 3 ...    tickets, each held by who drew it, from its arrival until it is done or dead
    .lock.queue/door         held while a ticket is drawn
"""

from __future__ import annotations

import errno
import logging
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from filelock import BaseFileLock

log = logging.getLogger(__name__)
_POLL_SECONDS = 0.005
_SILENT_SECONDS = 2.0
"""How long a wait is not worth a word."""


@contextmanager
def queued(lock: Path, seconds: float) -> Iterator[None]:
    """Hold a lock as soon as all that came before are done; the system frees what a dead process held.

    A long wait is said once. Where no ticket can be drawn, on a full disk say, the lock is had out of turn.

    Parameters
    ----------
    lock : Path
        In a folder that exists.
    seconds : float
        How long to wait for each of those before, one after the other: a long queue that moves is no failure.

    Raises
    ------
    OSError
        If the lock cannot be made, or one process holds it for longer than `seconds`.
    """
    with ExitStack() as all_held:
        earlier: list[Path] = []
        wait = _Wait(lock)
        with suppress(OSError):
            earlier = all_held.enter_context(_ticket(lock.with_name(f"{lock.name}.queue"), seconds, wait))
        for ticket in earlier:
            if ticket.exists():
                with _holding(ticket, seconds, lock, wait):
                    ticket.unlink(missing_ok=True)
        all_held.enter_context(_holding(lock, seconds, lock, wait))
        yield


@contextmanager
def held(lock: Path, seconds: float) -> Iterator[None]:
    """Hold a lock as soon as it is free, in no order, and leave nothing else beside it; a long wait is said once.

    Raises
    ------
    OSError
        If the lock cannot be made, or is not free for `seconds`.
    """
    with _holding(lock, seconds, lock, _Wait(lock)):
        yield


@contextmanager
def _ticket(queue: Path, seconds: float, wait: _Wait) -> Iterator[list[Path]]:
    """Draw a number, and give the tickets of those who came before and still live, the first one first."""
    queue.mkdir(exist_ok=True)
    with ExitStack() as mine_held:
        with _holding(queue / "door", seconds, queue / "door", wait):
            drawn = sorted((path for path in queue.iterdir() if path.name.isdecimal()), key=lambda path: int(path.name))
            living = [path for path in drawn if not _removed(path, wait)]
            mine = queue / str(1 + max((int(path.name) for path in living), default=0))
            mine_held.enter_context(_holding(mine, 0, mine, wait))
        try:
            yield living
        finally:
            with suppress(OSError):
                mine.unlink(missing_ok=True)


def _removed(ticket: Path, wait: _Wait) -> bool:
    """Remove a ticket that nobody holds, and return whether that was so."""
    try:
        with _holding(ticket, 0, ticket, wait):
            ticket.unlink(missing_ok=True)
    except TimeoutError:
        return False
    return True


@contextmanager
def _holding(file: Path, seconds: float, named: Path, wait: _Wait) -> Iterator[None]:
    from filelock import FileLock, Timeout

    lock = FileLock(file, poll_interval=_POLL_SECONDS)
    try:
        wait.acquire(lock, seconds)
    except Timeout:
        said = f"another process has held the lock for {seconds:g} seconds"
        raise TimeoutError(errno.ETIMEDOUT, said, str(named)) from None
    try:
        yield
    finally:
        lock.release()


class _Wait:
    """One wait, of perhaps several locks, of which a word is said when it has been long."""

    def __init__(self, lock: Path) -> None:
        self._lock = lock
        self._silent_until = time.monotonic() + _SILENT_SECONDS

    def acquire(self, lock: BaseFileLock, seconds: float) -> None:
        from filelock import Timeout

        silent = min(seconds, max(self._silent_until - time.monotonic(), 0))
        try:
            lock.acquire(timeout=silent)
        except Timeout:
            if silent == seconds:
                raise
            log.warning("%s: another process holds this lock; waiting until it is free", self._lock)
            self._silent_until = float("inf")
            lock.acquire(timeout=seconds - silent)
