"""From a request to jobs: modes are data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ktrdr.domain.catalogue.models import model_type
from ktrdr.domain.catalogue.training import COMBINATION, REPTILE
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.series import same_symbol, spelt_twice
from ktrdr.domain.strategy.document import Setting, Strategy, SymbolChoice
from ktrdr.domain.strategy.reading.combination import cannot_start
from ktrdr.domain.training.request import DEFAULT_COMBINATION, Combination, Mode, TrainingRequest, mode_of

_SYMBOLS = "training_data.symbols"


@dataclass(frozen=True, slots=True)
class TrainingJob:
    """One model to train.

    Attributes
    ----------
    symbols : tuple of str
        Ascending; one, but for a pooled model.
    request : TrainingRequest
        Its strategy names the symbols of this job and no others.
    combination : str or None
        How the rows of the symbols are pooled; None for the model of one symbol alone.
    """

    symbols: tuple[str, ...]
    request: TrainingRequest
    combination: Combination | None = None

    @property
    def strategy(self) -> Strategy:
        """The effective strategy."""
        return self.request.strategy

    @property
    def timeframe(self) -> str:
        """The base timeframe."""
        return self.strategy.training_data.timeframes.base

    @property
    def mode(self) -> Mode:
        """The mode of the run that the job is part of."""
        return mode_of(self.request)

    @property
    def pooled(self) -> bool:
        """Whether all symbols share one model, be it that there is one."""
        return self.combination is not None

    @property
    def symbol(self) -> str:
        """The symbol of a model of one symbol alone."""
        (symbol,) = self.symbols
        return symbol


def plan_training(request: TrainingRequest) -> tuple[TrainingJob, ...]:
    """Return the jobs of a request; the order of its symbols changes nothing.

    Raises
    ------
    InvalidInput
        If it names no symbol, one in two spellings, or several in mode SINGLE; if symbols are held out or combined
        in another mode than UNIVERSAL, or all of them held out; or if a member is fitted to a symbol that is not there.
    """
    symbols = tuple(sorted(name for name in set(request.symbols) if not _is_held_out(name, request)))
    for where, names in ((_SYMBOLS, symbols), ("hold_out", request.hold_out)):
        twice = spelt_twice(names)
        if twice is not None:
            raise InvalidInput(f"{where}: {twice[0]} and {twice[1]} are one symbol in two spellings; name one of them")
    _check_pooling(request, symbols)
    if not symbols:
        raise InvalidInput(f"strategy {request.strategy.name!r} names no symbol; choose some with --symbols or --all")
    return _PLANS[mode_of(request)](request, symbols)


def plan_one_symbol(request: TrainingRequest) -> TrainingJob:
    """Return the job of the only symbol, for what looks at one symbol at a time.

    Raises
    ------
    InvalidInput
        If the request names several symbols.
    """
    (job,) = plan_training(replace(request, mode=Mode.SINGLE))
    return job


def _only(request: TrainingRequest, symbols: tuple[str, ...]) -> tuple[TrainingJob, ...]:
    if len(symbols) > 1:
        raise InvalidInput(
            f"strategy {request.strategy.name!r} names {len(symbols)} symbols ({_listed(symbols)}), and this takes "
            "one; choose one with --symbol"
        )
    return _each(request, symbols)


def _each(request: TrainingRequest, symbols: tuple[str, ...]) -> tuple[TrainingJob, ...]:
    request = replace(request, mode=mode_of(request))
    return tuple(TrainingJob((symbol,), _with_symbols(request, (symbol,), "single")) for symbol in symbols)


def _is_held_out(symbol: str, request: TrainingRequest) -> bool:
    return any(same_symbol(symbol, name) for name in request.hold_out)


def _check_pooling(request: TrainingRequest, left: tuple[str, ...]) -> None:
    mode, held_out = mode_of(request), _listed(request.hold_out)
    if request.hold_out and mode != Mode.UNIVERSAL:
        raise InvalidInput(f"hold_out: {held_out} can be held out of one pooled model (mode universal), not of {mode}")
    if request.hold_out and not left:
        raise InvalidInput(f"hold_out: {held_out} are all the symbols that there are; leave at least one to train on")
    if request.combination not in {None, DEFAULT_COMBINATION} and mode != Mode.UNIVERSAL:
        raise InvalidInput(f"combination: {request.combination} is about one pooled model (mode universal), not {mode}")
    _check_start(request)
    _check_members(request, left)
    folds = request.symbol_folds
    if folds and mode != Mode.UNIVERSAL:
        raise InvalidInput(
            f"symbol_folds: {folds} folds are dealt for one pooled model (mode universal), not for {mode}"
        )
    if folds and not 2 <= folds <= len(left):
        needed = f"{folds} folds: needs at least {folds} symbols to train on, there are {len(left)}"
        raise InvalidInput(f"symbol_folds: {needed if folds > 1 else f'must be 2 or more, found {folds}'}")


def _check_members(request: TrainingRequest, left: tuple[str, ...]) -> None:
    """Refuse a member whose symbol is not among those that a pooled model is trained on."""
    if mode_of(request) != Mode.UNIVERSAL:
        return
    for member in request.strategy.model.members:
        said = f"member {member.name} is fitted to {member.symbol}"
        if not member.symbol:
            continue
        if member.symbol not in left:
            raise InvalidInput(f"{said}, which the model is not trained on: {_listed(left) or 'no symbol'}")
        if request.symbol_folds:
            raise InvalidInput(f"symbol_folds: {said}, and one of the folds leaves it out")


def _check_start(request: TrainingRequest) -> None:
    """Refuse a start that nothing can begin with, and another combination than the one that the strategy settles."""
    said = request.strategy.training.get(COMBINATION.name)
    if said == REPTILE and request.combination not in {None, REPTILE}:
        raise InvalidInput(f"combination: {request.combination} is asked for, and the strategy settles {REPTILE}")
    message = cannot_start(model_type(request.strategy.model.type)) if request.combination == REPTILE else ""
    if message:
        raise InvalidInput(f"combination: {message}")


def _pooled(request: TrainingRequest, symbols: tuple[str, ...]) -> tuple[TrainingJob, ...]:
    request = replace(request, mode=Mode.UNIVERSAL)
    return (TrainingJob(symbols, _with_symbols(request, symbols, "multi_symbol"), request.pooling),)


_PLANS: Mapping[Mode, Callable[[TrainingRequest, tuple[str, ...]], tuple[TrainingJob, ...]]] = {
    Mode.SINGLE: _only,
    Mode.MULTI: _each,
    Mode.UNIVERSAL: _pooled,
}


def _with_symbols(
    request: TrainingRequest, symbols: tuple[str, ...], mode: Literal["single", "multi_symbol"]
) -> TrainingRequest:
    """Return the request of one job: its strategy is what would have to be written to train that model alone."""
    strategy = request.strategy
    choice = SymbolChoice(mode, symbols)
    settings = tuple(
        Setting(item.path, list(symbols), item.origin) if item.path == _SYMBOLS else item for item in strategy.settings
    )
    data = replace(strategy.training_data, symbols=choice)
    return replace(request, strategy=replace(strategy, training_data=data, settings=settings))


def _listed(symbols: tuple[str, ...]) -> str:
    more = f" and {len(symbols) - 5} more" if len(symbols) > 5 else ""
    return ", ".join(symbols[:5]) + more
