"""Packed files: ``.gz``, and ``.zip`` with one file of bars in it."""

from __future__ import annotations

import gzip
import re
import zipfile
from pathlib import Path
from typing import IO

from ktrdr.domain.errors import InvalidBars, in_one_line

PACKED = {".gz": "gzip file", ".zip": "zip file"}
"""Suffix to what messages call the file."""
_NO_MEMBER = re.compile(r"/$|^__MACOSX/|(?:^|/)\.[^/]*$")
"""Folders, and hidden files that systems put into archives."""
_NOTE = re.compile(r"\.(?:txt|md|pdf|html?)$", re.IGNORECASE)
_SHOWN = 200
_LARGEST, _SMALL, _TIMES = 2**31, 2**26, 200
"""Bytes up to which a file is unpacked, up to which it always is, and how many times larger than packed it may be."""


def unpacked(path: Path) -> tuple[str, bytes, str]:
    """Return name and content of the one file that is packed in another, and what else lies there unread.

    A text beside a file of another kind is taken for a note of it, as HistData packs one.

    Raises
    ------
    InvalidBars
        If there is not exactly one in it, or it is so much larger unpacked that it is no table.
    """
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            return path.stem, _limited(file, path), ""
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if not _NO_MEMBER.search(name)]
        tables = [name for name in members if not _NOTE.search(name)] or members
        if len(tables) != 1:
            found = in_one_line(", ".join(tables[:9])) or "nothing"
            more = f" and {len(tables) - 9} more" if len(tables) > 9 else ""
            raise InvalidBars(f"{path.name}: must hold exactly one file; found {found}{more}; unpack the right one")
        notes = in_one_line(", ".join(sorted({*members} - {*tables})), _SHOWN)
        with archive.open(tables[0]) as file:
            return tables[0], _limited(file, path), notes


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
