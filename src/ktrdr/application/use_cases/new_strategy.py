"""New: the first file of an author, valid from the start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktrdr.domain.problems import Problem
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.strategy.writing.template import Template, new_document


@dataclass(frozen=True, slots=True)
class NewFile:
    """The text of a new strategy, what is odd about what was wished, and where it was written, if anywhere."""

    text: str
    warnings: tuple[Problem, ...]
    path: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {"path": None if self.path is None else str(self.path), "document": self.text}


class NewStrategy:
    """Makes strategy files from a few wishes.

    Parameters
    ----------
    render_document : callable
        Returns a document as YAML.
    write_file : callable
        Writes bytes to a path, told by `new` that nothing may be there yet.
    """

    def __init__(self, render_document: Callable[[Any], str], write_file: Callable[..., None]) -> None:
        self._render_document = render_document
        self._write_file = write_file

    def execute(self, wishes: Template, path: Path | None = None) -> NewFile:
        """Return the strategy that fits the wishes; with a path, write it there too.

        Raises
        ------
        InvalidStrategy
            If a wish names what there is not; nothing is written.
        Conflict
            If something is at the path already.
        Unavailable
            If the path cannot be written.
        """
        document = new_document(wishes)
        strategy = parse(document, where="new strategy")
        text = self._render_document(document)
        if path is not None:
            self._write_file(path, text.encode(), new=True)
        return NewFile(text, strategy.warnings, path)
