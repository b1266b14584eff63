"""How the fits of an ensemble are watched: as one, epoch after epoch, whoever's it is."""

from __future__ import annotations

from dataclasses import replace

from ktrdr.domain.training.history import Epoch
from ktrdr.domain.training.watch import Watch


class OneByOne(Watch):
    """Tells a watch of the epochs of several fits, counted on from one to the next; no state of them is kept.

    Parameters
    ----------
    watch : Watch
    fits : int
        How many there will be.
    """

    keeps = False

    def __init__(self, watch: Watch, fits: int) -> None:
        self._watch = watch
        self._left = fits
        self._before = 0
        self._now = 0

    def epoch(self, epoch: Epoch, planned: int) -> None:
        """Tell of an epoch, under its number among all."""
        self._now = epoch.number
        told = replace(epoch, number=self._before + epoch.number)
        self._watch.epoch(told, self._before + planned * max(self._left, 1))

    def keep(self, state: bytes) -> None:
        """Do nothing."""

    def kept(self) -> bytes | None:
        """Return None."""
        return None

    def over(self) -> None:
        """Hear that one of the fits is over."""
        self._before += self._now
        self._now = 0
        self._left -= 1
