"""Watches that remember what they saw, for tests of fits."""

from __future__ import annotations

from collections.abc import Callable

from ktrdr.domain.training.history import Epoch
from ktrdr.domain.training.watch import Watch


class Recorder(Watch):
    """Remembers epochs and states; `at` is called after each epoch, and may raise; `state` is what it has kept."""

    def __init__(self, at: Callable[[Epoch], None] | None = None, state: bytes | None = None) -> None:
        self.seen: list[tuple[Epoch, int]] = []
        self.states: list[bytes] = []
        self._at, self._state = at, state

    def epoch(self, epoch: Epoch, planned: int) -> None:
        self.seen.append((epoch, planned))
        if self._at is not None:
            self._at(epoch)

    def keep(self, state: bytes) -> None:
        self.states.append(state)

    def kept(self) -> bytes | None:
        return self._state


class Onlooker(Recorder):
    """Wants no states."""

    keeps = False


def raises(error: BaseException, number: int) -> Callable[[Epoch], None]:
    """Raise the error after epoch `number`."""

    def at(epoch: Epoch) -> None:
        if epoch.number == number:
            raise error

    return at
