"""A journal in memory, for embedding programs and tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ktrdr.application.ports.journal import Journal, Outcome, Run
from ktrdr.domain.training.watch import UNWATCHED, Watch
from ktrdr.domain.training.work import Work


@dataclass(slots=True)
class MemoryRun(Run):
    """One fit as it was told: who, what was found on test rows (None: nobody looked), and each end with its facts."""

    work: Work
    watched_by: Watch = UNWATCHED
    figures: Mapping[str, Any] | None = None
    ends: list[tuple[Outcome, Mapping[str, Any]]] = field(default_factory=list)

    def watch(self) -> Watch:
        """Return who looks on."""
        return self.watched_by

    def judged(self, figures: Mapping[str, Any]) -> None:
        """Keep the figures."""
        self.figures = dict(figures)

    def end(self, outcome: Outcome, facts: Mapping[str, Any] | None = None) -> None:
        """Keep the outcome."""
        self.ends.append((outcome, dict(facts or {})))


class MemoryJournal(Journal):
    """Keeps every run in `runs`, in the order in which they began; gone with the process."""

    def __init__(self, watch: Watch = UNWATCHED) -> None:
        self.runs: list[MemoryRun] = []
        self._watch = watch

    def begin(self, work: Work) -> Run:
        """Return the run of a fit that is about to begin."""
        run = MemoryRun(work, self._watch)
        self.runs.append(run)
        return run
