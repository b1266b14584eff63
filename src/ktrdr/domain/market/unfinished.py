"""Bars that are not over at a moment: what they say may still change."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.market.bars import Bars, iso


def is_over(known_at: Int64s, now: int) -> NDArray[np.bool_]:
    """Return which bars are over at a moment (UTC nanoseconds), to the nanosecond: shape (n,), as `known_at`."""
    return known_at <= now


def unfinished_warnings(bars: Bars, now: int) -> tuple[str, ...]:
    """Return one sentence that names the bars that are not over at a moment (UTC nanoseconds); none where all are."""
    early = np.flatnonzero(~is_over(bars.known_at, now))
    if not len(early):
        return ()
    first = early[0]
    more = f" (and {len(early) - 1} more)" if len(early) > 1 else ""
    sentence = (
        f"{bars.symbol} {bars.timeframe}: the bar of {iso(bars.stamps[first])}{more} is not over before "
        f"{iso(bars.known_at[first])}, and it is {iso(now)}: what it says may still change"
    )
    return (sentence,)
