"""Whether clock times without a zone were taken for UTC and are those of another zone."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import CATALOGUE_NAME
from ktrdr.domain.market.clocks import moments_of
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe

_FEW, _NEARLY_NONE = 0.2, 0.02
_ZONES = (
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Europe/London"),
    *("Europe/Berlin", "Europe/Athens", "Europe/Moscow", "Asia/Dubai", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo"),
    *("Australia/Adelaide", "Australia/Sydney", *(f"Etc/GMT{hours:+d}" for hours in range(-14, 13) if hours)),
)


def require_zone(bars: Bars, sessions: Sessions) -> None:
    """Refuse intraday bars whose times were taken for UTC, where those of another zone fit the sessions.

    Only where more than a fifth of them lie outside the sessions, and nearly all inside on the clock of a zone: the
    venue's own, another one, or one that is whole hours away from UTC.

    Raises
    ------
    InvalidBars
        The message names the zone that would be right.
    """
    assumed = bars.reading is not None and bars.reading.zone_from == "assumed"
    if not assumed or not bars.timeframe.intraday or sessions.continuous or not len(sessions.dates):
        return
    outside = _outside(bars.stamps, bars.timeframe, sessions)
    zone = _fitting(bars, sessions) if outside > _FEW else None
    if zone is None:
        return
    row = int((sessions.locate(bars.stamps, bars.timeframe) < 0).argmax())
    raise InvalidBars(
        f"{bars.source}: the times name no time zone and were taken for UTC, but then {outside:.0%} of the bars lie "
        f"outside the sessions of {bars.symbol}, such as {bars.place_of(row)}; the time zone {zone} "
        f"puts them inside: say --time-zone {zone} at import, or stamp_zone: {zone} in {CATALOGUE_NAME}"
    )


def _fitting(bars: Bars, sessions: Sessions) -> str | None:
    """Return the first zone on whose clock nearly all bars lie inside the sessions, the venue's own before all."""
    for zone in dict.fromkeys((sessions.time_zone, *_ZONES)):
        moments = moments_of(bars.stamps, zone)
        if _outside(moments, bars.timeframe, sessions) <= _NEARLY_NONE:
            return zone
    return None


def _outside(moments: Int64s, timeframe: Timeframe, sessions: Sessions) -> float:
    return float(np.mean(sessions.locate(moments, timeframe) < 0))
