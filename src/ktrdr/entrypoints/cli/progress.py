"""The progress of a training, for people at a terminal."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ktrdr.application.training.outcomes import JobOutcome
    from ktrdr.domain.training.history import Epoch


class Progress:
    """Bars on stderr with losses, rate and time left; nothing at all where stderr is not a terminal."""

    def __init__(self) -> None:
        self._bar: Any = None
        self._task: Any = None
        self._jobs: Any = None

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

    def on_epoch(self, epoch: Epoch, total: int) -> None:
        """Move the bar by one epoch; the first epoch of a further seed starts it again."""
        if self._bar is None:
            return
        if self._task is not None and epoch.number == 1:
            self._bar.remove_task(self._task)
        if self._task is None or epoch.number == 1:
            self._task = self._bar.add_task("training", total=total, figures="")
        elapsed = next(task.elapsed for task in self._bar.tasks if task.id == self._task) or 0.0
        rate = epoch.number / elapsed if elapsed > 0.5 else None
        figures = f"train {epoch.train_loss:.4f}  validation {epoch.val_loss:.4f}"
        figures += f"  {rate:.1f} epochs/s" if rate else ""
        self._bar.update(self._task, completed=epoch.number, figures=figures)

    def on_outcome(self, outcome: JobOutcome, total: int) -> None:
        """Count a job of several that has ended."""
        if total < 2 or self._bar is None:
            return
        if self._jobs is None:
            self._jobs = self._bar.add_task("models", total=total, figures="")
        self._bar.update(self._jobs, advance=1, figures=f"newest: {outcome.name}")
