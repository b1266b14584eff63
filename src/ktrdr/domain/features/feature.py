"""One resolved feature: everything that decides its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.market.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class Source:
    """One output of one indicator over one timeframe's bars.

    Attributes
    ----------
    indicator : str
        Type, canonical name (``rsi``).
    parameters : mapping
        All parameters with their values, defaults filled in; ``source`` among them where the type has one.
    output : str
        Output name; empty for a single-output indicator.
    timeframe : str
    data_source : str
        Context series (``provider/name``) that the indicator reads instead of the bars; empty for the bars themselves.
    """

    indicator: str
    parameters: Mapping[str, Any]
    output: str
    timeframe: str
    data_source: str = ""

    @property
    def by_session(self) -> bool:
        """Whether values begin anew with each session; a bar of a day or more is a session of its own."""
        return INDICATORS[self.indicator].by_session(self.parameters) and Timeframe(self.timeframe).intraday


@dataclass(frozen=True, slots=True)
class Membership:
    """A fuzzy membership function: type and parameters in the order of GRAMMAR section 3."""

    type: str
    parameters: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Feature:
    """A column of the matrix.

    Attributes
    ----------
    id : str
        Unique; its place in the list is the contract.
    kind : str
        ``membership`` (source and membership), ``raw`` (source), or ``context`` (a named function of the base bars).
    lag : int
        How many base rows back the value is taken from.
    normalization : str
        ``none``, ``minmax`` or ``zscore``; fitted on train rows, applied before the model.
    context : mapping
        For context features: name and parameters.
    learnable : tuple of str
        Fuzzy set and membership whose parameters the model tunes; empty where the written ones count.
    offset : float
        What is taken from the source's value before it is rounded to float32. Of a learnable feature and the column
        that carries it: a number in the middle of the written set, so that a large value keeps its digits where the set
        lies.
    """

    id: str
    kind: Literal["membership", "raw", "context"]
    source: Source | None = None
    membership: Membership | None = None
    lag: int = 0
    normalization: str = "none"
    context: Mapping[str, Any] = field(default_factory=dict)
    learnable: tuple[str, ...] = ()
    offset: float = 0.0
