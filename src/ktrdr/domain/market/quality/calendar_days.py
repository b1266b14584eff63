"""Bars on days, and at hours, at which the calendar says that nothing trades."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Bools
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, marked
from ktrdr.domain.market.timeframe import NS_PER_DAY

_NEAR = NS_PER_DAY // 4


def closed_days(evidence: Evidence, limit: float) -> Found | None:
    """Find bars on holidays and weekends: of days without a session, and six hours or more away from one."""
    marks = _on_closed_days(evidence)
    return marked(evidence.bars, marks, "lie on days without a session") if marks.mean() > limit else None


def outside_hours(evidence: Evidence, limit: float) -> Found | None:
    """Find intraday bars before the open and after the close."""
    if evidence.sessions is None:
        return None
    marks = (evidence.session < 0) & ~_on_closed_days(evidence)
    return marked(evidence.bars, marks, "lie outside the hours of their session") if marks.mean() > limit else None


def _on_closed_days(evidence: Evidence) -> Bools:
    sessions, outside = evidence.sessions, evidence.session < 0
    if sessions is None:
        return np.zeros(len(outside), dtype=np.bool_)
    if not evidence.bars.timeframe.intraday:
        return outside
    stamps = evidence.bars.stamps[outside]
    days = wall_time(stamps, sessions.time_zone) // NS_PER_DAY * NS_PER_DAY
    own = np.isin(days, sessions.dates)
    after = np.searchsorted(sessions.opens, stamps)
    to_open = sessions.opens[np.minimum(after, len(sessions.opens) - 1)] - stamps
    from_close = stamps - sessions.closes[np.maximum(after - 1, 0)]
    near = (np.abs(to_open) < _NEAR) | (np.abs(from_close) < _NEAR)
    closed = np.zeros(len(outside), dtype=np.bool_)
    closed[outside] = ~own & ~near
    return closed
