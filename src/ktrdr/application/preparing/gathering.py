"""Gathering: the rows of all symbols, streamed one symbol after the other into one matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.preparing.leaving_out import Failing, noted, reasons, require_others
from ktrdr.application.preparing.members import Member
from ktrdr.application.preparing.own_strategy import own_strategy
from ktrdr.application.preparing.rows import symbol_rows
from ktrdr.domain.arrays import Int64s
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
        See `Prepared`.
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
    """

    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    pool: Pool
    members: Mapping[str, Member]
    history: SettledHistory
    unscaled: Sequence[Feature]
    trading: Mapping[str, tuple[Int64s, Sessions | None]]
    left_out: Mapping[str, str]


def gather_pool(
    sources: PoolSources, strategy: Strategy, symbols: Sequence[str], held_out: Sequence[str], leave_out: bool
) -> GatheredPool:
    """Load, compute features and label, symbol by symbol; parameters and errors are those of `prepare_pool`."""
    features = resolve(strategy)
    columns = input_columns(features)
    everyone = sorted({*symbols, *held_out})
    room = sum(_most_rows(sources.data, strategy, symbol) for symbol in everyone)
    builder = PoolBuilder(sources.allocate(room, len(columns)))
    failing: Failing = {}
    own = _own_features(sources.data, strategy, everyone, failing)
    unscaled = unscaled_inputs(features, own_inputs(features, [*own.values()]))
    base, window = strategy.training_data.timeframes.base, model_spec(strategy).window
    timed = set(symbols) - set(held_out) if strategy.training_data.alignment == "common_hours" else ()
    members, trading = {}, {}
    for symbol in own:
        with noted(failing, symbol):
            rows = symbol_rows(sources.data, sources.engineer, strategy, symbol)
            bars = rows.market.base_bars
            usable = np.ones(len(rows.matrix), dtype=np.bool_) if rows.whole is None else rows.whole
            builder.add(symbol, rows.matrix, rows.labels, bars.known_at, usable)
            settled = SettledHistory.of(rows.features, base, window)
            members[symbol] = Member.of(rows, settled, all_zero_rows(features, unscaled, rows.matrix))
            if symbol in timed:
                trading[symbol] = bars.known_at, bars.sessions
    require_others(failing, everyone, symbols if leave_out else ())
    history = SettledHistory.of([*features, *chain.from_iterable(own[symbol] for symbol in members)], base, window)
    return GatheredPool(features, columns, builder.build(), members, history, unscaled, trading, reasons(failing))


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
