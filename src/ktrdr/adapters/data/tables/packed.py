"""Packed files: ``.gz``, and ``.zip`` with one file in it."""

from __future__ import annotations

import gzip
import zipfile
from pathlib import Path
from typing import IO

from ktrdr.domain.errors import InvalidBars, in_one_line

PACKED = {".gz": "gzip file", ".zip": "zip file"}
"""Suffix to what messages call the file."""
_LARGEST, _SMALL, _TIMES = 2**31, 2**26, 200
"""Bytes up to which a file is unpacked, up to which it always is, and how many times larger than packed it may be."""


def unpacked(path: Path) -> tuple[str, bytes]:
    """Return name and content of the one file that is packed in another.

    Raises
    ------
    InvalidBars
        If there is not exactly one in it, or it is so much larger unpacked that it is no table.
    """
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as file:
            return path.stem, _limited(file, path)
    with zipfile.ZipFile(path) as archive:
        members = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
        if len(members) != 1:
            found = in_one_line(", ".join(members[:9])) or "nothing"
            more = f" and {len(members) - 9} more" if len(members) > 9 else ""
            raise InvalidBars(f"{path.name}: must hold exactly one file; found {found}{more}; unpack the right one")
        with archive.open(members[0]) as file:
            return members[0], _limited(file, path)


def _limited(file: IO[bytes] | gzip.GzipFile, path: Path) -> bytes:
    limit = min(_LARGEST, max(_SMALL, _TIMES * path.stat().st_size))
    content = file.read(limit + 1)
    if len(content) > limit:
        raise InvalidBars(f"{path.name}: unpacks to more than {limit / 2**20:.0f} MiB, which is no file of bars")
    return content
