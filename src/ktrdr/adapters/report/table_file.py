"""Tables as Parquet or CSV files."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from ktrdr.adapters.documents.plain_file import require_possible
from ktrdr.adapters.files.replacing import replacing
from ktrdr.domain.errors import Conflict, InvalidInput, Unavailable

_KIND = 2
"""So many leading columns tell what kind of table it is."""


class TableWriter:
    """Writes a frame in the format that the file's name says, beside first and then moved into place.

    A table of the same kind, an older export say, is written over; bars, or any other file, never.
    """

    def check(self, path: Path) -> None:
        """Refuse a file that could not be written, before anything is computed for it.

        Raises
        ------
        InvalidInput
            If the name ends neither in .parquet nor in .csv, or cannot be a path.
        Unavailable
            If a folder has that name, or its own is missing or cannot be written.
        """
        require_possible(path)
        if path.suffix not in {".parquet", ".csv"}:
            raise InvalidInput(f"{path}: must end in .parquet or .csv")
        if path.is_dir():
            raise Unavailable(f"{path}: is a folder, where a file shall be written")
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise Unavailable(f"{path}: {path.parent} is no folder that can be written")

    def __call__(self, frame: pd.DataFrame, path: Path) -> None:
        """Write the frame.

        Raises
        ------
        InvalidInput, Unavailable
            See `check`; nothing is left behind.
        Conflict
            If there is a file that is no table of this kind.
        """
        self.check(path)
        if os.path.lexists(path) and _kind_of(path) != tuple(map(str, frame.columns[:_KIND])):
            raise Conflict(f"{path}: is there already and is no table of this kind; it is not written over")
        try:
            with replacing(path) as file:
                if path.suffix == ".parquet":
                    frame.to_parquet(file, index=False)
                else:
                    frame.to_csv(file, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
        except OSError as error:
            raise Unavailable(f"{path}: cannot be written ({error.strerror})") from error


def _kind_of(path: Path) -> tuple[str, ...]:
    """Return the leading columns of a table; none where it cannot be read as one."""
    import pyarrow.parquet

    if not path.is_file():
        return ()
    try:
        if path.suffix == ".parquet":
            return tuple(pyarrow.parquet.read_schema(path).names[:_KIND])
        return tuple(map(str, pd.read_csv(path, nrows=0).columns[:_KIND]))
    except (OSError, ValueError):
        return ()
