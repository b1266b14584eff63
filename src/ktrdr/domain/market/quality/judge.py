"""Findings of series and pools, by the table and what somebody says of its rules."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Finding, kept_places
from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits
from ktrdr.domain.market.quality.rule import Scope
from ktrdr.domain.market.quality.table import RULES
from ktrdr.domain.market.quality.together import PoolSymbol

TOGETHER = "the symbols together"


def findings(
    bars: Bars, facts: SymbolCharacteristics | None = None, limits: QualityLimits = DEFAULT_LIMITS
) -> tuple[Finding, ...]:
    """Return what the rules find in one series, in the order of the table; nothing in an empty one."""
    if not len(bars):
        return ()
    return tuple(_found("series", Evidence(bars, facts), f"{bars.symbol} {bars.timeframe}", limits))


def symbol_findings(series: Sequence[Bars], limits: QualityLimits = DEFAULT_LIMITS) -> tuple[Finding, ...]:
    """Return what the rules find in the series of one symbol together."""
    ordered = sorted((bars for bars in series if len(bars)), key=lambda bars: bars.timeframe)
    return tuple(_found("symbol", ordered, ordered[0].symbol, limits)) if len(ordered) > 1 else ()


def pool_findings(pool: Mapping[str, PoolSymbol], limits: QualityLimits = DEFAULT_LIMITS) -> tuple[Finding, ...]:
    """Return what the rules find in the symbols of a pool together."""
    return tuple(_found("pool", pool, TOGETHER, limits)) if len(pool) > 1 else ()


def context_findings(series: ContextSeries, limits: QualityLimits = DEFAULT_LIMITS) -> tuple[Finding, ...]:
    """Return what the rules find in a series beside the bars."""
    return tuple(_found("context", series, f"context data {series.key}", limits))


def quality_warnings(bars: Bars, facts: SymbolCharacteristics | None = None) -> tuple[str, ...]:
    """Return one plain sentence for each warning and error in these bars; none if nothing is odd."""
    return tuple(one.sentence for one in findings(bars, facts) if one.severity != "info")


def _found(scope: Scope, about: Any, series: str, limits: QualityLimits) -> Iterator[Finding]:
    for rule in RULES.values():
        if rule.scope != scope or limits.action(rule) == "off":
            continue
        found = rule.find(about, limits.limit(rule))
        if found is not None:
            refused = limits.action(rule) == "refuse"
            yield Finding(
                rule.id, rule.severity, series, found.count, found.of, kept_places(found), found.example,
                found.sentence, rule.advice, refused,
            )  # fmt: skip
