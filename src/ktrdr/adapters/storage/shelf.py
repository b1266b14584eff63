"""One strategy's folder: version folders, claimed numbers, and ``latest``.

::

    {strategy}/AAPL_1d_v1/  AAPL_1d_v2/     versions; once visible they never change
               AAPL_1d_v1.0f2e...sig        a signature of one; see `signatures`
               AAPL_1d_latest               link to a version, or a file with its name
               .claims/AAPL_1d_v1 ...       every number ever given out; never removed once its version was visible
               .staging-AAPL_1d_v3/         being written; by a dead writer, unless the lock is held
               .deleted-AAPL_1d_v1/         being removed
               .unpublished-AAPL_1d-.../    complete, but it could not be published; see `kept`
               .lock  .lock.queue/          held by whoever changes anything here, in the order of arrival
"""

from __future__ import annotations

import glob
import os
import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ktrdr.adapters.files.folders import make_folder, sync_folder
from ktrdr.adapters.files.queue import queued
from ktrdr.adapters.storage.files import entries, read_file, write_file
from ktrdr.adapters.storage.strays import sweep_strays
from ktrdr.domain.errors import CorruptArtifact

CLAIMS = ".claims"
STAGING = ".staging-"
DELETED = ".deleted-"
LOCK_SECONDS = 60
_MAX_POINTER = 1024


@contextmanager
def locked(folder: Path, seconds: float | None = None) -> Iterator[None]:
    """Hold the folder's lock in turn; it is created where it is missing, and freed by the system when its holder dies.

    Raises
    ------
    OSError
        If the folder cannot be written, or one process holds the lock for longer than `seconds`, by default
        `LOCK_SECONDS`.
    """
    make_folder(folder / CLAIMS)
    with queued(folder / ".lock", LOCK_SECONDS if seconds is None else seconds):
        yield


def sweep(folder: Path) -> None:
    """Remove what dead writers left; the lock must be held."""
    for name in entries(folder):
        if name.startswith((STAGING, DELETED)):
            shutil.rmtree(folder / name, ignore_errors=True)
    sweep_strays(folder)


def claim(folder: Path, stem: str) -> int:
    """Return a number above all that this stem ever had, and keep it from being given out again."""
    number = 1 + max(_highest(folder, stem), latest_number(folder, stem) or 0)
    os.close(os.open(folder / CLAIMS / f"{stem}_v{number}", os.O_CREAT | os.O_EXCL | os.O_WRONLY))
    return number


def visible_numbers(folder: Path, stem: str) -> list[int]:
    """Return the numbers of a stem's versions that readers can see; none of a folder that is not there."""
    try:
        with os.scandir(folder) as found:
            folders = [entry.name for entry in found if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [number for name in folders if (number := _number(stem, name)) is not None]


def latest_number(folder: Path, stem: str) -> int | None:
    """Return the number that ``latest`` names, None if it is absent or names no version beside it."""
    pointer = folder / f"{stem}_latest"
    try:
        target = str(pointer.readlink()) if pointer.is_symlink() else read_file(pointer, _MAX_POINTER).decode().strip()
    except (FileNotFoundError, NotADirectoryError, CorruptArtifact, UnicodeDecodeError):
        return None
    return _number(stem, target)


def left_behind(folder: Path, stem: str, visible: Iterable[int]) -> int | None:
    """Return the version that ``latest`` should name, where a writer was killed before it had moved it; or None.

    That is a version above the named one; without ``latest``, one above which no number was ever given out: where the
    latest version was deleted, there is such a number.
    """
    newest, named = max(visible, default=0), latest_number(folder, stem)
    if named is None:
        gone = not os.path.lexists(folder / f"{stem}_latest")
        return newest if newest and gone and newest == _highest(folder, stem) else None
    return newest if newest > named else None


def heal(folder: Path, stem: str) -> None:
    """Move ``latest`` where it was left behind; the lock must be held."""
    number = left_behind(folder, stem, visible_numbers(folder, stem))
    if number is not None:
        move_latest(folder, stem, number)


def move_latest(folder: Path, stem: str, number: int) -> None:
    """Make ``latest`` name a version: a relative link, or a file with the name where there are no links."""
    beside = _beside(folder, stem)
    beside.unlink(missing_ok=True)
    target = f"{stem}_v{number}"
    try:
        beside.symlink_to(target, target_is_directory=True)
    except (OSError, NotImplementedError):
        write_file(beside, target.encode())
    beside.replace(folder / f"{stem}_latest")
    sync_folder(folder)


def withdraw(folder: Path, stem: str, number: int, *, reusable: bool = True) -> None:
    """Undo a publish that failed on its way; a number that nobody has heard of may be given out again."""
    if latest_number(folder, stem) == number:
        return
    name = f"{stem}_v{number}"
    with suppress(OSError):
        _beside(folder, stem).unlink(missing_ok=True)
    if (folder / name).exists():
        discard(folder, name)
    else:
        shutil.rmtree(folder / f"{STAGING}{name}", ignore_errors=True)
        with suppress(OSError):
            if reusable:
                (folder / CLAIMS / name).unlink()


def remove(folder: Path, stem: str, number: int) -> None:
    """Delete a version, ``latest`` first if it names it; its number stays claimed."""
    name = f"{stem}_v{number}"
    (folder / CLAIMS / name).touch()
    if latest_number(folder, stem) == number:
        (folder / f"{stem}_latest").unlink()
    sync_folder(folder / CLAIMS)
    discard(folder, name)
    for signature in folder.glob(f"{glob.escape(name)}.*.sig"):
        signature.unlink(missing_ok=True)


def discard(folder: Path, name: str) -> None:
    """Make a version invisible in one step, then remove it."""
    hidden = folder / f"{DELETED}{name}"
    (folder / name).rename(hidden)
    sync_folder(folder)
    shutil.rmtree(hidden, ignore_errors=True)


def _highest(folder: Path, stem: str) -> int:
    """Return the highest number that was ever given out, 0 for none."""
    claims = folder / CLAIMS
    names = [*entries(folder), *(entries(claims) if claims.is_dir() else ())]
    used = (_number(stem, name.removeprefix(STAGING).removeprefix(DELETED)) for name in names)
    return max(filter(None, used), default=0)


def _number(stem: str, name: str) -> int | None:
    match = re.fullmatch(rf"{re.escape(stem)}_v([1-9][0-9]{{0,17}})", name)
    return int(match[1]) if match else None


def _beside(folder: Path, stem: str) -> Path:
    return folder / f".{stem}_latest"
