"""Every fit leaves one line, published or not: later statistics must know how often we tried."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO

from ktrdr.adapters.documents.limits import TRIAL
from ktrdr.adapters.documents.plain_file import open_plain
from ktrdr.adapters.files.queue import queued
from ktrdr.application.ports.journal import Journal, Outcome, Run
from ktrdr.domain.artifacts.plain_json import canonical_json, read_json
from ktrdr.domain.errors import CorruptArtifact, Unavailable
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.domain.training.work import Work

_WHO = ("strategy", "mode", "role", "seed", "fold", "trial")
LOCK_SECONDS = 60


class TrialLog:
    """``{folder}/trials.jsonl``: one JSON object a line, only ever appended to.

    Parameters
    ----------
    folder : Path
        Where models are published; created by the first line.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "trials.jsonl"

    def append(self, trial: Mapping[str, Any]) -> None:
        """Add a line and bring it to disk; a line that a crash left torn is closed first.

        Raises
        ------
        Unavailable
            If the file cannot be written, or another process holds its lock for longer than `LOCK_SECONDS`.
        """
        line = canonical_json(trial) + b"\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with queued(self.path.with_name(".trials.lock"), LOCK_SECONDS):
                self._write(line)
        except OSError as error:
            raise Unavailable(f"cannot add a line to {self.path}: {error.strerror or error}") from error

    def read(self) -> tuple[dict[str, Any], ...]:
        """Return all trials, oldest first; lines that are torn or too long are left out, no file means no trials.

        Raises
        ------
        InvalidInput
            If it is a link, a pipe or anything else but a plain file.
        Unavailable
            If the file cannot be read.
        """
        try:
            with open_plain(self.path, links=False) as file:
                return tuple(_trials(file))
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise Unavailable(f"cannot read {self.path}: {error.strerror or error}") from error

    def _write(self, line: bytes) -> None:
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_NOFOLLOW", 0)
        with open(os.open(self.path, flags, 0o666), "r+b", buffering=0) as file:  # noqa: PTH123 - from a descriptor
            end = file.seek(0, os.SEEK_END)
            file.seek(max(end - 1, 0))
            if file.read(1) not in (b"\n", b""):
                line = b"\n" + line
            if file.write(line) != len(line):
                file.truncate(end)
                raise OSError(errno.ENOSPC, "there is no room for the whole line")
            os.fsync(file.fileno())


def _trials(file: BinaryIO) -> Iterator[dict[str, Any]]:
    whole = True
    while line := file.readline(TRIAL.size):
        ends = line.endswith(b"\n")
        if whole and (ends or len(line) < TRIAL.size):
            with suppress(CorruptArtifact):
                trial = read_json(line, "trial")
                if isinstance(trial, dict):
                    yield trial
        whole = ends


class TrialJournal(Journal):
    """Writes one line a fit into a `TrialLog`, when it ends."""

    def __init__(self, log: TrialLog) -> None:
        self._log = log

    def begin(self, work: Work) -> Run:
        """Return the run of a fit that is about to begin."""
        return _TrialRun(self._log, work)


class _TrialRun(Run):
    def __init__(self, log: TrialLog, work: Work) -> None:
        self._log = log
        self._line: dict[str, Any] = {
            "fit": secrets.token_hex(8),
            "began": _now(),
            **{name: getattr(work, name) for name in _WHO},
            "symbols": list(work.symbols),
            **work.facts,
            "looked_at_test": False,
        }

    def watch(self) -> Watch:
        """Return nobody: a line is written at the end."""
        return UNWATCHED

    def judged(self, figures: Mapping[str, Any]) -> None:
        """Keep the figures for the line."""
        self._line |= {"looked_at_test": True, "metrics": _numbers(figures)}

    def end(self, outcome: Outcome, facts: Mapping[str, Any] | None = None) -> None:
        """Write the line."""
        self._log.append({"time": _now(), "outcome": outcome, **self._line, **(facts or {})})


def _numbers(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in figures.items() if isinstance(value, int | float)}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
