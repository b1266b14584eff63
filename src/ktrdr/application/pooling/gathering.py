"""Gathering: the rows of all symbols, streamed one symbol after the other into one matrix, and their common split."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain

import numpy as np

from ktrdr.application.own_strategy import own_strategy
from ktrdr.application.pipeline import SymbolRows, symbol_rows
from ktrdr.application.pooling.leaving_out import Failing, left_out_notes, noted, reasons, require_others
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.application.settling import Settling
from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.learnable import input_columns
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.features.settling import SettledHistory
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.bars import DataFingerprint
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.sessions import Int64s, Sessions
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.splits.split import PARTS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.effective import model_spec
from ktrdr.domain.training.pooling.adjustments import mixed_adjustments
from ktrdr.domain.training.pooling.hours import Calendar, TradingMoments, in_common_hours, kept_note
from ktrdr.domain.training.pooling.own_inputs import own_inputs
from ktrdr.domain.training.pooling.pool import Allocate, Pool, PoolBuilder
from ktrdr.domain.training.pooling.scales import all_zero_rows, unscaled_inputs, unscaled_notes
from ktrdr.domain.training.pooling.split import PooledSplit, pooled_split

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Member:
    """What is known of one symbol of a pool besides its rows.

    Attributes
    ----------
    facts : SymbolCharacteristics
    loaded : tuple of DataFingerprint
        What was read for it.
    origins : mapping of timeframe to str
        See `MarketData`.
    unlabelled, windowless, unsettled : int
        Rows without a label, without a whole window though with a label, and rows that depend on where the bars begin.
    zero_rows : float
        Share of its rows on which every membership over an unscaled input is 0.
    settling : Settling
    notes : tuple of str
    """

    facts: SymbolCharacteristics
    loaded: tuple[DataFingerprint, ...]
    origins: Mapping[str, str]
    unlabelled: int
    windowless: int
    unsettled: int
    zero_rows: float
    settling: Settling
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PreparedPool:
    """Everything of a pool that training and the dry run have in common.

    Attributes
    ----------
    features, columns : tuple of Feature
        See `Prepared`.
    pool : Pool
    split : PooledSplit
    members : mapping of symbol to Member
    history : SettledHistory
    warnings : tuple of str
        What ``--strict`` refuses.
    notes : tuple of str
    left_out : mapping of symbol to str
        Symbols that could not be pooled, and why.
    """

    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    pool: Pool
    split: PooledSplit
    members: Mapping[str, Member]
    history: SettledHistory
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: Mapping[str, str]


def prepare_pool(
    data: DataRepository,
    engineer: FeatureEngineer,
    strategy: Strategy,
    symbols: Sequence[str],
    held_out: Sequence[str],
    allocate: Allocate,
    calendar: Calendar | None = None,
    leave_out: bool = False,
) -> PreparedPool:
    """Load, compute features and label, symbol by symbol; then split all at one common cut.

    Parameters
    ----------
    data, engineer
        The ports.
    strategy : Strategy
    symbols, held_out : sequence of str
        Symbols to train on, and those that the model is only tried on; each in any order.
    allocate : callable
        Gives the matrix its room.
    calendar : callable, optional
        Says when markets are open before and after the bars of a symbol; without it those of the bars themselves do.
    leave_out : bool
        Leave out, with a warning, those of `symbols` that cannot be pooled, as long as one is left.

    Raises
    ------
    DataNotFound, InvalidBars
        See `DataRepository.load`.
    InvalidInput
        If a symbol has too few bars, or a part would be empty. An error names all symbols that cannot be pooled.
    """
    features = resolve(strategy)
    columns = input_columns(features)
    everyone = sorted({*symbols, *held_out})
    room = sum(_most_rows(data, strategy, symbol) for symbol in everyone)
    builder = PoolBuilder(allocate(room, len(columns)))
    failing: Failing = {}
    own = {}
    for symbol in everyone:
        with noted(failing, symbol):
            own[symbol] = resolve(own_strategy(data, strategy, symbol))
    risky = unscaled_inputs(features, own_inputs(features, [*own.values()]))
    base, window = strategy.training_data.timeframes.base, model_spec(strategy).window
    members, trading = {}, {}
    common_hours = strategy.training_data.alignment == "common_hours"
    for symbol in own:
        with noted(failing, symbol):
            rows = symbol_rows(data, engineer, strategy, symbol)
            usable = np.ones(len(rows.matrix), dtype=np.bool_) if rows.whole is None else rows.whole
            builder.add(symbol, rows.matrix, rows.labels, rows.market.base_bars.known_at, usable)
            settled = SettledHistory.of(rows.features, base, window)
            members[symbol] = _member(rows, settled, all_zero_rows(features, risky, rows.matrix))
            if common_hours and symbol not in held_out:
                trading[symbol] = rows.market.base_bars.known_at, rows.market.base_bars.sessions
    require_others(failing, everyone, symbols if leave_out else ())
    left_out = reasons(failing)
    history = SettledHistory.of([*features, *chain.from_iterable(own[symbol] for symbol in members)], base, window)
    pool = builder.build()
    hours_note: tuple[str, ...] = ()
    if common_hours:
        everything = pool
        pool = in_common_hours(pool, _trading_moments(pool, base, members, trading, calendar))
        hours_note = (kept_note(everything, pool),)
    shares = strategy.split
    split = pooled_split(pool, (shares.train, shares.validation, shares.test), shares.embargo_bars, frozenset(held_out))
    log.info("split", extra={"rows": len(pool), **{name: len(getattr(split, name)) for name in PARTS}})
    unsettled, mostly_unsettled = _unsettled_findings(pool, split, members)
    warnings = (
        *left_out_notes(left_out, len(everyone)),
        *unscaled_notes(risky, {symbol: member.zero_rows for symbol, member in members.items()}),
        *mixed_adjustments({symbol: member.facts.adjustment for symbol, member in members.items()}),
        *unsettled,
    )
    notes = (*_own_notes(members), *hours_note, *split.notes(held_out), *mostly_unsettled)
    return PreparedPool(features, columns, pool, split, members, history, warnings, notes, left_out)


def _trading_moments(
    pool: Pool,
    base: str,
    members: Mapping[str, Member],
    own: Mapping[str, tuple[Int64s, Sessions | None]],
    calendar: Calendar | None,
) -> dict[str, TradingMoments]:
    """Return when each symbol trades, its calendar asked over the span of the whole pool."""
    first, last = int(pool.known_at.min()), int(pool.known_at.max())
    found = {}
    for symbol, (known_at, own_sessions) in own.items():
        sessions = own_sessions
        if own_sessions is not None and calendar is not None:
            with suppress(InvalidInput, Unavailable):
                sessions = calendar(members[symbol].facts.calendar, first, last)
        found[symbol] = TradingMoments(known_at, Timeframe(base), sessions)
    return found


def _unsettled_findings(
    pool: Pool, split: PooledSplit, members: Mapping[str, Member]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return what is to be warned about, and noted, of the rows that each symbol has in the parts."""
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    for symbol, member in members.items():
        train, test = (pool.base_rows[split.own(pool, symbol, name)] for name in ("train", "test"))
        warned, noted_too = member.settling.findings(train if symbol in split.seen else train[:0], test)
        warnings, notes = (*warnings, *warned), (*notes, *noted_too)
    return warnings, notes


