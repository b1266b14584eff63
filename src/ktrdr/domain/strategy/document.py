"""The strategy as frozen data: what was written, with defaults filled in and every reference checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits
from ktrdr.domain.problems import Problem


@dataclass(frozen=True, slots=True)
class Setting:
    """An effective value, and where it came from.

    Attributes
    ----------
    path : str
        Dotted name (``training.epochs``).
    value : object
    origin : str
        ``command line``, ``default``, or the section of the document that gave it.
    """

    path: str
    value: Any
    origin: str


@dataclass(frozen=True, slots=True)
class SymbolCriteria:
    """What a symbol must be to be chosen: of one of these asset classes (empty: of any), and at most so many."""

    asset_classes: tuple[str, ...] = ()
    max_symbols: int | None = None


@dataclass(frozen=True, slots=True)
class SymbolChoice:
    """Which symbols to train on, in which mode; with `criteria` chosen among those listed, or else among all."""

    mode: Literal["single", "multi_symbol"]
    symbols: tuple[str, ...]
    criteria: SymbolCriteria | None = None


@dataclass(frozen=True, slots=True)
class TimeframeChoice:
    """Timeframes in contract order; one row per bar of `base`."""

    timeframes: tuple[str, ...]
    base: str
    source: Literal["resampled", "native"] = "resampled"


@dataclass(frozen=True, slots=True)
class TrainingData:
    """What to train on. `start` and `end` are ISO dates or times, both inclusive; a date means the whole day."""

    symbols: SymbolChoice
    timeframes: TimeframeChoice
    history_required: int = 200
    start: str | None = None
    end: str | None = None
    extended_hours: bool = False
    alignment: Literal["all_hours", "common_hours"] = "all_hours"


@dataclass(frozen=True, slots=True)
class Indicator:
    """A named indicator: canonical type, and all parameters."""

    type: str
    parameters: Mapping[str, Any]
    data_source: str | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """One output of one named indicator; `output` is empty for a single-output indicator.

    `text` is how the document wrote it, which names raw features.
    """

    indicator: str
    output: str
    text: str


@dataclass(frozen=True, slots=True)
class MembershipFunction:
    """A named membership function of a fuzzy set."""

    name: str
    type: str
    parameters: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FuzzySet:
    """Memberships, in order, over one indicator output; the model tunes the parameters of a learnable set."""

    reference: Reference
    memberships: tuple[MembershipFunction, ...]
    learnable: bool = False


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """One entry of ``nn_inputs``: a fuzzy set, a raw indicator output, or a feature catalogue, over some timeframes."""

    kind: Literal["fuzzy_set", "raw_indicator", "catalogue"]
    name: str
    timeframes: tuple[str, ...]
    reference: Reference | None = None
    normalization: Literal["none", "minmax", "zscore"] = "none"


@dataclass(frozen=True, slots=True)
class ContextFeatures:
    """Features of the bars themselves; None or False leaves that kind out."""

    price: Mapping[str, Any] | None = None
    volume: Mapping[str, Any] | None = None
    time: bool = False
    symbol: bool = False
    session: bool = False


@dataclass(frozen=True, slots=True)
class MemberModel:
    """One entry of ``model.members``.

    Attributes
    ----------
    name : str
    type : str
    architecture : mapping
        All parameters of its type.
    training : mapping
        All settings of its type by dotted name, after precedence.
    seed : int
        Added to ``training.seed``.
    inputs : tuple of str
        What it reads: names of entries of ``nn_inputs``, and of contexts; empty: all.
    symbol : str
        Whose rows it is fitted to; empty: those of all.
    weight : float
        What it counts in a vote.
    """

    name: str
    type: str
    architecture: Mapping[str, Any]
    training: Mapping[str, Any]
    seed: int = 0
    inputs: tuple[str, ...] = ()
    symbol: str = ""
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Model:
    """Model type, architecture with all parameters, and what is fed to it besides ``nn_inputs``.

    Of a model that is made of `members` the architecture is how they are combined.
    """

    type: str
    architecture: Mapping[str, Any]
    context: ContextFeatures = field(default_factory=ContextFeatures)
    lookback_periods: int = 1
    scaling: Literal["none", "zscore", "minmax", "robust"] = "none"
    members: tuple[MemberModel, ...] = ()


@dataclass(frozen=True, slots=True)
class Labels:
    """Label source with all parameters; `implied` where the document has no ``labels``."""

    source: str
    parameters: Mapping[str, Any]
    implied: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class SplitShares:
    """Shares of the rows in time order, and the embargo in base bars."""

    train: float = 0.7
    validation: float = 0.15
    test: float = 0.15
    embargo_bars: int = 0


@dataclass(frozen=True, slots=True)
class Decisions:
    """How outputs become signals. Costs are fractions of the traded value, for one round trip.

    `min_signal_separation` counts base bars; `volume_filter` is the smallest multiple of its trailing mean that a bar's
    volume must reach for a position to be opened, None for no filter.
    """

    output_format: Literal["classification", "regression"]
    confidence_threshold: float = 0.5
    round_trip_cost: float = 0.0
    min_edge_multiplier: float = 1.0
    position_awareness: bool = True
    allow_short_from_flat: bool = True
    min_signal_separation: int = 0
    volume_filter: float | None = None

    @property
    def minimum_edge(self) -> float:
        """What a predicted return must exceed for a trade, a fraction."""
        return self.round_trip_cost * self.min_edge_multiplier


@dataclass(frozen=True, slots=True)
class Overrides:
    """What some symbols have in place of the strategy's own values; a name that is left out stays as it is.

    Attributes
    ----------
    indicators : mapping
        Parameters by name, of indicators by id.
    fuzzy_sets : mapping
        Membership functions by name, of fuzzy sets by id.
    labels : mapping
        Parameters of the labels by name.
    decisions : mapping
        Fields of `Decisions` by name.
    """

    indicators: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    fuzzy_sets: Mapping[str, Mapping[str, MembershipFunction]] = field(default_factory=dict)
    labels: Mapping[str, Any] = field(default_factory=dict)
    decisions: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SymbolOverrides:
    """Overrides for all symbols, over these those of an asset class, over these those of one symbol."""

    defaults: Overrides = field(default_factory=Overrides)
    asset_classes: Mapping[str, Overrides] = field(default_factory=dict)
    symbols: Mapping[str, Overrides] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy that was read without an error.

    Attributes
    ----------
    training : mapping
        Effective training settings by dotted name, after precedence.
    kept : mapping
        Sections that this version stores but does not act on; each was warned about.
    settings : tuple of Setting
        Every effective value with its origin, for people; takes no part in equality.
    warnings : tuple of Problem
        What was odd; takes no part in equality.
    """

    name: str
    training_data: TrainingData
    indicators: Mapping[str, Indicator]
    fuzzy_sets: Mapping[str, FuzzySet]
    nn_inputs: tuple[NetworkInput, ...]
    model: Model
    labels: Labels
    split: SplitShares
    training: Mapping[str, Any]
    decisions: Decisions
    description: str = ""
    version: str = "3.0"
    scope: str | None = None
    kept: Mapping[str, Any] = field(default_factory=dict)
    context_data: tuple[ContextSource, ...] = ()
    symbol_overrides: SymbolOverrides = field(default_factory=SymbolOverrides)
    quality: QualityLimits = DEFAULT_LIMITS
    settings: tuple[Setting, ...] = field(default=(), compare=False)
    warnings: tuple[Problem, ...] = field(default=(), compare=False)
