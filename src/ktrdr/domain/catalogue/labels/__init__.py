"""Label sources that a strategy may name, as pure data; the functions that compute them stand in `domain.labels`."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.catalogue.labels.barriers import TRIPLE_BARRIER
from ktrdr.domain.catalogue.labels.regimes import MARKET_REGIME, REGIME
from ktrdr.domain.catalogue.labels.returns import CONTEXT, DIRECTION, FORWARD_RETURN, RISK_ADJUSTED, VOLATILITY
from ktrdr.domain.catalogue.labels.spec import Action, Contradiction, LabelSpec, Parameters
from ktrdr.domain.catalogue.labels.zigzag import IMPLIED_LABELS, ZIGZAG_LOOKAHEAD, ZIGZAG_SEGMENTS
from ktrdr.domain.errors import InvalidInput, did_you_mean

__all__ = [
    "CONTEXT",
    "DIRECTION",
    "FORWARD_RETURN",
    "IMPLIED_LABELS",
    "LABELS",
    "MARKET_REGIME",
    "REGIME",
    "RISK_ADJUSTED",
    "TRIPLE_BARRIER",
    "VOLATILITY",
    "ZIGZAG_LOOKAHEAD",
    "ZIGZAG_SEGMENTS",
    "Action",
    "Contradiction",
    "LabelSpec",
    "Parameters",
    "find_label",
]

LABELS: Mapping[str, tuple[LabelSpec, ...]] = {
    "zigzag": (ZIGZAG_LOOKAHEAD, ZIGZAG_SEGMENTS),
    "triple_barrier": (TRIPLE_BARRIER,),
    "forward_return": (FORWARD_RETURN,),
    "direction": (DIRECTION,),
    "volatility": (VOLATILITY,),
    "context": (CONTEXT,),
    "regime": (REGIME,),
    "market_regime": (MARKET_REGIME,),
    "risk_adjusted": (RISK_ADJUSTED,),
}
"""Every source with its methods, the default one first."""


def find_label(source: str, method: str | None = None) -> LabelSpec:
    """Return the specification of a source and method; without a method, the source's default one.

    Raises
    ------
    InvalidInput
        If there is no such source or method; the message lists what there is.
    """
    if source not in LABELS:
        hint = did_you_mean(str(source), LABELS)
        raise InvalidInput(f"label source {source!r} is not known; allowed: {', '.join(LABELS)}{hint}")
    variants = {spec.method: spec for spec in LABELS[source]}
    if method is None:
        return LABELS[source][0]
    if method not in variants:
        allowed = ", ".join(filter(None, variants)) or "none"
        hint = did_you_mean(str(method), variants)
        raise InvalidInput(f"label method {method!r} of {source!r} is not known; allowed: {allowed}{hint}")
    return variants[method]
