"""Plain files and folders, brought to disk and read back without trust."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ktrdr.adapters.documents.plain_file import read_bytes
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, Unavailable, shown_path, unusable

_BINARY = getattr(os, "O_BINARY", 0)


@contextmanager
def unavailable(doing: str) -> Iterator[None]:
    """Turn whatever the file system refuses inside into `Unavailable`: ``{doing}: {reason}: {path}``.

    What no path can be is `InvalidInput`; see `unusable`.
    """
    try:
        yield
    except OSError as error:
        refused = unusable(error.filename, error, "write")
        if isinstance(refused, InvalidInput):
            raise refused from error
        raise Unavailable(f"{doing}: {in_words(error)}") from error


def in_words(error: OSError) -> str:
    """Return the reason, and the path that it is about."""
    path = f": {shown_path(error.filename)}" if error.filename else ""
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
    try:
        return read_bytes(path, limit, "a file of a model", links=False)
    except InvalidInput as error:
        raise CorruptArtifact(str(error)) from error
