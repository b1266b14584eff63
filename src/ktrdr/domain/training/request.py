"""What to train: a strategy, and how a run of it goes about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, cast, get_args

from ktrdr.domain.catalogue.training import COMBINATION
from ktrdr.domain.errors import InvalidInput, did_you_mean, shown
from ktrdr.domain.strategy.document import Strategy

Combination = Literal["balanced", "downsample", "concatenate", "interleaved", "reptile"]
DEFAULT_COMBINATION: Combination = "balanced"
COMBINATIONS: tuple[str, ...] = get_args(Combination)
LONGEST_REASON = 500


class Mode(StrEnum):
    """What many symbols give: a model of the only one, one model each, or one pooled model of all."""

    SINGLE = "single"
    MULTI = "multi"
    UNIVERSAL = "universal"


def read_mode(text: str) -> Mode:
    """Return the mode of this name, in any case.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    try:
        return Mode(text.casefold())
    except ValueError:
        known = [str(mode) for mode in Mode]
        hint = did_you_mean(text, known)
        raise InvalidInput(f"mode: {shown(text)} is not known; allowed: {', '.join(known)}{hint}") from None


def read_combination(text: str) -> Combination:
    """Return the combination of this name.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    if text not in COMBINATIONS:
        hint = did_you_mean(text, COMBINATIONS)
        raise InvalidInput(f"combination: {shown(text)} is not known; allowed: {', '.join(COMBINATIONS)}{hint}")
    return cast("Combination", text)


@dataclass(frozen=True, slots=True)
class Execution:
    """How a request is run; it changes no byte of a model.

    Attributes
    ----------
    workers : int or None
        Processes that train side by side; None: as many as there are processors, but no more than jobs.
    resume : bool
        Keep the newest model of a symbol, or of a pool, whose strategy and bars are still the same, and train the
        others.
    """

    workers: int | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if self.workers is not None and not 1 <= self.workers <= 1000:
            raise InvalidInput(f"workers must be 1 to 1000, found {self.workers}")


@dataclass(frozen=True, slots=True)
class TrainingRequest:
    """What to train.

    Attributes
    ----------
    strategy : Strategy
        The effective one, overrides applied; symbols and timeframes are its own.
    seeds : int
        How many seeds to fit, counting up from the strategy's own; only the first is shipped, the others show the
        spread.
    importance : bool
        Whether to measure permutation importance.
    mode : Mode or None
        None: as the strategy says, see `mode_of`.
    combination : str or None
        How a pooled model weighs the rows of its symbols, one of `COMBINATIONS`; None: as the strategy says, see
        `pooling`.
    execution : Execution
    hold_out : tuple of str
        Symbols that a pooled model is not trained on, only tried on; those of `symbols` among them are taken out.
    strict : bool
        Refuse a pool that is warned about.
    symbol_folds : int
        Deal the symbols of a pooled model into so many folds, train one further model without each of them, and try it
        on that fold; 0 for none.
    leave_out : bool
        Leave symbols that cannot be pooled out with a warning, for nobody named them: see `with_selected_symbols`.
    accept_quality : str or None
        Why bars are accepted that the limits of data quality refuse; kept with the model. None: they are not.
    """

    strategy: Strategy
    seeds: int = 1
    importance: bool = True
    mode: Mode | None = None
    combination: Combination | None = None
    execution: Execution = field(default_factory=Execution)
    hold_out: tuple[str, ...] = ()
    strict: bool = False
    symbol_folds: int = 0
    leave_out: bool = False
    accept_quality: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.seeds <= 1000:
            raise InvalidInput(f"seeds must be 1 to 1000, found {self.seeds}")
        if self.combination is not None:
            read_combination(self.combination)
        reason = self.accept_quality
        if reason is not None and not (reason.strip() and reason.isprintable() and len(reason) <= LONGEST_REASON):
            raise InvalidInput(
                f"accept_quality: needs a reason of 1 to {LONGEST_REASON} letters, found {shown(reason)}"
            )

    @property
    def pooling(self) -> Combination:
        """How a pooled model weighs the rows of its symbols: as asked for, else as the strategy says."""
        said: Combination = self.strategy.training.get(COMBINATION.name, DEFAULT_COMBINATION)
        return self.combination or said

    @property
    def symbols(self) -> tuple[str, ...]:
        """The symbols to train on."""
        return self.strategy.training_data.symbols.symbols

    @property
    def timeframes(self) -> tuple[str, ...]:
        """The timeframes, in contract order."""
        return self.strategy.training_data.timeframes.timeframes


def mode_of(request: TrainingRequest) -> Mode:
    """Return the mode of a request.

    Its own wins; else ``symbols.mode`` decides: ``single`` is SINGLE, ``multi_symbol`` is UNIVERSAL, or MULTI with
    ``scope: symbol_specific``.
    """
    if request.mode is not None:
        return request.mode
    if request.strategy.training_data.symbols.mode == "single":
        return Mode.SINGLE
    return Mode.MULTI if request.strategy.scope == "symbol_specific" else Mode.UNIVERSAL
