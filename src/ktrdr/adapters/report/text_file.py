"""Pages and documents as files."""

from __future__ import annotations

import os
from pathlib import Path

from ktrdr.adapters.documents.plain_file import require_possible
from ktrdr.adapters.files.replacing import replace_file, require_room
from ktrdr.domain.errors import Conflict, InvalidInput, Unavailable, unusable


class FileWriter:
    """Writes a file whole or not at all, beside first and then moved into place."""

    def check(self, path: Path, *endings: str, new: bool = False) -> None:
        """Refuse a file that could not be written, before anything is computed for it.

        Parameters
        ----------
        path : Path
        *endings : str
            What the name may end in.
        new : bool
            Whether a file that is there already is refused.

        Raises
        ------
        InvalidInput
            If the name ends in nothing of that, or cannot be a path.
        Conflict
            If `new` and something of that name is there.
        Unavailable
            If the folder is missing or cannot be written.
        """
        require_possible(path)
        if path.suffix.casefold() not in endings:
            raise InvalidInput(f"{path}: must end in {' or '.join(endings)}")
        if new and os.path.lexists(path):
            raise Conflict(f"{path}: is there already, and is not written over")
        if path.is_dir() or not path.parent.is_dir():
            raise Unavailable(f"{path}: {path if path.is_dir() else path.parent} is no place for a file")
        try:
            require_room(path.parent)
        except OSError as error:
            raise Unavailable(f"{path}: cannot be written ({error.strerror})") from error

    def __call__(self, path: Path, content: bytes, *, new: bool = False) -> None:
        """Write the file.

        Raises
        ------
        Conflict
            If `new` and somebody was first.
        Unavailable
            If it cannot be written; nothing is left behind.
        """
        try:
            replace_file(path, content, new=new)
        except FileExistsError as error:
            raise Conflict(f"{path}: is there already, and is not written over") from error
        except OSError as error:
            raise unusable(path, error, "write") from error
