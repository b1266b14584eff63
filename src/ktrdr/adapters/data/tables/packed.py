"""Packed files: ``.gz``, and ``.zip`` with one file of bars in it."""

from __future__ import annotations

import gzip
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ktrdr.domain.errors import InvalidBars, in_one_line

PACKED = {".gz": "gzip file", ".zip": "zip file"}
"""Suffix to what messages call the file."""
_NO_MEMBER = re.compile(r"/$|^__MACOSX/|(?:^|/)\.[^/]*$")
"""Folders, and hidden files that systems put into archives."""
_NOTE = re.compile(r"\.(?:txt|md|pdf|html?)$", re.IGNORECASE)
_FEW = 9
_LARGEST, _SMALL, _TIMES = 2**31, 2**26, 200
"""Bytes up to which a file is unpacked, up to which it always is, and how many times larger than packed it may be."""


def unpacked(path: Path) -> dict[str, bytes]:
    """Return the contents of the files that are packed in another, by name.

    Raises
    ------
    InvalidBars
        If there is none or there are more than a few in it, or one is so much larger unpacked that it is no table.
    """
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            return {path.stem: _limited(file, path)}
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if not _NO_MEMBER.search(name)]
        if not 0 < len(members) <= _FEW:
            raise not_one_table(path.name, members)
        contents = {}
        for name in members:
            with archive.open(name) as file:
                contents[name] = _limited(file, path)
        return contents


def is_note(name: str) -> bool:
    """Return whether a file beside others may be a note of them, as HistData packs one."""
    return _NOTE.search(name) is not None


def not_one_table(source: str, members: Sequence[str]) -> InvalidBars:
    """Return the error of an archive of which nobody can tell which member is meant."""
    found = in_one_line(", ".join(members[:_FEW])) or "nothing"
    more = f" and {len(members) - _FEW} more" if len(members) > _FEW else ""
    return InvalidBars(f"{source}: must hold exactly one table; found {found}{more}; unpack the right one")


def _limited(file: IO[bytes] | gzip.GzipFile, path: Path) -> bytes:
    content = file.read(_most(path.stat().st_size) + 1)
    require_possible(len(content), path.stat().st_size, path.name)
    return content


def require_possible(unpacked_bytes: int, packed_bytes: int, source: str) -> None:
    """Refuse what is so much larger unpacked than packed that it holds no bars.

    Raises
    ------
    InvalidBars
    """
    most = _most(packed_bytes)
    if unpacked_bytes > most:
        raise InvalidBars(f"{source}: unpacks to more than {most / 2**20:.0f} MiB, which is no file of bars")


def _most(packed_bytes: int) -> int:
    return min(_LARGEST, max(_SMALL, _TIMES * packed_bytes))
