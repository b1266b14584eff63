"""What a label specification is, and the parameters that several share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ktrdr.domain.catalogue.parameters import Parameter
from ktrdr.domain.errors import InvalidInput, did_you_mean

Action = Literal["buy", "hold", "sell", "none"]
Parameters = Mapping[str, Any]
Outcomes = tuple[tuple[str, ...], tuple[Action, ...]]


@dataclass(frozen=True, slots=True)
class Contradiction:
    """Parameters that are right one by one and wrong together: which one to change, and what is the matter."""

    parameter: str
    message: str


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
        Class names in the order of their numbers, and what each asks for. A regression has no classes; its sign
        decides, unless its only action is ``none``.
    unit : str
        Unit of a regression target; empty for classification.
    description, reference : str
        Lines for the reference pages: the meaning, and where it comes from.
    outcomes : callable or None
        Parameters to classes and actions, where they depend on parameters.
    remarks : mapping
        Other spelling of a parameter -> the parameter that decides what it means, and what to say where that one is
        not written.
    contradiction : callable
        Complete parameters to what is wrong with them together, or None.
    without_effect : mapping
        Parameters that older files write and that change nothing -> why.
    symbol : str
        The parameter that names another symbol whose bars the labels read too; empty for none.
    ratios : callable
        Complete parameters to whether it takes ratios or logarithms of prices, and so needs prices above 0. Where not,
        labels are the same on prices that are all moved by one amount.
    lasts : bool
        Whether a class lasts for many bars, so that what counts as evidence is episodes of it and not bars.
    knows_now : bool
        Whether its labels come with the class that it is now, see `as_now`.
    step : str
        The parameter that says how many bars ahead is looked, of labels that one network may learn at several; empty:
        there is none.
    metrics : tuple of str
        What may decide the verdict besides the metrics of its kind.
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
    outcomes: Callable[[Parameters], Outcomes] | None = None
    remarks: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    contradiction: Callable[[Parameters], Contradiction | None] = lambda _: None
    without_effect: Mapping[str, str] = field(default_factory=dict)
    symbol: str = ""
    step: str = ""
    ratios: Callable[[Parameters], bool] = lambda _: True
    lasts: bool = False
    knows_now: bool = False
    metrics: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """``source``, or ``source.method``: the name of the function that computes it."""
        return f"{self.source}.{self.method}" if self.method else self.source

    def outcomes_of(self, parameters: Parameters) -> Outcomes:
        """Return classes and actions under these parameters, complete."""
        return (self.classes, self.actions) if self.outcomes is None else self.outcomes(parameters)

    def complete(self, parameters: Parameters) -> dict[str, Any]:
        """Return all parameters by name, with defaults where `parameters` is silent.

        Raises
        ------
        InvalidInput
            If `parameters` names something else, or contradicts itself.
        """
        known = {name: item.name for item in self.parameters for name in (item.name, *item.aliases)}
        unknown = next((name for name in parameters if name not in known), None)
        if unknown is not None:
            names = [item.name for item in self.parameters]
            hint = did_you_mean(unknown, names)
            raise InvalidInput(f"labels {self.key}: {unknown!r} is not known; allowed: {', '.join(names)}{hint}")
        complete = {item.name: item.default for item in self.parameters}
        complete |= {known[name]: value for name, value in parameters.items()}
        wrong = self.contradiction(complete)
        if wrong is not None:
            raise InvalidInput(f"labels {self.key}: {wrong.parameter} {wrong.message}")
        return complete


ENTRY = Parameter(
    "entry",
    "str",
    "close",
    choices=("close", "next_open"),
    description="price from which the outcome is counted: the bar's own close, or the next bar's open",
)
BUY_HOLD_SELL: tuple[Action, ...] = ("buy", "hold", "sell")


def bars_ahead(name: str, default: int, low: int = 1) -> Parameter:
    """Return how far ahead a label looks."""
    return Parameter(name, "int", default, low=low, high=10_000, description="bars looked ahead")


def bars_back(name: str, default: int, *, low: int = 2, aliases: tuple[str, ...] = (), what: str) -> Parameter:
    """Return the length of a trailing window; `what` says of what."""
    description = f"bars of the trailing {what}"
    return Parameter(name, "int", default, low=low, high=10_000, aliases=aliases, description=description)


def number(name: str, default: float | None, description: str, *, low: float | None = 0) -> Parameter:
    """Return a number that may be `low`: a share of the price, say."""
    return Parameter(name, "float", default, low=low, description=description)


def positive(name: str, default: float | None, description: str, *, aliases: tuple[str, ...] = ()) -> Parameter:
    """Return a number above 0: a multiple of something, say; without a default it may be left out."""
    return Parameter(name, "float", default, low=0, above=True, aliases=aliases, description=description)


def horizon_of(name: str) -> Callable[[Parameters], int]:
    """Return the function from parameters to a declared horizon."""
    return lambda parameters: int(parameters[name])
