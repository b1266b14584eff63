"""Labels of one symbol's base bars, each with the end of the span it looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.catalogue.labels import VOLATILITY, Action, LabelSpec, Parameters
from ktrdr.domain.errors import InvalidInput

NO_LABEL = -1
Weighting = Literal["none", "uniqueness", "sequential_bootstrap"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a label means: a class among several, or a number.

    Attributes
    ----------
    kind : str
        ``classification`` or ``regression``.
    classes : tuple of str
        Class names, position = label value; empty for regression.
    actions : tuple of str
        What each class asks for: buy, hold, sell or none. For regression this is empty, and the sign decides; or it is
        ``("none",)``, and the number asks for no trade.
    unit : str
        Unit of a regression target (``fraction``); empty for classification.
    """

    kind: Literal["classification", "regression"]
    classes: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    unit: str = ""

    def __post_init__(self) -> None:
        whole = bool(self.classes) and len(self.classes) == len(self.actions)
        if not (whole if self.is_classification else not self.classes and self.actions in ((), ("none",))):
            raise InvalidInput("a classification target names classes and an action for each; a regression has none")

    @classmethod
    def of(cls, spec: LabelSpec, parameters: Parameters | None = None) -> Target:
        """Return what the labels of a source mean, under these parameters or the source's defaults."""
        classes, actions = spec.outcomes_of(spec.complete(parameters or {}))
        return cls(spec.kind, classes, actions, spec.unit)

    @property
    def is_classification(self) -> bool:
        """Whether labels are classes."""
        return self.kind == "classification"

    @property
    def is_volatility(self) -> bool:
        """Whether labels are volatilities: sizes, of which ratios say more than differences."""
        return self.unit == VOLATILITY.unit

    @property
    def trades(self) -> bool:
        """Whether any label asks for a trade."""
        return not self.actions or any(action != "none" for action in self.actions)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for the manifest."""
        return {"kind": self.kind, "classes": list(self.classes), "actions": list(self.actions), "unit": self.unit}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Target:
        """Read what `as_dict` wrote."""
        return cls(values["kind"], tuple(values["classes"]), tuple(values["actions"]), values["unit"])


@dataclass(frozen=True, slots=True, eq=False)
class Naive:
    """A forecast of the labels that needs no model, bar by bar, from bars up to that one.

    Attributes
    ----------
    name : str
        Key in the report (``as_now``).
    words : str
        The same for people.
    values : ndarray, shape (n_bars,) or (n_bars, k)
        int64 class numbers, of which `NO_LABEL` says nothing; or float64 targets, of which NaN says nothing; or k
        regressors, of which least squares on the train rows makes the forecast.
    """

    name: str
    words: str
    values: NDArray[np.int64] | NDArray[np.float64]

    def at(self, rows: Int64s | slice | NDArray[np.int32]) -> Naive:
        """Return the forecast on some rows."""
        return replace(self, values=self.values[rows])


@dataclass(frozen=True, slots=True, eq=False)
class LabelSet:
    """One label per base bar, where there is one.

    Attributes
    ----------
    values : ndarray, shape (n_bars,)
        int64 class numbers, or float64 targets. Arbitrary where undefined.
    end_rows : ndarray of int64, shape (n_bars,)
        Row of the last base bar that the label looked at; `NO_LABEL` where there is no label.
        Changing any bar after it changes neither the label nor this number.
    target : Target
    horizon_bars : int or None
        Declared upper bound of ``end_rows - row``; None where spans are open-ended.
    weighting : str
        How much a row counts in training, decided on the rows that are trained on: ``none`` (all the same),
        ``uniqueness`` or ``sequential_bootstrap``.
    notes : tuple of str
        What should be said aloud of how these labels came about.
    scarcity : str
        Why bars have no label although later bars are there, for the message where there are too few; empty where
        nothing but the parameters' own look-back keeps them without.
    naive : tuple of Naive
        What forecasts of such labels are compared with, besides the baselines of all labels.
    """

    values: NDArray[np.int64] | NDArray[np.float64]
    end_rows: Int64s
    target: Target
    horizon_bars: int | None = None
    weighting: Weighting = "none"
    notes: tuple[str, ...] = ()
    scarcity: str = ""
    naive: tuple[Naive, ...] = ()

    def __post_init__(self) -> None:
        if self.values.shape != self.end_rows.shape:
            raise InvalidInput("labels: values and end_rows must have one entry per bar")
        spans = (self.end_rows - np.arange(len(self.end_rows)))[self.defined]
        if (spans < 0).any():
            raise InvalidInput("labels: a span ends before its own bar")
        if self.horizon_bars is not None and (spans > self.horizon_bars).any():
            raise InvalidInput(f"labels: a span is longer than the declared horizon of {self.horizon_bars} bars")

    @property
    def defined(self) -> NDArray[np.bool_]:
        """Mask of the bars that have a label."""
        return np.not_equal(self.end_rows, NO_LABEL)

    def class_shares(self) -> dict[str, float]:
        """Return the share of each class among the defined labels (fractions)."""
        return class_shares(self.values[self.defined].astype(np.int64), self.target.classes)

    def until(self, row: int) -> LabelSet:
        """Return the labels of the bars before `row` that look at no bar from `row` on."""
        end_rows = self.end_rows[:row]
        naive = tuple(one.at(slice(0, row)) for one in self.naive)
        end_rows = np.where(end_rows < row, end_rows, NO_LABEL)
        return replace(self, values=self.values[:row], end_rows=end_rows, naive=naive)


def class_shares(labels: Int64s, classes: Sequence[str]) -> dict[str, float]:
    """Return the share of each class (fractions); all 0 where there are no labels."""
    counts = np.bincount(labels, minlength=len(classes))
    return {name: float(counts[index] / max(len(labels), 1)) for index, name in enumerate(classes)}
