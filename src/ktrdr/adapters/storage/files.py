"""Plain files and folders, brought to disk and read back without trust."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ktrdr.domain.errors import CorruptArtifact, Unavailable

_BINARY = getattr(os, "O_BINARY", 0)
_GUARDED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@contextmanager
def unavailable(doing: str) -> Iterator[None]:
    """Turn whatever the file system refuses inside into `Unavailable`: ``{doing}: {reason}: {path}``."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{doing}: {in_words(error)}") from error


def in_words(error: OSError) -> str:
    """Return the reason, and the path that it is about."""
    path = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{path}"


def entries(folder: Path) -> list[str]:
    """Return the names in a folder, sorted."""
    return sorted(path.name for path in folder.iterdir())


def write_file(path: Path, content: bytes) -> None:
    """Create a file that is not there yet and bring its content to disk."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _BINARY, 0o666)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_file(path: Path, limit: int) -> bytes:
    """Return the content of a plain file; links are not followed, and nothing that is no file is opened.

    Raises
    ------
    CorruptArtifact
        If it is a link, folder, pipe or device, or larger than `limit` bytes.
    OSError
        If it is not there or cannot be read.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise CorruptArtifact(f"{path}: must be a plain file, not a link, folder or device")
    if status.st_size > limit:
        raise CorruptArtifact(f"{path}: {status.st_size:,} bytes are too many, at most {limit:,} are read")
    with open(os.open(path, os.O_RDONLY | _BINARY | _GUARDED), "rb") as file:  # noqa: PTH123 - from a descriptor
        return file.read(limit)
