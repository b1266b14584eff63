"""Several journals as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ktrdr.application.ports.journal import Journal, Outcome, Run
from ktrdr.domain.training.watch import Watch, both
from ktrdr.domain.training.work import Work


class Journals(Journal):
    """Tells every journal of every fit, in their order; one that raises keeps it from those after it."""

    def __init__(self, journals: Sequence[Journal]) -> None:
        self._journals = tuple(journals)

    def begin(self, work: Work) -> Run:
        """Return the run of a fit that is about to begin."""
        return _Runs([journal.begin(work) for journal in self._journals])


class _Runs(Run):
    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs

    def watch(self) -> Watch:
        """Return all who look on."""
        return both(*(run.watch() for run in self._runs))

    def judged(self, figures: Mapping[str, Any]) -> None:
        """Tell all."""
        for run in self._runs:
            run.judged(figures)

    def end(self, outcome: Outcome, facts: Mapping[str, Any] | None = None) -> None:
        """Tell all."""
        for run in self._runs:
            run.end(outcome, facts)
