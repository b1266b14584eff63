"""Preparing a job: the rows of its symbols gathered, their common hours, their common split, and what is to be said."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from ktrdr.application.preparing.gathering import GatheredPool, PoolSources, gather_pool
from ktrdr.application.preparing.labelling import naming_scarcity
from ktrdr.application.preparing.leaving_out import left_out_notes
from ktrdr.application.preparing.market_data import MarketData
from ktrdr.application.preparing.members import Member, own_notes, own_quality, scarcities, unsettled_findings
from ktrdr.application.preparing.rows import SymbolRows
from ktrdr.application.preparing.warm_start import WarmStart
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidInput, Unavailable
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.features.settling import SettledHistory
from ktrdr.domain.market.quality.finding import Finding
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.splits.parted import PARTS, Parted, absent_notes
from ktrdr.domain.splits.spans import Splitter
from ktrdr.domain.splits.temporal import CutAt, TemporalHoldout
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.training.plan import TrainingJob
from ktrdr.domain.training.pool.hours import Calendar, TradingMoments, in_common_hours, kept_note
from ktrdr.domain.training.pool.pool import Pool
from ktrdr.domain.training.pool.scales import unscaled_notes

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Everything of a job that training, the dry run and the export have in common: a pool of one or more symbols.

    Attributes
    ----------
    features, columns : tuple of Feature
        The resolved ones, and those of the matrix, which carries the indicators of learnable sets.
    pool : Pool
        Its values as they were computed; nobody writes to them.
    split : Parted
    members : mapping of symbol to Member
    history : SettledHistory
    warnings : tuple of str
        What ``--strict`` refuses.
    notes : tuple of str
        What should be said aloud.
    left_out : mapping of symbol to str
        Symbols that could not be pooled, and why.
    only : SymbolRows or None
        See `GatheredPool`.
    quality : tuple of Finding
        What the rules of data quality find in every series that was read, and in the symbols together.
    steps : mapping of int to Prepared
        The same with the labels of each number of bars ahead, where several are forecast, cut at the same moments and
        purged by their own spans.
    """

    features: tuple[Feature, ...]
    columns: tuple[Feature, ...]
    pool: Pool
    split: Parted
    members: Mapping[str, Member]
    history: SettledHistory
    warnings: tuple[str, ...]
    notes: tuple[str, ...]
    left_out: Mapping[str, str]
    only: SymbolRows | None
    quality: tuple[Finding, ...] = ()
    steps: Mapping[int, Prepared] = field(default_factory=dict)

    @property
    def seen(self) -> tuple[str, ...]:
        """The symbols that are trained on."""
        return tuple(self.pool.symbols[place] for place in self.split.seen)

    @property
    def market(self) -> MarketData:
        """The bars of the only symbol."""
        assert self.only is not None
        return self.only.market

    def own(self, symbol: str, part: str) -> Int64s:
        """Return the rows of one symbol in ``train``, ``validation`` or ``test``, be it trained on or not."""
        return self.split.of(self.pool.rows_of(symbol), part)

    def step_splits(self) -> dict[str, Any]:
        """Return rows of the parts and purged rows of each step, as plain values; empty where one is forecast."""
        reports = {str(step): own.split.report() for step, own in self.steps.items()}
        return {
            step: {"rows": {name: part["rows"] for name, part in found["parts"].items()}, "purged": found["purged"]}
            for step, found in reports.items()
        }

    def total(self, count: str) -> int:
        """Return a count of `Member.rows` over all symbols."""
        return sum(member.rows[count] for member in self.members.values())


def prepare(sources: PoolSources, job: TrainingJob, start: WarmStart | None = None) -> Prepared:
    """Load, compute features and label, symbol by symbol; then split all at one common cut.

    Parameters
    ----------
    sources : PoolSources
    job : TrainingJob
    start : WarmStart, optional
        What the model begins with: rows are cut where that was.

    Raises
    ------
    DataNotFound, InvalidBars
        See `DataRepository.load`.
    InvalidInput
        If a symbol has too few bars, or a part would be empty. An error names all symbols that cannot be pooled.
    """
    strategy, request = job.strategy, job.request
    gathered = gather_pool(sources, strategy, job.symbols, request.hold_out, request.leave_out)
    pool, hours_note = in_hours(gathered, strategy, sources.calendar) if job.pooled else (gathered.pool, ())
    with naming_scarcity(scarcities(gathered.members)):
        (split,) = _splitter(job, pool, start)(pool.spans)
    log.info("split", extra={"rows": len(pool), **{name: len(getattr(split, name)) for name in PARTS}})
    members, counts = gathered.members, split.counts(pool.blocks)
    unsettled, mostly_unsettled = unsettled_findings(pool, split, members)
    quality = own_quality(members, strategy.quality)
    odd = tuple(finding.said for finding in quality if finding.severity != "info")
    warnings = (*odd, *_of_pooling(gathered), *unsettled) if job.pooled else (*odd, *unsettled)
    said = (finding.said for finding in quality if finding.severity == "info")
    notes = (*own_notes(members), *said, *hours_note, *absent_notes(counts, request.hold_out), *mostly_unsettled)
    prepared = Prepared(
        gathered.features,
        gathered.columns,
        pool,
        split,
        members,
        gathered.history,
        warnings,
        notes,
        gathered.left_out,
        gathered.only,
        quality,
    )
    return replace(prepared, steps={step: _at_step(prepared, job, step) for step in pool.steps})


def _at_step(prepared: Prepared, job: TrainingJob, step: int) -> Prepared:
    pool, split = prepared.pool.at_step(step), prepared.split
    where = f"step {step} of training.forecast_steps"
    (own,) = CutAt(split.cuts, split.embargo_bars, where, _held_out(job, pool))(pool.spans)
    return replace(prepared, pool=pool, split=own, only=None)


def _held_out(job: TrainingJob, pool: Pool) -> frozenset[int]:
    return frozenset(pool.symbols.index(symbol) for symbol in job.request.hold_out if symbol in pool.symbols)


def _splitter(job: TrainingJob, pool: Pool, start: WarmStart | None) -> Splitter:
    shares = job.strategy.split
    if start is not None:
        return CutAt(start.cuts, shares.embargo_bars, start.reference)
    wanted = (shares.train, shares.validation, shares.test)
    return TemporalHoldout(wanted, shares.embargo_bars, _held_out(job, pool))


def _of_pooling(gathered: GatheredPool) -> tuple[str, ...]:
    """Return what is to be warned about where symbols share one model."""
    members, left_out = gathered.members, gathered.left_out
    return (
        *left_out_notes(left_out, len(members) + len(left_out)),
        *unscaled_notes(gathered.unscaled, {symbol: member.zero_rows for symbol, member in members.items()}),
    )


def in_hours(gathered: GatheredPool, strategy: Strategy, calendar: Calendar | None) -> tuple[Pool, tuple[str, ...]]:
    """Return the pool of a universal model with what its strategy's alignment lets learn from, and a note of that.

    Raises
    ------
    InvalidInput
        If no row is left.
    """
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
