"""Files that are changed by one process at a time, without a lock file beside them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]

_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)


@contextmanager
def holding(path: Path) -> Iterator[bool]:
    """Keep other holders of what lies at a path waiting, until the body is done or the process dead.

    What lies there is held, and not the name: where it has been replaced meanwhile, what has replaced it. Where nothing
    lies there, or the system knows no such locks, nothing is held; whether something lay there is given.

    Raises
    ------
    OSError
        If it cannot be opened.
    """
    while fcntl is not None and os.path.lexists(path):
        with suppress(FileNotFoundError), open(os.open(path, _FLAGS), "rb", closefd=True) as file:  # noqa: PTH123
            with suppress(OSError):
                fcntl.flock(file, fcntl.LOCK_EX)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                yield True
                return
    yield fcntl is None and os.path.lexists(path)
