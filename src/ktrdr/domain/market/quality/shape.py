"""Prices that contradict each other within a bar, and columns that were swapped."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, bar_text, marked

_ENOUGH_BARS = 30
_NEARER = 0.7


def worthless(evidence: Evidence, limit: float) -> Found | None:
    """Find prices at or below 0."""
    marks = np.logical_or.reduce([price <= 0 for price in evidence.prices])
    return marked(evidence.bars, marks, "have a price at or below 0") if marks.mean() > limit else None


def body_outside(evidence: Evidence, limit: float) -> Found | None:
    """Find an open or close outside low and high, by more than rounding; not where columns are swapped."""
    marks = evidence.outside
    if marks.mean() <= limit or swapped_columns(evidence, 0.5) is not None:
        return None
    return marked(evidence.bars, marks, "have an open or close outside low and high")


def swapped_columns(evidence: Evidence, limit: float) -> Found | None:
    """Find open or close outside low and high on most bars, or a close that continues the open of the bar before."""
    bars, moving = evidence.bars, evidence.bars.high > evidence.bars.low
    outside = evidence.outside
    spread = moving | outside
    if int(spread.sum()) < _ENOUGH_BARS:
        return None
    if outside.sum() > limit * spread.sum():
        row = int(outside.argmax())
        said = (
            f"{int(outside.sum())} of {len(bars)} bars have an open or close outside low and high: are columns swapped?"
        )
        return Found(int(outside.sum()), len(bars), bars.stamps[outside], said, bar_text(bars, row))
    crossed = np.abs(bars.close[1:] - bars.open[:-1])[moving[1:]]
    straight = np.abs(bars.open[1:] - bars.close[:-1])[moving[1:]]
    if np.median(crossed) >= _NEARER * np.median(straight):
        return None
    said = "closes lie nearer to the open of the bar before than opens to its close: are open and close swapped?"
    return Found(len(bars), len(bars), bars.stamps[:1], said, bar_text(bars, 0))


def closes_only(evidence: Evidence, limit: float) -> Found | None:
    """Find a series of which most bars have one price only."""
    flat = np.logical_and.reduce([price == evidence.bars.open for price in evidence.prices])
    return marked(evidence.bars, flat, "have one price for open, high, low and close") if flat.mean() > limit else None
