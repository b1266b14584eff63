"""What a symbol's own model takes over from a universal one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.training.inference import Inference

MOMENTS = ("fitted_until", "selected_until", "judged_until")


@dataclass(frozen=True, slots=True, eq=False)
class WarmStart:
    """What a symbol's model takes over from a universal one.

    Attributes
    ----------
    reference : str
        ``strategy/universal_vN``.
    blobs : mapping of file name to bytes
        Among them the weights.
    inference : Inference
        The scaling that the weights are used to.
    cuts : tuple of int
        Moments at which its validation and test part begin: those of the symbol must begin there, too, so that
        nothing that it was fitted to lies in a later part.
    moments : mapping of str to str
        Its three moments, as a manifest has them.
    """

    reference: str
    blobs: Mapping[str, bytes]
    inference: Inference
    cuts: tuple[int, int]
    moments: Mapping[str, str]

    def latest(self, moments: Mapping[str, str]) -> dict[str, str]:
        """Return each moment, or the universal model's where that is later."""
        return {name: max(moments[name], self.moments[name], key=from_iso) for name in MOMENTS}
