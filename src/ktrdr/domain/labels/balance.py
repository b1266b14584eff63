"""Whether every class occurs often enough to be learnt, and what would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ktrdr.domain.catalogue.labels import LabelSpec, Parameters, find_label
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.labels.zigzag_lookahead import balancing_multiple
from ktrdr.domain.market.bars import Bars

RARE_SHARE = 0.02
BALANCERS: Mapping[str, tuple[str, Callable[[Bars, Parameters], float]]] = {
    "zigzag.lookahead": ("zigzag_threshold", balancing_multiple),
}
"""For each labeler that a threshold can balance: the parameter, and the function that finds its number."""
_ADVICE = {
    "zigzag.lookahead": "no threshold balances these classes; forward_return needs none",
    "zigzag.segments": "method lookahead takes a threshold that balances the classes; forward_return needs none",
    "forward_return": "the price goes one way almost always here; a longer span of bars may show both",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A parameter value, and the class shares it would give on these bars."""

    parameter: str
    value: float | Mapping[str, float]
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Balance:
    """How the labels are spread.

    Attributes
    ----------
    bars, labelled : int
    shares : mapping of name to float
        Share of each class among the labels (fractions); for a regression of ``up``, ``flat`` and ``down``.
    rare : tuple of str
        Classes under 2 %; of a regression, up or down.
    suggestion : Suggestion or None
        Given only where a class is rare and the value would make the rarest less so.
    advice : str
        What else would fit where a class is rare; empty for nothing.
    """

    bars: int
    labelled: int
    shares: Mapping[str, float]
    rare: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    advice: str = ""

    def sentences(self) -> tuple[str, ...]:
        """Return the findings for people: the shares first, then one warning or hint each."""
        lines = [f"{self.labelled:,} of {self.bars:,} bars have a label: {_percentages(self.shares)}"]
        lines += [f"{name} has {self.shares[name]:.1%} of the labels, under {RARE_SHARE:.0%}" for name in self.rare]
        if self.suggestion:
            value = self.suggestion.value
            shown = f"{{atr: {value['atr']:g}}}" if isinstance(value, Mapping) else f"{value:g}"
            lines.append(f"{self.suggestion.parameter}: {shown} would give {_percentages(self.suggestion.shares)}")
        return (*lines, self.advice) if self.advice else tuple(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        suggestion = self.suggestion and {
            "parameter": self.suggestion.parameter,
            "value": self.suggestion.value,
            "shares": dict(self.suggestion.shares),
        }
        return {
            "bars": self.bars,
            "labelled": self.labelled,
            "shares": dict(self.shares),
            "rare": list(self.rare),
            "suggestion": suggestion,
            "advice": self.advice,
        }


def balance(labels: LabelSet, bars: Bars, source: str, parameters: Parameters) -> Balance:
    """Return class shares, which are too rare, and the parameter value that would give about 20 % a traded class.

    Parameters
    ----------
    labels : LabelSet
        What `label` returned for the same bars, source and parameters.
    bars : Bars
    source : str
    parameters : mapping

    Notes
    -----
    The advice has seen all bars given: it is for the person who writes the strategy, and no label depends on it. Give
    it the bars before the test part to keep that part unseen.
    """
    shares = labels.class_shares() if labels.target.is_classification else _signs(labels)
    rare = tuple(name for name, share in shares.items() if share < RARE_SHARE and name != "flat")
    found = Balance(len(labels.values), int(labels.defined.sum()), shares, rare)
    if not rare:
        return found
    spec = find_label(source, parameters.get("method"))
    suggestion = _suggest(bars, spec, parameters)
    if suggestion and min(suggestion.shares.values()) <= min(shares.values()):
        suggestion = None
    advice = "" if suggestion else _advice(found, spec.key)
    return Balance(found.bars, found.labelled, shares, rare, suggestion, advice)


def _signs(labels: LabelSet) -> dict[str, float]:
    values = labels.values[labels.defined]
    total = max(len(values), 1)
    counts = {"up": (values > 0).sum(), "flat": (values == 0).sum(), "down": (values < 0).sum()}
    return {name: float(count / total) for name, count in counts.items()}


def _suggest(bars: Bars, spec: LabelSpec, parameters: Parameters) -> Suggestion | None:
    if spec.key not in BALANCERS:
        return None
    name, find = BALANCERS[spec.key]
    complete = spec.complete(parameters)
    number = float(f"{find(bars, complete):.3g}")
    if not 0 < number < np.inf:
        return None
    value = {"atr": number} if isinstance(complete[name], Mapping) else number
    return Suggestion(name, value, label(bars, spec.source, {**complete, name: value}).class_shares())


def _advice(found: Balance, key: str) -> str:
    if not found.labelled:
        return "no bar has a label: use more bars, look fewer bars ahead, or take a smaller threshold"
    return _ADVICE.get(key, "")


def _percentages(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
