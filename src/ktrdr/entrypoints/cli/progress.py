"""The progress of a training, for people at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ktrdr.application.ports.journal import Journal, Outcome, Run
from ktrdr.domain.training.watch import Watch

if TYPE_CHECKING:
    from ktrdr.application.training.outcomes import JobOutcome
    from ktrdr.domain.training.history import Epoch
    from ktrdr.domain.training.work import Work


class Progress(Journal):
    """Bars on stderr with losses, rate and time left; nothing at all where stderr is not a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None

    def __enter__(self) -> Progress:
        """Start the bar, where there is somebody to see it."""
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as RichProgress

            self._bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[figures]}"),
                TimeRemainingColumn(),
                console=Console(stderr=True),
                transient=True,
            )
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()

    def begin(self, work: Work) -> Run:
        """Start the bar of a fit again."""
        if self._bar is not None and self._task is not None:
            self._bar.remove_task(self._task)
        self._task = None
        return _Shown(self, work)

    def show(self, work: Work, epoch: Epoch, planned: int) -> None:
        """Move the bar of a fit by one epoch."""
        if self._bar is None:
            return
        if self._task is None:
            self._task = self._bar.add_task(_name(work), total=planned, figures="")
        elapsed = next(task.elapsed for task in self._bar.tasks if task.id == self._task) or 0.0
        rate = epoch.number / elapsed if elapsed > 0.5 else None
        losses = {"train": epoch.train_loss, "validation": epoch.val_loss}
        figures = "  ".join(f"{name} {loss:.4f}" for name, loss in losses.items() if loss is not None)
        figures += f"  {rate:.1f} epochs/s" if rate else ""
        self._bar.update(self._task, completed=epoch.number, figures=figures)

    def counted(self, outcomes: Iterable[JobOutcome], total: int) -> Iterator[JobOutcome]:
        """Yield the outcomes of several jobs, and count them."""
        jobs = self._bar.add_task("models", total=total, figures="") if self._bar is not None and total > 1 else None
        for outcome in outcomes:
            if jobs is not None:
                self._bar.update(jobs, advance=1, figures=f"newest: {outcome.name}")
            yield outcome


class _Shown(Run, Watch):
    """One fit on the bar."""

    keeps = False

    def __init__(self, progress: Progress, work: Work) -> None:
        self._progress = progress
        self._work = work

    def watch(self) -> Watch:
        return self

    def epoch(self, epoch: Epoch, planned: int) -> None:
        self._progress.show(self._work, epoch, planned)

    def keep(self, state: bytes) -> None:
        """Keep nothing."""

    def kept(self) -> bytes | None:
        return None

    def judged(self, figures: Mapping[str, Any]) -> None:
        """Show nothing of that."""

    def end(self, outcome: Outcome, facts: Mapping[str, Any] | None = None) -> None:
        """Show nothing of that."""


def _name(work: Work) -> str:
    of = {"seed": f"seed {work.seed}", "rival": f"{work.symbols[0]} alone", "fold": f"fold {work.fold}"}
    return f"training ({of[work.role]})" if work.role in of else "training"
