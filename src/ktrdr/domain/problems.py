"""What is wrong, or odd, in a strategy document."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from ktrdr.domain.errors import InvalidInput

OPTION = "--"
EMPTY = '""'
"""How a path shows a key without a name."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding.

    Attributes
    ----------
    path : str
        Place in the document (``indicators.rsi_14.period``), or option of the command line (``--epochs``); empty for
        the document itself.
    message : str
        What was found and what is allowed, with the nearest known name.
    severity : str
        ``error`` (the document contradicts itself) or ``warning`` (a key without effect).
    line : int or None
        Line of the file, counted from 1, where one was read.
    file : str
        The file, where it is another one than that of the strategy.
    """

    path: str
    message: str
    severity: Literal["error", "warning"] = "error"
    line: int | None = None
    file: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        place = {"file": self.file} if self.file else {}
        return place | {"path": self.path, "line": self.line, "message": self.message, "severity": self.severity}

    def located(self, where: str) -> str:
        """Return ``where:line: path: message``, without the line where none is known; an option stands in no file."""
        if self.path.startswith(OPTION):
            return str(self)
        place = self.file or where
        return f"{place}: {self}" if self.line is None else f"{place}:{self.line}: {self}"

    def __str__(self) -> str:
        """Return ``path: message``."""
        return f"{self.path}: {self.message}" if self.path else self.message


class InvalidStrategy(InvalidInput):
    """A strategy document that contradicts itself, with every problem found in it."""

    def __init__(self, problems: Sequence[Problem], where: str = "strategy") -> None:
        self.problems = tuple(problems)
        self.where = where
        super().__init__("\n".join(problem.located(where) for problem in self.problems))

    def details(self) -> Mapping[str, Any]:
        """Return the problems as plain mappings."""
        return {"problems": [problem.as_dict() for problem in self.problems]}


def with_lines(problems: Iterable[Problem], lines: Mapping[str, int]) -> tuple[Problem, ...]:
    """Return the problems with their lines; what is missing from the file gets the line of what it belongs to."""
    return tuple(replace(problem, line=_line(problem.path, lines)) for problem in problems)


def _line(path: str, lines: Mapping[str, int]) -> int | None:
    if path.startswith(OPTION):
        return None
    while path and path not in lines:
        path = path[: max(path.rfind("."), path.rfind("["), 0)]
    return lines.get(path)
