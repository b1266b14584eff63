"""The table of labelers, and the one way to call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from ktrdr.domain.catalogue.labels import Parameters, find_label
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.labels.forward_return import forward_return
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.labels.zigzag_lookahead import zigzag_lookahead
from ktrdr.domain.labels.zigzag_segments import zigzag_segments
from ktrdr.domain.market.bars import Bars, iso

Labeler = Callable[[Bars, Parameters], LabelSet]

LABELERS: Mapping[str, Labeler] = {
    "zigzag.lookahead": zigzag_lookahead,
    "zigzag.segments": zigzag_segments,
    "forward_return": forward_return,
}
"""One function for each `LabelSpec.key`."""


def label(bars: Bars, source: str, parameters: Parameters) -> LabelSet:
    """Label every base bar that can be.

    Parameters
    ----------
    bars : Bars
        Base bars, the whole series.
    source : str
        A key of `LABELS`.
    parameters : mapping
        Those of the source, ``method`` among them; what is missing takes its default.

    Raises
    ------
    InvalidInput
        If source, method or a parameter is not known.
    InvalidBars
        If a close, or an open that counts as an entry, is not above 0: there is no return on it.
    """
    spec = find_label(source, parameters.get("method"))
    complete = spec.complete(parameters)
    _refuse_worthless(bars, ("close", "open") if complete.get("entry") == "next_open" else ("close",))
    return LABELERS[spec.key](bars, complete)


def _refuse_worthless(bars: Bars, columns: tuple[str, ...]) -> None:
    for name in columns:
        prices = getattr(bars, name)
        if (prices <= 0).any():
            row = int(np.flatnonzero(prices <= 0)[0])
            raise InvalidBars(
                f"{bars.source}: row {row} at {iso(bars.stamps[row])}: labels need {name} above 0; "
                f"found {prices[row]:g}"
            )
