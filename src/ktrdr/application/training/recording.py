"""Every fit that begins ends with a line in the journal, however it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Any

from ktrdr.application.ports.journal import Journal, Outcome, Run
from ktrdr.domain.errors import InvalidInput, TrainingFailed, TrainingInterrupted, Unavailable
from ktrdr.domain.training.watch import Watch
from ktrdr.domain.training.work import Work


class RecordedRun(Run):
    """A run that knows how far it has come, and is written down once.

    Used as a block, it is written down at the end of it at the latest; so it is by the `Runs` that began it.
    """

    def __init__(self, inner: Run, work: Work) -> None:
        self.work = work
        self._inner = inner
        self._reached: Outcome | None = None
        self._ended = False

    def __enter__(self) -> RecordedRun:
        """Return the run."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write it down as it stands, if nobody has."""
        self.close(error)

    def watch(self) -> Watch:
        """Return who looks on at the fit."""
        return self._inner.watch()

    def fitted(self) -> None:
        """Hear that there is a model."""
        self._reached = "fitted"

    def judged(self, figures: Mapping[str, Any]) -> None:
        """Hear that test rows were looked at; of a model that is not to be published that is the end."""
        self._reached = "judged"
        self._inner.judged(figures)
        if self.work.role != "model":
            self.end("judged")

    def end(self, outcome: Outcome, facts: Mapping[str, Any] | None = None) -> None:
        """Write the fit down."""
        self._ended = True
        self._inner.end(outcome, facts)

    def close(self, error: BaseException | None) -> None:
        """Write it down if nobody has: as broken off by an error in its own fit, or before it could be published.

        Raises
        ------
        Unavailable
            If it cannot be written down: what came of it must not be used. An error of the fit says so besides.
        """
        if self._ended or (isinstance(error, InvalidInput) and not self._reached):
            return  # or it was refused before it began
        if error is None or (self._reached and self.work.role != "model"):
            self.end(self._reached or "failed")
            return
        try:
            self.end(_broken_off(error), {"error": _why(error)})
        except Unavailable as unwritten:
            if isinstance(error, TrainingFailed):
                raise type(error)(f"{error} (its trial was not recorded: {unwritten})") from error
            raise


class Runs:
    """The runs of one job, as a block: those that nobody has written down by its end are written down there."""

    def __init__(self, journal: Journal, work: Work) -> None:
        self._journal = journal
        self._work = work
        self._begun: list[RecordedRun] = []

    def __enter__(self) -> Runs:
        """Return the runs."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them, the first begun first; a job that is stopped before its first fit is written down as well."""
        if not self._begun and error is not None and _broken_off(error) == "interrupted":
            self.begin()
        for run in self._begun:
            run.close(error)

    def about(self, symbols: tuple[str, ...], facts: Mapping[str, Any]) -> None:
        """Say what fits that begin from now on are fitted to, and how."""
        self._work = replace(self._work, symbols=symbols, facts=facts)

    def begin(self, facts: Mapping[str, Any] | None = None, **who: Any) -> RecordedRun:
        """Return the run of a fit of this job.

        Parameters
        ----------
        facts : mapping, optional
            What is otherwise than `about` said.
        **who
            Which fit, in the fields of `Work`.
        """
        work = replace(self._work, facts={**self._work.facts, **(facts or {})}, **who)
        run = RecordedRun(self._journal.begin(work), work)
        self._begun.append(run)
        return run


def _why(error: BaseException) -> str:
    if isinstance(error, KeyboardInterrupt):
        return "stopped by the user"
    return "the program was ended" if isinstance(error, SystemExit) else str(error) or type(error).__name__


def _broken_off(error: BaseException) -> Outcome:
    stopped = isinstance(error, KeyboardInterrupt | SystemExit | TrainingInterrupted)
    return "interrupted" if stopped else "failed"
