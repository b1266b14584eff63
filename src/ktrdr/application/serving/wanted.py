"""Which model is wanted, and what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.artifacts.leak_note import leak_note
from ktrdr.domain.errors import InvalidInput, shown
from ktrdr.domain.market.moments import read_moment
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class LoadRequest:
    """Which model is wanted.

    Attributes
    ----------
    model : str
        A reference or path; or the name of a strategy, of which the model is chosen that serves the symbol.
    symbol : str or None
        What it shall serve; needed to choose.
    timeframe : str or None
        Of the bars that it shall serve; None: the only one that the strategy has models for.
    as_of : str or None
        A date or moment in ISO 8601: only models whose `selected_until` lies before it.
    prefer : str or None
        What is looked for first: the ``universal`` model (None), or the ``symbol``'s own.
    ensemble : bool
        Instead of one model the average of the strategy's models of all symbols, of each the newest.

    Raises
    ------
    InvalidInput
        If symbol, timeframe or moment are not spelled as they must be, or an ensemble shall prefer one model.
    """

    model: str
    symbol: str | None = None
    timeframe: str | None = None
    as_of: str | None = None
    prefer: str | None = None
    ensemble: bool = False

    def __post_init__(self) -> None:
        if self.ensemble and self.prefer is not None:
            raise InvalidInput(f"prefer chooses one model; an ensemble is the average of several ({self.prefer})")
        if self.symbol is not None:
            Symbol(self.symbol)
        if self.timeframe is not None:
            Timeframe(self.timeframe)
        if self.as_of is not None:
            read_moment(self.as_of)

    def unambiguous(self) -> LoadRequest:
        """Return this request, of which nobody knows yet whether it names a strategy or one model.

        Raises
        ------
        InvalidInput
            If it names one model, and says which of several it shall be.
        """
        if self.chooses and "/" in self.model:
            raise InvalidInput(
                "timeframe, as_of, prefer and ensemble choose among the models of a strategy; "
                f"{shown(self.model)} is one model"
            )
        return self

    @property
    def chooses(self) -> bool:
        """Whether something is said of which of a strategy's models is wanted."""
        return self.ensemble or any(value is not None for value in (self.timeframe, self.as_of, self.prefer))


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """A model, and why it is this one.

    Attributes
    ----------
    artifacts : mapping of reference to Artifact
        One; those of its members for an ensemble.
    reference : str
        ``strategy/key_vN``, or a name for an ensemble.
    location : str
        A path or URI to show to people; empty for an ensemble.
    kind : str
        ``named``, ``universal``, ``symbol`` (its own), ``similar`` (a similar symbol's) or ``ensemble``.
    reason : str
    passed_over : tuple of str
        One sentence per version that was looked at before.
    inferred : tuple of str
        One sentence per fact of the symbol that was guessed, on which the choice may rest.
    """

    artifacts: Mapping[str, Artifact]
    reference: str
    location: str
    kind: Literal["named", "universal", "symbol", "similar", "ensemble"]
    reason: str
    passed_over: tuple[str, ...] = ()
    inferred: tuple[str, ...] = ()

    @property
    def artifact(self) -> Artifact:
        """The model's files; of an ensemble those of its first member."""
        return next(iter(self.artifacts.values()))

    @property
    def stands_in(self) -> bool:
        """Whether it is the model of another symbol."""
        return self.kind == "similar"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        return {
            "reference": self.reference,
            "kind": self.kind,
            "reason": self.reason,
            "path": self.location,
            "trained_on": self.artifact.manifest.training_symbols,
            "selected_until": self.artifact.manifest.selected_until,
            "passed_over": list(self.passed_over),
            "inferred": list(self.inferred),
            "notes": list(self.doubts),
        }

    @property
    def selected_until(self) -> str:
        """The latest moment up to which bars have chosen it."""
        return max((one.manifest.selected_until for one in self.artifacts.values()), key=read_moment)

    @property
    def members(self) -> tuple[str, ...]:
        """What an ensemble averages; nothing for one model."""
        return tuple(self.artifacts) if self.kind == "ensemble" else ()

    @property
    def doubts(self) -> tuple[str, ...]:
        """A sentence for each model whose verdict is to look for a leak."""
        return tuple(said for artifact in self.artifacts.values() if (said := leak_note(artifact)) is not None)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What should be said aloud: the choice, its reason, doubts, what was passed over, and what was guessed."""
        if self.kind == "named":
            return self.doubts
        passed_over = (f"passed over: {said}" for said in self.passed_over)
        return (f"{self.reference} is used: {self.reason}", *self.doubts, *passed_over, *self.inferred)
