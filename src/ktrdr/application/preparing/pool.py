"""Preparing a pool: its rows gathered, their common hours, their common split, and what is to be said of them."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ktrdr.application.preparing.gathering import GatheredPool, PoolSources, gather_pool
from ktrdr.application.preparing.leaving_out import left_out_notes
from ktrdr.application.preparing.members import Member, own_notes, unsettled_findings
from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.settling import SettledHistory
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.splits.split import PARTS
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.pool.adjustments import mixed_adjustments
from ktrdr.domain.training.pool.hours import Calendar, TradingMoments, in_common_hours, kept_note
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.pool.scales import unscaled_notes
from ktrdr.domain.training.pool.split import PooledSplit, pooled_split

log = logging.getLogger(__name__)


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
    sources: PoolSources,
    strategy: Strategy,
    symbols: Sequence[str],
    held_out: Sequence[str] = (),
    leave_out: bool = False,
) -> PreparedPool:
    """Load, compute features and label, symbol by symbol; then split all at one common cut.

    Parameters
    ----------
    sources : PoolSources
    strategy : Strategy
    symbols, held_out : sequence of str
        Symbols to train on, and those that the model is only tried on; each in any order.
    leave_out : bool
        Leave out, with a warning, those of `symbols` that cannot be pooled, as long as one is left.

    Raises
    ------
    DataNotFound, InvalidBars
        See `DataRepository.load`.
    InvalidInput
        If a symbol has too few bars, or a part would be empty. An error names all symbols that cannot be pooled.
    """
    gathered = gather_pool(sources, strategy, symbols, held_out, leave_out)
    pool, hours_note = _in_hours(gathered, strategy, sources.calendar)
    shares = strategy.split
    split = pooled_split(pool, (shares.train, shares.validation, shares.test), shares.embargo_bars, frozenset(held_out))
    log.info("split", extra={"rows": len(pool), **{name: len(getattr(split, name)) for name in PARTS}})
    members, left_out = gathered.members, gathered.left_out
    unsettled, mostly_unsettled = unsettled_findings(pool, split, members)
    warnings = (
        *left_out_notes(left_out, len(members) + len(left_out)),
        *unscaled_notes(gathered.unscaled, {symbol: member.zero_rows for symbol, member in members.items()}),
        *mixed_adjustments({symbol: member.facts.adjustment for symbol, member in members.items()}),
        *unsettled,
    )
    notes = (*own_notes(members), *hours_note, *split.notes(held_out), *mostly_unsettled)
    return PreparedPool(
        gathered.features, gathered.columns, pool, split, members, gathered.history, warnings, notes, left_out
    )


def _in_hours(gathered: GatheredPool, strategy: Strategy, calendar: Calendar | None) -> tuple[Pool, tuple[str, ...]]:
    """Return the pool with what is to be learnt from by the strategy's alignment, and what is to be noted of that."""
    pool = gathered.pool
    if strategy.training_data.alignment != "common_hours":
        return pool, ()
    base = Timeframe(strategy.training_data.timeframes.base)
    kept = in_common_hours(pool, _trading_moments(gathered, base, calendar))
    return kept, (kept_note(pool, kept),)


def _trading_moments(gathered: GatheredPool, base: Timeframe, calendar: Calendar | None) -> dict[str, TradingMoments]:
    """Return when each symbol trades, its calendar asked over the span of the whole pool."""
    pool = gathered.pool
    first, last = int(pool.known_at.min()), int(pool.known_at.max())
    found = {}
    for symbol, (known_at, own_sessions) in gathered.trading.items():
        sessions = own_sessions
        if own_sessions is not None and calendar is not None:
            with suppress(InvalidInput, Unavailable):
                sessions = calendar(gathered.members[symbol].facts.calendar, first, last)
        found[symbol] = TradingMoments(known_at, base, sessions)
    return found
