"""Folders whose entries are on disk."""

from __future__ import annotations

import errno
import os
from contextlib import suppress
from pathlib import Path


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


def sync_folder(folder: Path) -> None:
    """Bring a folder's entries to disk, where the system can do that."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