def _own_notes(members: Mapping[str, Member]) -> tuple[str, ...]:
    """Return what is to be said of the symbols, once, with the symbol where the sentence does not name it."""
    about: dict[str, list[str]] = {}
    for symbol, member in members.items():
        for note in member.notes:
            about.setdefault(note, []).append(symbol)
    return tuple(
        note if symbols[0] in note.split() or len(symbols) == len(members) else f"{', '.join(symbols)}: {note}"
        for note, symbols in about.items()
    )


def _most_rows(data: DataRepository, strategy: Strategy, symbol: str) -> int:
    """Return how many base bars a symbol has at most: those of its file, or what its finer files can make.

    A session's first and last bar may be shorter than the others, so that twice the whole ones is a bound.
    """
    series = data.series(symbol)
    base = Timeframe(strategy.training_data.timeframes.base)
    own = [info.rows for info in series if info.timeframe == base]
    made = [min(info.rows, 2 * (info.last - info.first) // base.ns + 2) for info in series]
    return max(own or made, default=0)


def _member(rows: SymbolRows, history: SettledHistory, zero_rows: float) -> Member:
    matrix, labels, market = rows.matrix, rows.labels, rows.market
    labelled = labels.end_rows[matrix.base_rows] != NO_LABEL
    windowless = 0 if rows.whole is None else int((labelled & ~rows.whole).sum())
    settling = Settling.of(history, market)
    return Member(
        market.characteristics,
        market.loaded,
        dict(market.origins),
        int((~labelled).sum()),
        windowless,
        int((labelled & (matrix.base_rows < settling.first)).sum()),
        zero_rows,
        settling,
        rows.notes,
    )
