"""The port through which every fit is written down: later statistics must know how often we tried and looked."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Literal, Protocol

from ktrdr.domain.training.watch import Watch
from ktrdr.domain.training.work import Work

Outcome = Literal["fitted", "judged", "published", "unpublished", "failed", "interrupted"]
"""How far a fit came: it was only fitted; test rows were looked at; it was published, or could not be; it broke off."""


class Run(Protocol):
    """One fit, from its beginning to its end."""

    @abstractmethod
    def watch(self) -> Watch:
        """Return who looks on at the fit."""

    @abstractmethod
    def judged(self, figures: Mapping[str, Any]) -> None:
        """Hear that test rows were looked at, and of the figures that came of it: plain values."""

    @abstractmethod
    def end(self, outcome: Outcome, facts: Mapping[str, Any] | None = None) -> None:
        """Write the fit down, for good, before anybody can use what came of it.

        Called once; once more only where a fit that was written down as published could not be.

        Parameters
        ----------
        outcome : str
        facts : mapping, optional
            Further plain values: ``error``; or ``model`` and ``manifest_sha256`` of the version.

        Raises
        ------
        Unavailable
            If it cannot be written.
        """


class Journal(Protocol):
    """Remembers fits; what it was told is never changed."""

    @abstractmethod
    def begin(self, work: Work) -> Run:
        """Return the run of a fit that is about to begin."""
