"""The strategy as it is for one symbol, wherever a symbol's rows are prepared."""

from __future__ import annotations

from dataclasses import replace

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.strategy.document import Strategy, SymbolOverrides
from ktrdr.domain.strategy.varying.for_symbol import SECTION, strategy_for
from ktrdr.domain.training.plan import TrainingJob


def own_strategy(data: DataRepository, strategy: Strategy, symbol: str) -> Strategy:
    """Return the strategy of one symbol, by the asset class that the repository knows; see `strategy_for`.

    Raises
    ------
    DataNotFound
        If there are no bars of that symbol.
    InvalidInput
        If overrides contradict each other for it.
    """
    if strategy.symbol_overrides == SymbolOverrides():
        return strategy
    return strategy_for(strategy, symbol, data.characteristics(symbol).asset_class)


def own_job(data: DataRepository, job: TrainingJob) -> TrainingJob:
    """Return the job of one symbol with that symbol's strategy, which is what its model keeps; raises likewise.

    A pooled job stays as it is: each symbol's values are applied when its rows are made.
    """
    if job.pooled:
        return job
    strategy = own_strategy(data, job.strategy, job.symbol)
    return job if strategy is job.strategy else replace(job, request=replace(job.request, strategy=strategy))


def override_notes(strategy: Strategy, symbol: str) -> tuple[str, ...]:
    """Return the sentence that says what is otherwise in a symbol's own strategy; none where nothing is."""
    changed: dict[str, list[str]] = {}
    for item in strategy.settings:
        if item.origin.startswith(SECTION):
            value = item.value["parameters"] if item.path.startswith("fuzzy_sets.") else item.value
            changed.setdefault(item.origin, []).append(f"{item.path} {value}")
    said = "; ".join(f"{', '.join(values)} ({origin})" for origin, values in changed.items())
    return (f"{symbol} has its own values: {said}",) if said else ()
