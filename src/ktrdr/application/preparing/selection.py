"""Selection criteria: from what a strategy asks of its symbols to the symbols that the repository has."""

from __future__ import annotations

from dataclasses import replace

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Setting, Strategy
from ktrdr.domain.training.request import TrainingRequest

_PATH = "training_data.symbols"


def with_selected_symbols(data: DataRepository, request: TrainingRequest) -> TrainingRequest:
    """Return the request with the symbols that meet the strategy's criteria; as it is where there are none.

    Those that nobody listed may be left out of a pool.

    Candidates are the symbols that the strategy lists, else all that the repository has in the base timeframe or a
    finer one, in their order; the setting ``training_data.symbols`` says what was chosen.

    Raises
    ------
    InvalidInput
        If no symbol meets the criteria.
    DataNotFound
        If a listed symbol is not there.
    """
    strategy = request.strategy
    choice = strategy.training_data.symbols
    if choice.criteria is None:
        return request
    base = Timeframe(strategy.training_data.timeframes.base)
    there = dict.fromkeys(info.symbol for info in data.series() if not base < info.timeframe)
    candidates = choice.symbols or tuple(there)
    classes = choice.criteria.asset_classes
    found = [name for name in candidates if not classes or data.characteristics(name).asset_class in classes]
    if not found:
        asked = f"asset_class {', '.join(classes)}" if classes else "them"
        among = f"none of {len(candidates)} symbols with bars of {base} or finer"
        raise InvalidInput(f"{_PATH}.selection_criteria: {among} meets {asked}")
    selected = tuple(found[: choice.criteria.max_symbols])
    reason = f"selection_criteria, {len(selected)} of {len(candidates)} symbols"
    return replace(request, strategy=_with_symbols(strategy, selected, reason), leave_out=not choice.symbols)


def _with_symbols(strategy: Strategy, symbols: tuple[str, ...], reason: str) -> Strategy:
    choice = replace(strategy.training_data.symbols, symbols=symbols)
    settings = tuple(
        Setting(item.path, list(symbols), reason) if item.path == _PATH else item for item in strategy.settings
    )
    return replace(strategy, training_data=replace(strategy.training_data, symbols=choice), settings=settings)
