"""Plain files, read without trust: never a pipe or a device, never more than is allowed, never a wait."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from ktrdr.adapters.documents.limits import Limits
from ktrdr.domain.errors import InvalidInput, KtrdrError, shown_path, unusable

_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_LEADS_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


@contextmanager
def refusing(path: object) -> Iterator[None]:
    """Turn whatever the system refuses of a path inside into the family that it belongs to; see `unusable`."""
    try:
        yield
    except KtrdrError:
        raise
    except (OSError, ValueError) as error:
        raise unusable(path, error) from error


def require_possible(path: Path, what: str = "") -> None:
    """Refuse what cannot be a path, whether or not anything is there.

    Parameters
    ----------
    path : Path
    what : str
        Option or setting that gives it, for the message.

    Raises
    ------
    InvalidInput
        If it is too long, leads in a circle, or holds what no path can.
    """
    try:
        os.stat(path)  # noqa: PTH116 - answers for every path
    except (OSError, ValueError) as error:
        refused = unusable(f"{what} {shown_path(path)}".strip(), error, "write")
        if isinstance(refused, InvalidInput):
            raise refused from error


def read_text(path: Path, limits: Limits) -> str:
    """Return what a file in UTF-8 says, with or without a byte order mark.

    Raises
    ------
    NotFound
        If there is no such file.
    InvalidInput
        If it is no plain file, is larger than the limits allow, or is not UTF-8; or if the path cannot be one.
    Unavailable
        If it cannot be read.
    """
    with refusing(path):
        content = read_bytes(path, limits.size, limits.kind)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidInput(f"{path}: not UTF-8 text (byte {error.start})") from error


def read_bytes(path: Path, size: int, kind: str = "it", *, links: bool = True) -> bytes:
    """Return the content of a plain file of at most `size` bytes.

    Parameters
    ----------
    path : Path
    size : int
    kind : str
        What the file is, for messages.
    links : bool
        Whether a link is followed.

    Raises
    ------
    InvalidInput
        If it is no plain file, or is larger.
    OSError, ValueError
        What the system refuses.
    """
    with open_plain(path, links=links) as file:
        length = os.fstat(file.fileno()).st_size
        content = b"" if length > size else file.read(size + 1)
    length = max(length, len(content))
    if length > size:
        raise InvalidInput(f"{path}: {length:,} bytes are too many for {kind}; at most {size:,} are read")
    return content


def open_plain(path: Path, *, links: bool = True) -> BinaryIO:
    """Open a plain file to read its bytes; what is no plain file is not opened at all.

    Raises
    ------
    InvalidInput
        If it is no plain file.
    OSError, ValueError
        What the system refuses.
    """
    _require_mode(path, os.stat(path, follow_symlinks=links).st_mode)  # noqa: PTH116 - a pipe must not be opened
    file = open(os.open(path, _FLAGS | (0 if links else _NO_LINKS)), "rb")  # noqa: PTH123, SIM115 - from a descriptor
    try:
        _require_mode(path, os.fstat(file.fileno()).st_mode)
    except BaseException:
        file.close()
        raise
    return file


def require_plain(path: Path, where: object) -> None:
    """Refuse what is no plain file, without opening it.

    Parameters
    ----------
    path : Path
        A link is followed.
    where : str or Path
        What the message calls it.

    Raises
    ------
    InvalidInput
        If it is none, or a link that leads to none.
    OSError, ValueError
        What else the system refuses.
    """
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - answers for every path
    except OSError as error:
        if error.errno not in _LEADS_NOWHERE or not path.is_symlink():
            raise
        raise InvalidInput(f"{where}: is a link that leads to no file ({error.strerror})") from error
    _require_mode(where, mode)


def _require_mode(where: object, mode: int) -> None:
    if not stat.S_ISREG(mode):
        raise InvalidInput(f"{where}: must be a plain file, is {_KINDS.get(stat.S_IFMT(mode), 'none')}")
