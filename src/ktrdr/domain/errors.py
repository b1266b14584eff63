"""Every error that ktrdr raises on purpose.

The five families say what the caller can do next::

    KtrdrError
    ├── InvalidInput (ValueError)   mend what you gave
    │   ├── InvalidStrategy         ... the strategy document, all problems at once (in `problems`)
    │   ├── InvalidBars             ... the market data
    │   ├── RefusedFiles            ... several files, each with its reason (in `reasons`)
    │   └── CorruptArtifact         ... a model whose files are not what was published
    ├── NotFound (LookupError)      name something that exists
    │   ├── DataNotFound
    │   └── ModelNotFound
    ├── Conflict                    someone else was first, or it is in use
    ├── Unavailable                 try again, free something, or install an extra
    │   └── NotPublished            ... a model whose files are kept elsewhere
    └── TrainingFailed              change the settings or the data
        ├── TrainingInterrupted     the user stopped it
        └── Pruned                  a watch gave it up: others promise more

A message says what, where, what was found, what is allowed, and the nearest known name.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from itertools import islice
from typing import Any

_SHORTAGES = {
    "memory": ((errno.ENOMEM,), ("cannot allocate memory", "failed to map segment", "out of memory", "bad_alloc")),
    "open files": ((errno.EMFILE, errno.ENFILE), ("too many open files",)),
    "threads or processes": ((errno.EAGAIN,), ("start new thread", "launch worker thread", "temporarily unavailable")),
}
"""What a machine runs out of: the numbers and the words of errors that say so."""
_COMPARED, _LONG = 1000, 100
_NO_PATH = {
    errno.ENAMETOOLONG: "is too long for a path",
    errno.ELOOP: "its links lead in a circle",
}


class KtrdrError(Exception):
    """The root: catch this to catch everything ktrdr raises on purpose."""

    family = "error"

    def details(self) -> Mapping[str, Any]:
        """Return further facts for machine readers (``--json``), beside family and message."""
        return {}


class InvalidInput(KtrdrError, ValueError):
    """Something given is wrong; mend it and try again."""

    family = "invalid_input"


class InvalidBars(InvalidInput):
    """Market data that breaks a rule of the gate."""


class RefusedFiles(InvalidInput):
    """Several files that are refused, with a line for each."""

    def __init__(self, errors: Sequence[InvalidInput]) -> None:
        self.reasons = tuple(" ".join(str(error).split()) for error in errors)
        super().__init__("\n".join(self.reasons))

    def details(self) -> Mapping[str, Any]:
        """Return the reasons, one a file."""
        return {"reasons": list(self.reasons)}


class CorruptArtifact(InvalidInput):
    """A stored model whose files are not what was published."""


class NotFound(KtrdrError, LookupError):
    """Something named does not exist; the message lists what does."""

    family = "not_found"


class DataNotFound(NotFound):
    """No bars for that symbol, timeframe or span."""


class ModelNotFound(NotFound):
    """No such model version."""


class Conflict(KtrdrError):
    """Somebody else was first, or the thing is in use."""

    family = "conflict"


class Unavailable(KtrdrError):
    """A resource cannot be used now: a folder without permission, a missing extra, a full disk."""

    family = "unavailable"


class NotPublished(Unavailable):
    """A fitted model could not be published.

    `kept` is the folder that has its files, None where nothing could be kept; `seal` the SHA-256 of the manifest there.
    """

    def __init__(self, message: str, kept: str | None = None, seal: str = "") -> None:
        super().__init__(message)
        self.kept = kept
        self.seal = seal

    def details(self) -> Mapping[str, Any]:
        """Return where the files are kept."""
        return {"kept": self.kept}


class TrainingFailed(KtrdrError):
    """Training ran and did not end in a model; the message says when and what to try."""

    family = "training_failed"


class TrainingInterrupted(TrainingFailed):
    """The user stopped the training; nothing was published."""


class Pruned(TrainingFailed):
    """Whoever watches the training gave it up, since others promise more; nothing was published."""


def ran_out_of(error: BaseException) -> str | None:
    """Return what the machine has run out of, as an error says: memory, threads or open files; None if nothing of it.

    Libraries say it each in their own way, and some only in words; a `ValueError` speaks of a value, whatever it says.
    """
    number = error.errno if isinstance(error, OSError) else None
    if isinstance(error, MemoryError):
        return "memory"
    text = "" if isinstance(error, ValueError) else str(error).casefold()
    for lacking, (numbers, signs) in _SHORTAGES.items():
        if number in numbers or any(sign in text for sign in signs):
            return lacking
    return None


def unusable(path: object, error: OSError | ValueError, doing: str = "read") -> KtrdrError:
    """Return the error for a path that the system refuses.

    What cannot be a path is invalid input: too long, links in a circle, a NUL character. What is not there is not
    found, where it was to be read. Everything else (no permission, a full disk, a file in place of a folder to write
    to) is unavailable.
    """
    where = shown_path(path)
    if not isinstance(error, OSError):
        return InvalidInput(f"{where}: holds a character that no path can have")
    if error.errno in _NO_PATH:
        return InvalidInput(f"{where}: {_NO_PATH[error.errno]}")
    if doing == "read" and isinstance(error, IsADirectoryError):
        return InvalidInput(f"{where}: is a folder, not a file")
    if doing == "read" and isinstance(error, FileNotFoundError):
        return NotFound(f"{where}: no such file")
    if doing == "read" and isinstance(error, NotADirectoryError):
        return NotFound(f"{where}: no such file; what should be a folder on the way there is none")
    return Unavailable(f"{where}: cannot be {'written' if doing == 'write' else doing} ({error.strerror or error})")


def shown_path(path: object) -> str:
    """Return a path as a message shows it: one that nobody would read to its end is cut."""
    text = str(path)
    return text if len(text) <= 300 else f"{text[:60]}... ({len(text):,} characters)"


def in_one_line(text: object, longest: int = 200) -> str:
    """Return what others have written as a message shows it: cut, in one line, without what a terminal would obey."""
    whole = str(text)
    words = " ".join(whole[: 2 * longest].split())
    line = "".join(letter if letter.isprintable() else "?" for letter in words)
    return line if len(line) <= longest and len(whole) <= 2 * longest else f"{line[:longest]}..."


def nearest(name: object, known: Iterable[str]) -> str | None:
    """Return the known name nearest to `name`, or None where none is near (case does not count).

    A name that begins with another letter must be nearer than one that begins with the same. Only the first
    `_COMPARED` known names are asked, and of long names their beginning: comparing takes time.
    """
    folded = {candidate[:_LONG].casefold(): candidate for candidate in islice(known, _COMPARED)}
    wanted = (name if isinstance(name, str) else shown(name))[:_LONG].casefold()
    alike = [candidate for candidate in folded if candidate[:1] == wanted[:1]]
    matches = get_close_matches(wanted, folded, 1, 0.7) or get_close_matches(wanted, alike, 1, 0.6)
    return folded[matches[0]] if matches else None


def to_install(extra: str | None) -> str:
    """Return what to do about a missing package that an extra brings, or (None) that ktrdr cannot do without."""
    what, clone = ("ktrdr anew", ".") if extra is None else (f"the extra {extra!r}", f"'.[{extra}]'")
    return f"install {what} (from a clone: pip install -e {clone})"


def did_you_mean(name: object, known: Iterable[str]) -> str:
    """Return ``"; did you mean 'x'?"`` or an empty string, to end a message with."""
    match = nearest(name, known)
    return f"; did you mean {match!r}?" if match else ""


def shown(value: Any) -> str:
    """Return a value as a message shows it: short, with its kind where that is what is wrong."""
    try:
        text = str(value) if isinstance(value, date) else repr(value)
    except ValueError:  # an integer of more digits than Python writes
        kind = type(value).__name__
        text = f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} that is too long to be shown"
    return text if len(text) <= 60 else text[:57] + "..."


def unquoted(value: Any) -> str:
    """Return how to write as a text what YAML has read as something else, or an empty string, to end a message with."""
    if isinstance(value, bool):
        return "; YAML reads yes, no, on and off as true and false: write it in quotes"
    return "; write it in quotes" if isinstance(value, int | float | date) else ""
