"""The table of labelers, and the one way to call them."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ktrdr.domain.catalogue.labels import Parameters, find_label
from ktrdr.domain.labels.context import context
from ktrdr.domain.labels.direction import direction
from ktrdr.domain.labels.forward_return import forward_return
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.labels.market_regime import market_regime
from ktrdr.domain.labels.regime import regime
from ktrdr.domain.labels.risk_adjusted import risk_adjusted
from ktrdr.domain.labels.triple_barrier import triple_barrier
from ktrdr.domain.labels.volatility import volatility
from ktrdr.domain.labels.zigzag_lookahead import zigzag_lookahead
from ktrdr.domain.labels.zigzag_segments import zigzag_segments
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.positive import require_positive

Labeler = Callable[..., LabelSet]

LABELERS: Mapping[str, Labeler] = {
    "zigzag.lookahead": zigzag_lookahead,
    "zigzag.segments": zigzag_segments,
    "triple_barrier": triple_barrier,
    "forward_return": forward_return,
    "direction": direction,
    "volatility": volatility,
    "context": context,
    "regime": regime,
    "market_regime": market_regime,
    "risk_adjusted": risk_adjusted,
}
"""One function for each `LabelSpec.key`: of bars and complete parameters, and of the other symbol's bars or None where
the specification names a `symbol`."""


def label(bars: Bars, source: str, parameters: Parameters, extra: Mapping[str, Bars] | None = None) -> LabelSet:
    """Label every base bar that can be.

    Parameters
    ----------
    bars : Bars
        Base bars, the whole series.
    source : str
        A key of `LABELS`.
    parameters : mapping
        Those of the source, ``method`` among them; what is missing takes its default.
    extra : mapping of symbol to Bars, optional
        Bars of the other symbol that the labels read, where there are any (see `other_symbol`).

    Raises
    ------
    InvalidInput
        If source, method or a parameter is not known, or parameters contradict each other.
    InvalidBars
        If a close, or an open that counts as an entry, is not above 0, and the labels take ratios of prices.
    """
    spec = find_label(source, parameters.get("method"))
    complete = spec.complete(parameters)
    if spec.ratios(complete):
        columns = ("close", "open") if complete.get("entry") == "next_open" else ("close",)
        require_positive(bars, columns, f"the label source {spec.key}")
    if spec.symbol:
        return LABELERS[spec.key](bars, complete, (extra or {}).get(complete[spec.symbol]))
    return LABELERS[spec.key](bars, complete)


def other_symbol(source: str, parameters: Parameters) -> str | None:
    """Return the symbol, besides the labelled one, whose bars these labels read; None for none."""
    spec = find_label(source, parameters.get("method"))
    return str(spec.complete(parameters)[spec.symbol]) if spec.symbol else None
