"""Files of others, whatever their readers stumble over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ktrdr.adapters.documents.plain_file import require_plain
from ktrdr.domain.errors import DataNotFound, InvalidBars, KtrdrError, Unavailable, in_one_line, ran_out_of


@contextmanager
def reading(path: Path, kind: str, where: str | None = None) -> Iterator[None]:
    """Turn all that reading a file can raise into an error that names it; what is no plain file is not read at all.

    Parameters
    ----------
    path : Path
    kind : str
        What the file should be (``parquet file``).
    where : str, optional
        What the message calls the file; by default its name.

    Raises
    ------
    InvalidInput
        If it is no plain file: a pipe, a device, a folder, a link that leads to none.
    InvalidBars
        If its content is to blame, by any kind of error that a reader raises.
    Unavailable
        If it cannot be opened, or the machine has run out of memory, threads or open files.
    """
    where = where or path.name
    try:
        require_plain(path, where)
        yield
    except KtrdrError:
        raise
    except Exception as error:
        lacking = ran_out_of(error)
        if lacking is not None:
            raise Unavailable(f"{where}: cannot be read (the machine has run out of {lacking})") from error
        if isinstance(error, OSError) and error.errno is not None:
            raise Unavailable(f"{where}: cannot be read ({error.strerror or error})") from error
        raise InvalidBars(f"{where}: not a whole {kind} ({reason_of(error)})") from error


@contextmanager
def reading_folder(folder: Path) -> Iterator[None]:
    """Turn what the system refuses of a folder into an error that names it.

    Raises
    ------
    DataNotFound
        If there is no such folder.
    Unavailable
        If it cannot be read.
    """
    try:
        yield
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataNotFound(f"{folder}: no such folder") from error
    except OSError as error:
        raise Unavailable(f"{folder}: cannot be read ({error.strerror})") from error


def reason_of(error: Exception) -> str:
    """Return what a library says of a file, which may hold some of the file itself: the first line, to be shown."""
    return in_one_line((str(error).strip().splitlines() or [type(error).__name__])[0])
