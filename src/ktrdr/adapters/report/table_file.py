"""Tables as Parquet or CSV files."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from ktrdr.domain.errors import Conflict, InvalidInput, Unavailable


class TableWriter:
    """Writes a frame in the format that the file's name says, beside first and then moved into place."""

    def check(self, path: Path, *, replace: bool = False) -> None:
        """Refuse a file that could not be written, before anything is computed for it.

        Raises
        ------
        InvalidInput
            If the name ends neither in .parquet nor in .csv.
        Conflict
            If a file is there already, unless `replace`.
        Unavailable
            If a folder has that name, or its own is missing or cannot be written.
        """
        if path.suffix not in {".parquet", ".csv"}:
            raise InvalidInput(f"{path}: must end in .parquet or .csv")
        if path.is_dir():
            raise Unavailable(f"{path}: is a folder, where a file shall be written")
        if not path.parent.is_dir() or not os.access(path.parent, os.W_OK):
            raise Unavailable(f"{path}: {path.parent} is no folder that can be written")
        if os.path.lexists(path) and not replace:
            raise Conflict(f"{path}: is there already, and is not written over without --replace")

    def __call__(self, frame: pd.DataFrame, path: Path, *, replace: bool = False) -> None:
        """Write the frame.

        Raises
        ------
        InvalidInput, Conflict, Unavailable
            See `check`; nothing is left behind.
        """
        self.check(path, replace=replace)
        beside = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            if path.suffix == ".parquet":
                frame.to_parquet(beside, index=False)
            else:
                frame.to_csv(beside, index=False, date_format="%Y-%m-%dT%H:%M:%SZ")
            beside.replace(path)
        except OSError as error:
            raise Unavailable(f"{path}: cannot be written ({error.strerror})") from error
        finally:
            beside.unlink(missing_ok=True)
