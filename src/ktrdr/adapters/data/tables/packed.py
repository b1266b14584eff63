"""Packed files: ``.gz``, and ``.zip``."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ktrdr.domain.errors import InvalidBars, in_one_line

FEW = 9
"""Files in an archive up to which the table among them is looked for."""
PACKED = {".gz": "gzip file", ".zip": "zip file"}
"""Suffix to what messages call the file."""
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
        members = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
        if not 0 < len(members) <= FEW:
            raise not_one_table(path.name, members)
        contents = {}
        for name in members:
            with archive.open(name) as file:
                contents[name] = _limited(file, path)
        return contents


def not_one_table(source: str, members: Sequence[str]) -> InvalidBars:
    """Return the error of an archive of which nobody can tell which member is meant."""
    found = in_one_line(", ".join(members[:FEW])) or "nothing"
    more = f" and {len(members) - FEW} more" if len(members) > FEW else ""
    return InvalidBars(f"{source}: must hold exactly one table; found {found}{more}; unpack the right one")


def _limited(file: IO[bytes] | gzip.GzipFile, path: Path) -> bytes:
    limit = min(_LARGEST, max(_SMALL, _TIMES * path.stat().st_size))
    content = file.read(limit + 1)
    if len(content) > limit:
        raise InvalidBars(f"{path.name}: unpacks to more than {limit / 2**20:.0f} MiB, which is no file of bars")
    return content
