"""Files of others, whatever their readers stumble over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ktrdr.domain.errors import InvalidBars, KtrdrError, Unavailable, ran_out_of

_LONGEST = 200


@contextmanager
def reading(path: Path, kind: str, where: str | None = None) -> Iterator[None]:
    """Turn all that reading a file can raise into an error that names it.

    Parameters
    ----------
    path : Path
    kind : str
        What the file should be (``parquet file``).
    where : str, optional
        What the message calls the file; by default its name.

    Raises
    ------
    InvalidBars
        If its content is to blame, by any kind of error that a reader raises.
    Unavailable
        If it cannot be opened, or the machine has run out of memory, threads or open files.
    """
    where = where or path.name
    try:
        yield
    except KtrdrError:
        raise
    except Exception as error:
        lacking = ran_out_of(error)
        if lacking is not None:
            raise Unavailable(f"{where}: cannot be read (the machine has run out of {lacking})") from error
        if isinstance(error, OSError) and error.errno is not None:
            raise Unavailable(f"{where}: cannot be read ({error.strerror or error})") from error
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InvalidBars(f"{where}: not a whole {kind} ({reason[:_LONGEST]})") from error
