"""Steps between bars that do not fit the timeframe in the series' name."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, bar_text, marked
from ktrdr.domain.market.spacing import much_wider

_ENOUGH_BARS = 10


def misnamed_timeframe(evidence: Evidence, _: float) -> Found | None:
    """Find a series whose bars mostly lie twice its timeframe apart, or more."""
    bars = evidence.bars
    sentence = much_wider(bars) if len(bars) > _ENOUGH_BARS else None
    return None if sentence is None else Found(len(bars), len(bars), bars.stamps[:1], sentence, bar_text(bars, 1))


def uneven_steps(evidence: Evidence, limit: float) -> Found | None:
    """Find bars within a session that begin at other times than whole timeframes after its second bar."""
    bars, session = evidence.bars, evidence.session
    if evidence.sessions is None or not bars.timeframe.intraday:
        return None
    uneven = np.diff(bars.stamps, prepend=bars.stamps[0]) % bars.timeframe.ns != 0
    together = np.diff(session, prepend=-1) == 0
    second = together.copy()
    second[1:] &= ~together[:-1]
    marks = uneven & together & ~second & (session >= 0)
    if evidence.sessions.breaks is not None:
        stops, resumes = evidence.sessions.breaks[np.maximum(session, 0)].T
        marks[1:] &= ~((bars.stamps[:-1] < resumes[1:]) & (bars.stamps[1:] >= stops[1:]) & (stops < resumes)[1:])
    text = f"begin at odd times for bars of {bars.timeframe}"
    return marked(bars, marks, text) if marks.mean() > limit else None
