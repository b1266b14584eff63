"""Who looks on while a model is fitted: progress, pruning, tracking and checkpoints are watches."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from ktrdr.domain.training.history import Epoch


class Watch(Protocol):
    """Looks on at one fit; a watch changes nothing about its result, but may end it."""

    @property
    def keeps(self) -> bool:
        """Whether it wants the state of the fit now; asked after every epoch, since making a state costs."""
        return True

    @abstractmethod
    def epoch(self, epoch: Epoch, planned: int) -> None:
        """Hear of an epoch that is over, and of how many are planned; a fit without epochs never calls.

        Raises
        ------
        Pruned
            To give the fit up.
        """

    @abstractmethod
    def keep(self, state: bytes) -> None:
        """Take all that a fit needs in order to go on from here; called after `epoch`, where `keeps` says so."""

    @abstractmethod
    def kept(self) -> bytes | None:
        """Return the state to go on from, asked once before the first epoch; None: begin anew.

        A fit that goes on gives the bytes of one that was never interrupted. `epoch` is not called again for what lies
        before the state.
        """


class _Unwatched(Watch):
    keeps = False

    def epoch(self, epoch: Epoch, planned: int) -> None:
        """Do nothing."""

    def keep(self, state: bytes) -> None:
        """Do nothing."""

    def kept(self) -> bytes | None:
        """Return None."""
        return None


class _Several(Watch):
    def __init__(self, watches: tuple[Watch, ...]) -> None:
        self._watches = watches

    @property
    def keeps(self) -> bool:
        """Whether any of them wants the state."""
        return any(watch.keeps for watch in self._watches)

    def epoch(self, epoch: Epoch, planned: int) -> None:
        """Tell all; one that raises keeps it from those after it."""
        for watch in self._watches:
            watch.epoch(epoch, planned)

    def keep(self, state: bytes) -> None:
        """Give it to those that want it."""
        for watch in self._watches:
            if watch.keeps:
                watch.keep(state)

    def kept(self) -> bytes | None:
        """Return what the first that has kept anything has kept."""
        states = (watch.kept() for watch in self._watches)
        return next((state for state in states if state is not None), None)


UNWATCHED: Watch = _Unwatched()
"""Nobody looks on."""


def both(*watches: Watch) -> Watch:
    """Return one watch that is all of these, in this order."""
    seeing = tuple(watch for watch in watches if watch is not UNWATCHED)
    return seeing[0] if len(seeing) == 1 else _Several(seeing)
