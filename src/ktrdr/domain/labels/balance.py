"""Whether every class occurs often enough to be learnt, and what would help."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ktrdr.domain.catalogue.labels import LabelSpec, Parameters, find_label
from ktrdr.domain.catalogue.values import fault
from ktrdr.domain.labels.context import balancing_thresholds
from ktrdr.domain.labels.direction import balancing_band
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import LabelSet
from ktrdr.domain.labels.regime import balancing_crisis
from ktrdr.domain.labels.triple_barrier import balancing_multipliers
from ktrdr.domain.labels.zigzag_lookahead import balancing_threshold
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.positive import all_positive

RARE_SHARE = 0.02
BALANCERS: Mapping[str, Callable[[Bars, Parameters], Parameters]] = {
    "zigzag.lookahead": balancing_threshold,
    "triple_barrier": balancing_multipliers,
    "direction": balancing_band,
    "context": balancing_thresholds,
    "regime": balancing_crisis,
}
"""For each labeler that thresholds can balance, the function that finds them; empty where there are no numbers."""
_ADVICE = {
    "zigzag.lookahead": "no threshold balances these classes; forward_return needs none",
    "zigzag.segments": "method lookahead takes a threshold that balances the classes; forward_return needs none",
    "triple_barrier": "no multipliers balance these classes; expiry: band may, and forward_return needs none",
    "forward_return": "the price goes one way almost always here; a longer span of bars may show both",
    "direction": "no band balances these classes; a longer horizon may, and forward_return needs none",
    "context": "no thresholds balance these classes; a longer horizon may, and forward_return needs none",
    "regime": "other macro_atr_mult and micro_atr_mult give other segments; direction and context take thresholds "
    "that balance their classes",
    "market_regime": "volatility is high less often with a larger `high`; direction and context take thresholds that "
    "balance their classes",
    "risk_adjusted": "its cuts are fixed; direction and context take thresholds that balance their classes",
}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Parameter values, and the class shares they would give on these bars."""

    values: Parameters
    shares: Mapping[str, float]

    @property
    def parameter(self) -> str:
        """The first parameter, often the only one."""
        return next(iter(self.values))

    @property
    def value(self) -> float | Mapping[str, float]:
        """The value of `parameter`."""
        first: float | Mapping[str, float] = self.values[self.parameter]
        return first


@dataclass(frozen=True, slots=True)
class Balance:
    """How the labels are spread.

    Attributes
    ----------
    bars, labelled : int
    shares : mapping of name to float
        Share of each class among the labels (fractions); for a regression of ``up``, ``flat`` and ``down``, and empty
        where its numbers ask for no trade.
    rare : tuple of str
        Classes under 2 %; of a regression, up or down.
    suggestion : Suggestion or None
        Given only where a class is rare and the value would make the rarest less so.
    advice : str
        What else would fit where a class is rare; empty for nothing.
    scope : str
        Which bars `bars` counts, in words.
    """

    bars: int
    labelled: int
    shares: Mapping[str, float]
    rare: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    advice: str = ""
    scope: str = "bars"

    def sentences(self) -> tuple[str, ...]:
        """Return the findings for people: the shares first, then one warning or hint each."""
        shares = f": {_percentages(self.shares)}" if self.shares else ""
        lines = [f"{self.labelled:,} of {self.bars:,} {self.scope} have a label{shares}"]
        lines += [f"{name} has {self.shares[name]:.1%} of the labels, under {RARE_SHARE:.0%}" for name in self.rare]
        if self.suggestion:
            written = ", ".join(f"{name}: {_shown(value)}" for name, value in self.suggestion.values.items())
            lines.append(f"{written} would give {_percentages(self.suggestion.shares)}")
        return (*lines, self.advice) if self.advice else tuple(lines)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        suggestion = self.suggestion and {
            "parameter": self.suggestion.parameter,
            "value": self.suggestion.value,
            "values": dict(self.suggestion.values),
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
    target = labels.target
    shares = labels.class_shares() if target.is_classification else _signs(labels) if target.trades else {}
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
    complete = spec.complete(parameters)
    values = {name: _rounded(value) for name, value in BALANCERS[spec.key](bars, complete).items()}
    allowed = {item.name: item for item in spec.parameters}
    if not values or any(fault(allowed[name], value) for name, value in values.items()):
        return None
    if spec.contradiction(complete | values) or (spec.ratios(complete | values) and not all_positive(bars)):
        return None
    return Suggestion(values, label(bars, spec.source, complete | values).class_shares())


def _rounded(value: float | Mapping[str, float]) -> float | dict[str, float]:
    if isinstance(value, Mapping):
        return {name: float(f"{number:.3g}") for name, number in value.items()}
    return float(f"{value:.3g}")


def _shown(value: float | Mapping[str, float]) -> str:
    return f"{{atr: {value['atr']:g}}}" if isinstance(value, Mapping) else f"{value:g}"


def _advice(found: Balance, key: str) -> str:
    if not found.labelled:
        return "no bar has a label: use more bars, look fewer bars ahead, or take a smaller threshold"
    return _ADVICE.get(key, "")


def _percentages(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {share:.1%}" for name, share in shares.items())
