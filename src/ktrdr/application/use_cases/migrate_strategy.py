"""Migrate: a strategy of version 2 in the grammar of version 3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktrdr.domain.problems import Problem
from ktrdr.domain.strategy.reading.parse import problems
from ktrdr.domain.strategy.writing.migrate import migrate


@dataclass(frozen=True, slots=True)
class MigratedFile:
    """A strategy in version 3.

    Attributes
    ----------
    path : Path
        Of the file that was read.
    text : str
    problems : tuple of Problem
        What is still wrong with it.
    backup : Path or None
        Where the old file is, if the new one was written over it.
    """

    path: Path
    text: str
    problems: tuple[Problem, ...]
    backup: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        backup = None if self.backup is None else str(self.backup)
        return {"path": str(self.path), "backup": backup, "document": self.text}


class MigrateStrategy:
    """Rewrites a file.

    Parameters
    ----------
    read_document : callable
        Returns what the file at a path holds, as plain values.
    render_document : callable
        Returns a document as YAML.
    replace_document : callable
        Writes a document over a file, and returns where the old one is kept.
    """

    def __init__(
        self,
        read_document: Callable[[Path], Any],
        render_document: Callable[[Any], str],
        replace_document: Callable[[Path, Any], Path],
    ) -> None:
        self._read_document = read_document
        self._render_document = render_document
        self._replace_document = replace_document

    def execute(self, path: Path, *, write: bool = False) -> MigratedFile:
        """Return the strategy in version 3; with `write`, put it in the place of the file.

        Raises
        ------
        NotFound, InvalidInput
            If there is no such file, or it holds no strategy of version 2.
        Conflict, Unavailable
            If it cannot be written; the file stays as it was.
        """
        document = migrate(self._read_document(path), str(path))
        text, found = self._render_document(document), tuple(problems(document))
        return MigratedFile(path, text, found, self._replace_document(path, document) if write else None)
