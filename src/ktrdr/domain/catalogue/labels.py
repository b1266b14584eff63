"""Label sources that a strategy may name, as pure data; the functions that compute them stand in `domain.labels`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import InvalidInput, did_you_mean

Action = Literal["buy", "hold", "sell", "none"]
Parameters = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LabelSpec:
    """One way to label bars.

    Attributes
    ----------
    source : str
        What ``training.labels.source`` says.
    method : str
        Which of the source's methods; empty where it has one only.
    kind : str
        ``classification`` or ``regression``.
    parameters : tuple of Parameter
        All that the document may say besides ``source``; ``method`` among them where there are several.
    horizon : callable
        Parameters to the largest ``label_end - row`` in bars; None where spans are open-ended.
    classes, actions : tuple of str
        Class names in the order of their numbers, and what each asks for; empty for regression.
    unit : str
        Unit of a regression target; empty for classification.
    description, reference : str
        Lines for the reference pages: the meaning, and where it comes from.
    """

    source: str
    kind: Literal["classification", "regression"]
    parameters: tuple[Parameter, ...]
    horizon: Callable[[Parameters], int | None]
    description: str
    method: str = ""
    classes: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    unit: str = ""
    reference: str = ""

    @property
    def key(self) -> str:
        """``source``, or ``source.method``: the name of the function that computes it."""
        return f"{self.source}.{self.method}" if self.method else self.source

    def complete(self, parameters: Parameters) -> dict[str, Any]:
        """Return all parameters by name, with defaults where `parameters` is silent.

        Raises
        ------
        InvalidInput
            If `parameters` names something else.
        """
        known = [parameter.name for parameter in self.parameters]
        unknown = next((name for name in parameters if name not in known), None)
        if unknown is not None:
            hint = did_you_mean(unknown, known)
            raise InvalidInput(f"labels {self.key}: {unknown!r} is not known; allowed: {', '.join(known)}{hint}")
        return {parameter.name: parameter.default for parameter in self.parameters} | dict(parameters)


ENTRY = Parameter(
    "entry",
    "str",
    "close",
    choices=("close", "next_open"),
    description="price from which the outcome is counted: the bar's own close, or the next bar's open",
)
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


def _bars_ahead(name: str, default: int) -> Parameter:
    return Parameter(name, "int", default, low=1, high=10_000, description="bars looked ahead")


_BUY_HOLD_SELL: tuple[Action, ...] = ("buy", "hold", "sell")

ZIGZAG_LOOKAHEAD = LabelSpec(
    source="zigzag",
    method="lookahead",
    kind="classification",
    parameters=(_METHOD, _THRESHOLD, _bars_ahead("label_lookahead", 20), ENTRY),
    horizon=lambda parameters: int(parameters["label_lookahead"]),
    classes=_BUY_HOLD_SELL,
    actions=_BUY_HOLD_SELL,
    description="buy if the largest gain over the closes ahead reaches the threshold and exceeds the largest loss; "
    "sell mirrored; else hold. {atr: m} means m x trailing ATR(14) x sqrt(lookahead) / close.",
    reference="ATR: Wilder (1978), New Concepts in Technical Trading Systems",
)
ZIGZAG_SEGMENTS = LabelSpec(
    source="zigzag",
    method="segments",
    kind="classification",
    parameters=(_METHOD, _THRESHOLD),
    horizon=lambda _: None,
    classes=_BUY_HOLD_SELL,
    actions=_BUY_HOLD_SELL,
    description="between two pivots of the zigzag on closes: buy if the next pivot is higher, sell if it is lower; "
    "hold on the pivots themselves. {atr: m} means m x trailing ATR(14) / close, at the extreme.",
    reference="Merrill (1977), Filtered Waves; ATR: Wilder (1978), New Concepts in Technical Trading Systems",
)
FORWARD_RETURN = LabelSpec(
    source="forward_return",
    kind="regression",
    parameters=(_bars_ahead("horizon", 20), ENTRY),
    horizon=lambda parameters: int(parameters["horizon"]),
    unit="fraction",
    description="return from the entry price to the close `horizon` bars ahead.",
)

LABELS: Mapping[str, tuple[LabelSpec, ...]] = {
    "zigzag": (ZIGZAG_LOOKAHEAD, ZIGZAG_SEGMENTS),
    "forward_return": (FORWARD_RETURN,),
}
"""Every source with its methods, the default one first."""

IMPLIED_LABELS: Parameters = {
    "source": "zigzag",
    "method": "lookahead",
    "zigzag_threshold": {"atr": 2.0},
    "label_lookahead": 20,
}
"""What a document without ``training.labels`` means; a fixed share would be all hold on slow or short bars."""


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
