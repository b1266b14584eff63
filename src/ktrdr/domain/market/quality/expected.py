"""How many bars a calendar lets expect."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe


def expected_bars(sessions: Sessions, some: slice, timeframe: Timeframe) -> Int64s:
    """Return the bars that each of some sessions should have: one, or what fits into it without its pause."""
    opens, closes = sessions.opens[some], sessions.closes[some]
    if not timeframe.intraday:
        return np.ones(len(opens), dtype=np.int64)
    pauses = np.stack((closes, closes), axis=1) if sessions.breaks is None else sessions.breaks[some]
    parts: Int64s = -((opens - pauses[:, 0]) // timeframe.ns) - ((pauses[:, 1] - closes) // timeframe.ns)
    return parts
