"""Zigzag labels: the largest move ahead, or the leg that a bar lies on."""

from __future__ import annotations

from collections.abc import Mapping

from ktrdr.domain.catalogue.labels.spec import BUY_HOLD_SELL, ENTRY, LabelSpec, Parameters, bars_ahead, horizon_of
from ktrdr.domain.catalogue.parameters import Parameter

_METHOD = Parameter(
    "method",
    "str",
    "lookahead",
    choices=("lookahead", "segments"),
    description="lookahead: the best and worst close ahead; segments: the legs between pivots",
)
_THRESHOLD = Parameter(
    "zigzag_threshold",
    "threshold",
    0.05,
    low=0,
    above=True,
    description="smallest move that counts: a share of the price, or {atr: multiple}",
)


def _in_shares(parameters: Parameters) -> bool:
    """Whether moves are measured in shares of the price: not where they are in ranges, from the bar's own close."""
    return not isinstance(parameters["zigzag_threshold"], Mapping) or parameters.get("entry", "close") != "close"


ZIGZAG_LOOKAHEAD = LabelSpec(
    source="zigzag",
    method="lookahead",
    kind="classification",
    parameters=(_METHOD, _THRESHOLD, bars_ahead("label_lookahead", 20), ENTRY),
    horizon=horizon_of("label_lookahead"),
    classes=BUY_HOLD_SELL,
    actions=BUY_HOLD_SELL,
    description="buy if the largest gain over the closes ahead reaches the threshold and exceeds the largest loss; "
    "sell mirrored; else hold. {atr: m} means m x trailing ATR(14) x sqrt(lookahead) / close; with it and "
    "`entry: close` prices may be at or below 0.",
    ratios=_in_shares,
    reference="ATR: Wilder (1978), New Concepts in Technical Trading Systems",
)
ZIGZAG_SEGMENTS = LabelSpec(
    source="zigzag",
    method="segments",
    kind="classification",
    parameters=(_METHOD, _THRESHOLD),
    horizon=lambda _: None,
    classes=BUY_HOLD_SELL,
    actions=BUY_HOLD_SELL,
    description="between two pivots of the zigzag on closes: buy if the next pivot is higher, sell if it is lower; "
    "hold on the pivots themselves. {atr: m} means m x trailing ATR(14) / close, at the extreme; with it prices may be "
    "at or below 0.",
    ratios=_in_shares,
    reference="Merrill (1977), Filtered Waves; ATR: Wilder (1978), New Concepts in Technical Trading Systems",
    lasts=True,
)

IMPLIED_LABELS: Parameters = {
    "source": "zigzag",
    "method": "lookahead",
    "zigzag_threshold": {"atr": 2.0},
    "label_lookahead": 20,
}
"""What a document without ``training.labels`` means; a fixed share would be all hold on slow or short bars."""
