"""Gathering: the rows of all symbols, streamed one symbol after the other into one matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.leaving_out import Failing, noted, reasons, require_others
from ktrdr.application.preparing.members import Member
from ktrdr.application.preparing.own_strategy import own_strategy
from ktrdr.application.preparing.rows import SymbolRows, symbol_rows
from ktrdr.domain.arrays import Float32s, Int64s
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.settling import SettledHistory
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.pool.hours import Calendar
from ktrdr.domain.training.pool.own_inputs import own_inputs
from ktrdr.domain.training.pool.pool import Allocate, Pool, PoolBuilder, in_memory
from ktrdr.domain.training.pool.scales import all_zero_rows, unscaled_inputs


@dataclass(frozen=True, slots=True)
class PoolSources:
    """What pools are made from.

    Attributes
    ----------
    data, engineer
        The ports.
    allocate : callable
        Gives the matrix its room.
    calendar : callable, optional
        Says when markets are open before and after the bars of a symbol; without it those of the bars themselves do.
    """

    data: DataRepository
    engineer: FeatureEngineer
    allocate: Allocate = in_memory
    calendar: Calendar | None = None


@dataclass(frozen=True, slots=True, eq=False)
class GatheredPool:
    """The rows of all symbols that can be pooled, before anything is split.

    Attributes
    ----------
    features, columns : tuple of Feature
        The resolved ones, and those of the matrix, which carries the indicators of learnable sets.
    pool : Pool
    members : mapping of symbol to Member
    history : SettledHistory
        Enough for each of them.
    unscaled : sequence of Feature
        See `unscaled_inputs`.
    trading : mapping of symbol to known-at moments and sessions
        Of the symbols to train on, if only hours in common count.
    left_out : mapping of symbol to str
        Symbols that could not be pooled, and why.
    only : SymbolRows or None
        Those of the only symbol, where there is one; the bars of many would take too much memory.
    """

    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    pool: Pool
    members: Mapping[str, Member]
    history: SettledHistory
    unscaled: Sequence[Feature]
    trading: Mapping[str, tuple[Int64s, Sessions | None]]
    left_out: Mapping[str, str]
    only: SymbolRows | None


def gather_pool(
    sources: PoolSources,
    strategy: Strategy,
    symbols: Sequence[str],
    held_out: Sequence[str] = (),
    leave_out: bool = False,
) -> GatheredPool:
    """Load, compute features and label, symbol by symbol.

    Parameters
    ----------
    sources : PoolSources
    strategy : Strategy
    symbols, held_out : sequence of str
        Symbols to train on, and those that the model is only tried on; each in any order.
    leave_out : bool
        Leave out those of `symbols` that cannot be pooled, as long as one is left.

    Raises
    ------
    DataNotFound, InvalidBars
        See `DataRepository.load`.
    InvalidInput
        If a symbol has too few bars. An error names all symbols that cannot be pooled.
    """
    features = resolve(strategy)
    columns = input_columns(features)
    everyone = sorted({*symbols, *held_out})
    failing: Failing = {}
    own = _own_features(sources.data, strategy, everyone, failing)
    unscaled = unscaled_inputs(features, own_inputs(features, [*own.values()]))
    base, spec = strategy.training_data.timeframes.base, model_spec(strategy)
    timed = set(symbols) - set(held_out) if strategy.training_data.alignment == "common_hours" else ()
    builder, members, trading = PoolBuilder(_room(sources, strategy, everyone, len(columns))), {}, {}
    for symbol in own:
        with noted(failing, symbol):
            rows = symbol_rows(sources.data, sources.engineer, strategy, symbol)
            bars = rows.market.base_bars
            steps = {step: (labels, rows.learnable_of(labels)) for step, labels in rows.steps.items()}
            builder.add(symbol, rows.matrix, rows.labels, bars.known_at, rows.learnable, steps)
            settled = SettledHistory.of(rows.features, base, spec.window)
            zero = all_zero_rows(features, unscaled, rows.matrix)
            members[symbol] = Member.of(rows, settled, spec.window, zero, spec.unbroken)
            if symbol in timed:
                trading[symbol] = bars.known_at, bars.sessions
    require_others(failing, everyone, symbols if leave_out else ())
    history = SettledHistory.of([*features, *chain.from_iterable(own[symbol] for symbol in members)], base, spec.window)
    pool = builder.build()
    only = replace(rows, matrix=pool.matrix_of(rows.symbol)) if len(everyone) == 1 else None
    return GatheredPool(features, columns, pool, members, history, unscaled, trading, reasons(failing), only)


def _room(
    sources: PoolSources, strategy: Strategy, symbols: Sequence[str], n_columns: int
) -> Callable[[int], Float32s]:
    """Return what gives the matrix its room when the first symbol's rows are there: for them alone, or for all."""

    def allocate(first: int) -> Float32s:
        several = len(symbols) > 1
        rows = sum(_most_rows(sources.data, strategy, symbol) for symbol in symbols) if several else first
        return sources.allocate(rows, n_columns)

    return allocate


def _own_features(
    data: DataRepository, strategy: Strategy, symbols: Sequence[str], failing: Failing
) -> dict[str, tuple[Feature, ...]]:
    """Return the features of each symbol whose overrides can be applied."""
    own = {}
    for symbol in symbols:
        with noted(failing, symbol):
            own[symbol] = resolve(own_strategy(data, strategy, symbol))
    return own


def _most_rows(data: DataRepository, strategy: Strategy, symbol: str) -> int:
    """Return how many base bars a symbol has at most: those of its file, or what its finer files can make.

    A session's first and last bar may be shorter than the others, so that twice the whole ones is a bound.
    """
    series = data.series(symbol)
    base = Timeframe(strategy.training_data.timeframes.base)
    own = [info.rows for info in series if info.timeframe == base]
    made = [min(info.rows, 2 * (info.last - info.first) // base.ns + 2) for info in series]
    return max(own or made, default=0)
