"""How the fits of an ensemble are watched: as one, epoch after epoch, whoever's it is."""

from __future__ import annotations

from dataclasses import replace

from ktrdr.domain.training.history import Epoch
from ktrdr.domain.training.settings import Member, ModelSpec
from ktrdr.domain.training.watch import Watch


class OneByOne(Watch):
    """Tells a watch of the epochs of several fits, counted on from one to the next; no state of them is kept.

    Parameters
    ----------
    watch : Watch
    model : ModelSpec
        Whose members are fitted.
    """

    keeps = False

    def __init__(self, watch: Watch, model: ModelSpec) -> None:
        self._watch = watch
        self._planned = sum(map(_passes, model.members)) * model.fits // len(model.members)
        self._before = 0
        self._now = 0

    def epoch(self, epoch: Epoch, planned: int) -> None:
        """Tell of an epoch, under its number among all."""
        self._now = epoch.number
        number = self._before + epoch.number
        self._watch.epoch(replace(epoch, number=number), max(self._planned, number, planned))

    def keep(self, state: bytes) -> None:
        """Do nothing."""

    def kept(self) -> bytes | None:
        """Return None."""
        return None

    def over(self) -> None:
        """Hear that one of the fits is over."""
        self._before += self._now
        self._now = 0


def _passes(member: Member) -> int:
    """Return how many epochs a fit of a member has at most; 1 where its type has no setting that says so."""
    name, settings = member.model.kind.advice.passes, member.settings
    if not any(item.name == name for item in member.model.kind.settings):
        return 1
    return int(settings.own[name]) if name in settings.own else int(getattr(settings, name, 1))
