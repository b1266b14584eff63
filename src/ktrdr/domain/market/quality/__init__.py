"""How good bars are: a table of rules, and what they find, as data."""

from ktrdr.domain.market.quality.finding import Finding, Severity
from ktrdr.domain.market.quality.judge import (
    context_findings,
    findings,
    pool_findings,
    quality_warnings,
    symbol_findings,
)
from ktrdr.domain.market.quality.limits import DEFAULT_LIMITS, QualityLimits, limit_problems, read_limits
from ktrdr.domain.market.quality.table import RULES
from ktrdr.domain.market.quality.together import PoolSymbol

__all__ = [
    "DEFAULT_LIMITS",
    "RULES",
    "Finding",
    "PoolSymbol",
    "QualityLimits",
    "Severity",
    "context_findings",
    "findings",
    "limit_problems",
    "pool_findings",
    "quality_warnings",
    "read_limits",
    "symbol_findings",
]
