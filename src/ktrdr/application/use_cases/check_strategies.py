"""Check: all that is wrong or odd in one strategy file, or in every one of a folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.problems import Problem, with_lines
from ktrdr.domain.strategy.reading.parse import problems


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """One file, and its problems in the order of its sections, errors first."""

    path: Path
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """The problems that refuse the file."""
        return tuple(item for item in self.problems if item.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """The problems that do not."""
        return tuple(item for item in self.problems if item.severity == "warning")

    def is_valid(self, strict: bool) -> bool:
        """Return whether the file can be used; with `strict` a warning refuses it too."""
        return not (self.problems if strict else self.errors)

    def as_dict(self, strict: bool = False) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "path": str(self.path),
            "valid": self.is_valid(strict),
            "errors": [problem.as_dict() for problem in self.errors],
            "warnings": [problem.as_dict() for problem in self.warnings],
        }


class CheckedFiles(tuple[CheckedFile, ...]):
    """The file that was named, or those of the folder that was."""

    __slots__ = ()

    def are_valid(self, strict: bool) -> bool:
        """Return whether all of them can be used; with `strict` a warning refuses one too."""
        return all(file.is_valid(strict) for file in self)

    def as_dict(self, strict: bool = False, *, several: bool = False) -> dict[str, Any]:
        """Return plain values for ``--json``; of several files a list, whatever their number."""
        reports = [file.as_dict(strict) for file in self]
        return {"valid": self.are_valid(strict), "files": reports} if several else reports[0]


class CheckStrategies:
    """Checks strategy files without training anything.

    Parameters
    ----------
    strategy_files : callable
        Returns the strategy files of a folder, sorted; the path itself if it is no folder.
    read_document : callable
        Returns what the file at a path holds, as plain values.
    find_lines : callable
        Returns the line of each dotted path of a file.
    """

    def __init__(
        self,
        strategy_files: Callable[[Path], Sequence[Path]],
        read_document: Callable[[Path], Any],
        find_lines: Callable[[Path], Mapping[str, int]],
    ) -> None:
        self._strategy_files = strategy_files
        self._read_document = read_document
        self._find_lines = find_lines

    def execute(self, path: str | Path) -> CheckedFiles:
        """Return every file with its problems; one of a folder that cannot be read has that as its problem.

        Raises
        ------
        NotFound, InvalidInput, Unavailable
            If the path names nothing, or names a file that cannot be read.
        """
        files = self._strategy_files(Path(path))
        if list(files) == [Path(path)]:
            return CheckedFiles([self._check(Path(path))])
        return CheckedFiles(map(self._check_or_refuse, files))

    def _check(self, path: Path) -> CheckedFile:
        found = problems(self._read_document(path))
        return CheckedFile(path, with_lines(found, self._find_lines(path)) if found else ())

    def _check_or_refuse(self, path: Path) -> CheckedFile:
        try:
            return self._check(path)
        except (InvalidInput, Unavailable) as error:
            return CheckedFile(path, (Problem("", str(error).removeprefix(f"{path}").lstrip(":, ")),))
