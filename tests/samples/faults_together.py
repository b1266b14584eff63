"""Faults planted where several series are needed to see them: timeframes, pools, and series beside the bars."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.quality.judge import context_findings, pool_findings, symbol_findings
from ktrdr.domain.market.quality.together import PoolSymbol
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from samples.faults import Case, Rng, places

COARSER = {"1m": "15m", "5m": "1h", "15m": "1h", "1h": "1d"}
Counts = tuple[int, int, int, int]
Group = Callable[[Rng, int, Sequence[Case]], Counts]


def timeframes_disagree(rng: Rng, count: int, cases: Sequence[Case]) -> Counts:
    """Scale one of two timeframes before, or after, a random bar, as an adjustment would."""
    pairs = [(case.bars, _coarse(case.bars)) for case in cases if str(case.bars.timeframe) in COARSER]
    pairs = [(fine, coarse) for fine, coarse in pairs if len(coarse) > 60]
    found = 0
    for _ in range(count):
        fine, coarse = pairs[int(rng.integers(len(pairs)))]
        row = int(places(rng, Case(coarse, None), 1)[0])  # type: ignore[arg-type]
        factor = float(rng.choice([0.5, 0.25, 0.9, 0.97, 2.0, 1.05]))
        rows = np.arange(len(coarse)) < row if row > len(coarse) // 2 else np.arange(len(coarse)) >= row
        scaled = {name: np.where(rows, 1, factor) * getattr(coarse, name) for name in ("open", "high", "low", "close")}
        found += "timeframes_disagree" in rules_of(symbol_findings([fine, replace(coarse, **scaled)]))
    wrong = sum("timeframes_disagree" in rules_of(symbol_findings(pair)) for pair in pairs)
    return count, found, len(pairs), wrong


def _coarse(bars: Bars) -> Bars:
    return resample(bars, Timeframe(COARSER[str(bars.timeframe)]))


def mixed_adjustments(rng: Rng, count: int, cases: Sequence[Case]) -> Counts:
    """Adjust some symbols of a pool otherwise."""
    found = wrong = 0
    for _ in range(count):
        pool = stocks(rng, int(rng.integers(2, 30)), "splits")
        wrong += "mixed_adjustments" in rules_of(pool_findings(pool))
        other = str(rng.choice(["splits and dividends", "none"]))
        few = rng.choice(list(pool), size=int(rng.integers(1, len(pool))), replace=False)
        pool |= {str(name): replace(pool[str(name)], adjustment=other) for name in few}
        found += "mixed_adjustments" in rules_of(pool_findings(pool))
    return count, found, count, wrong


def survivorship(rng: Rng, count: int, cases: Sequence[Case]) -> Counts:
    """Leave those stocks out of a pool that end before the others."""
    found = wrong = 0
    for _ in range(count):
        pool = stocks(rng, int(rng.integers(6, 60)), "")
        found += "survivorship" in rules_of(pool_findings(pool))
        for name in rng.choice(list(pool), size=int(rng.integers(1, 5)), replace=False):
            ends = pool[str(name)].last - int(rng.integers(40, 3_000)) * NS_PER_DAY
            pool[str(name)] = replace(pool[str(name)], last=ends)
        wrong += "survivorship" in rules_of(pool_findings(pool))
    return count, found, count, wrong


def stocks(rng: Rng, count: int, adjustment: str) -> dict[str, PoolSymbol]:
    """Return a pool of stocks that all end within a week, four to thirty years after they begin."""
    end = int(np.datetime64("2024-06-28", "ns").astype(np.int64))
    first = end - int(rng.integers(4 * 365, 30 * 365)) * NS_PER_DAY
    return {
        f"S{place}": PoolSymbol("stock", adjustment, first, end - int(rng.integers(0, 7)) * NS_PER_DAY)
        for place in range(count)
    }


def context_early(rng: Rng, count: int, cases: Sequence[Case]) -> Counts:
    """Publish the value of a month, or of a quarter, before it is over; good is one to sixty days after its end."""
    found = wrong = 0
    for _ in range(count):
        months = np.arange("1990-01", "2024-01", int(rng.choice([1, 3])), dtype="datetime64[M]")
        begins = months.astype("datetime64[ns]").astype(np.int64)[: int(rng.integers(20, 130))]
        period = np.diff(begins, append=begins[-1] + (begins[1] - begins[0]))
        good = begins + period + int(rng.integers(1, 61)) * NS_PER_DAY
        early = begins + (period * rng.uniform(0, 0.9)).astype(np.int64)
        wrong += "context_early" in rules_of(context_findings(published(good, begins)))
        found += "context_early" in rules_of(context_findings(published(early, begins)))
    return count, found, count, wrong


def published(known_at: np.ndarray, observed: np.ndarray) -> ContextSeries:
    """Return a series of rising values."""
    values = {"value": np.arange(len(observed), dtype=float)}
    return ContextSeries.published("fred", "X", known_at, values, observed=observed)


def rules_of(found: Sequence[object]) -> set[str]:
    """Return the ids of the rules that found something."""
    return {finding.rule for finding in found}  # type: ignore[attr-defined]


GROUPS: Mapping[str, Group] = {
    name: globals()[name] for name in ("timeframes_disagree", "mixed_adjustments", "survivorship", "context_early")
}
"""How many are planted, found, good, and blamed, by the rule."""
