"""Steps between bars that do not fit the timeframe in the series' name."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.market.quality.evidence import Evidence
from ktrdr.domain.market.quality.finding import Found, bar_text, marked
from ktrdr.domain.market.timeframe import NS_PER_MINUTE

_ENOUGH_STEPS = 10


def misnamed_timeframe(evidence: Evidence, limit: float) -> Found | None:
    """Find a series whose usual step is many times its timeframe."""
    bars = evidence.bars
    if evidence.sessions is None or bars.timeframe.intraday:
        together = np.diff(evidence.session) == 0 if evidence.sessions is not None else np.ones(len(bars) - 1, bool)
        steps = np.diff(bars.stamps)[together] / bars.timeframe.ns
    else:
        steps = np.diff(evidence.traded).astype(np.float64)
    if len(steps) < _ENOUGH_STEPS:
        return None
    usual = float(np.median(steps))
    if usual <= limit:
        return None
    minutes = usual * bars.timeframe.ns / NS_PER_MINUTE
    said = f"{minutes:g} minutes" if bars.timeframe.intraday else f"{usual:g} bars of {bars.timeframe}"
    sentence = f"its usual step is {said}, not {bars.timeframe}: is the timeframe misnamed?"
    return Found(len(bars), len(bars), bars.stamps[:1], sentence, bar_text(bars, 1))


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
