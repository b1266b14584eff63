"""Plain files and folders, brought to disk and read back without trust."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
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
        path = f": {shown_path(error.filename)}" if error.filename else ""
        refused = unusable(error.filename, error)
        raise (
            refused if isinstance(refused, InvalidInput) else Unavailable(f"{doing}: {error.strerror or error}{path}")
        ) from error


def make_folder(folder: Path) -> None:
    """Create a folder with its parents, each entry brought to disk; one that exists is left alone."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    try:
        folder.mkdir()
    except FileExistsError:
        if not folder.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, "Is a file, not a folder", str(folder)) from None
    sync_folder(folder.parent)


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


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
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
