"""Files that appear or change in one step.

What is written lies beside its place first, as ``.{name}.{number}.part``. Its writer holds a lock on it, which the
system frees when the writer dies: by that the next writer in the folder tells what may be swept away.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import randbelow
from typing import BinaryIO

from ktrdr.adapters.files.folders import sync_folder

try:
    import fcntl
except ImportError:  # where a file that is open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]

_PART = re.compile(r"\..+\.\d+\.part")
_LONGEST = 200
_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS)
"""What file systems without hard links answer."""
_BINARY = getattr(os, "O_BINARY", 0)
_GUARDED = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


@contextmanager
def replacing(path: Path, *, new: bool = False) -> Iterator[BinaryIO]:
    """Give a file to write to; it becomes `path` where the body goes well, and is gone where it does not.

    Content and entry are brought to disk. Several files are written all or none by an `ExitStack` of this: nothing is
    in place before all bodies have gone well, and the one that was entered first is put in place last.

    Parameters
    ----------
    path : Path
        In a folder that exists; of a link, the link itself is replaced.
    new : bool
        Whether a file that is there is left as it is.

    Raises
    ------
    FileExistsError
        If `new`, and something of that name is there.
    OSError
        If the file cannot be written; nothing is left behind.
    """
    sweep(path.parent)
    with _part_of(path) as (file, part):
        yield file
        file.flush()
        os.fsync(file.fileno())
        if fcntl is None:
            file.close()
        if new:
            _place_new(part, path)
        else:
            part.replace(path)
    sync_folder(path.parent)


def replace_file(path: Path, content: bytes, *, new: bool = False) -> None:
    """Write a file whole, see `replacing`."""
    with replacing(path, new=new) as file:
        file.write(content)


def require_room(folder: Path) -> None:
    """Find out now whether a file could be written in a folder, and leave nothing there.

    Raises
    ------
    OSError
        If it could not.
    """
    with _part_of(folder / "room"):
        pass


def sweep(folder: Path) -> None:
    """Remove what writers that died have left in a folder; what is being written is spared."""
    with suppress(OSError):
        for name in os.listdir(folder):  # noqa: PTH208 - many names, asked for at every write
            if name.startswith(".") and _PART.fullmatch(name):
                _remove_if_left(folder / name)


@contextmanager
def _part_of(path: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file beside `path`, locked, which is gone afterwards unless it was put in place."""
    stem = os.fsdecode(os.fsencode(path.name)[:_LONGEST])
    while True:
        part = path.with_name(f".{stem}.{randbelow(10**12)}.part")
        file = _opened(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        if _is_ours(file):
            break
        file.close()
    try:
        with file:
            yield file, part
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _place_new(part: Path, path: Path) -> None:
    try:
        os.link(part, path)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        path.open("xb").close()
        part.replace(path)


def _opened(part: Path, flags: int) -> BinaryIO:
    return open(os.open(part, flags | _BINARY, 0o666), "wb")  # noqa: PTH123 - from a descriptor


def _is_ours(file: BinaryIO) -> bool:
    """Return whether a new file is still there with its lock held, and not taken for one that was left."""
    try:
        _lock(file)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks, where nobody sweeps
        return True
    return os.fstat(file.fileno()).st_nlink > 0


def _remove_if_left(part: Path) -> None:
    with suppress(OSError), _opened(part, os.O_WRONLY | _GUARDED) as file:
        _lock(file)
        part.unlink()


def _lock(file: BinaryIO) -> None:
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
