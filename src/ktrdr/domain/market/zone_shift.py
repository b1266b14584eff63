"""Whether clock times without a zone were taken for UTC and are those of another zone."""

from __future__ import annotations

import numpy as np

from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import CATALOGUE_NAME
from ktrdr.domain.market.clocks import moments_of, wall_time
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, NS_PER_MINUTE, Timeframe

_FEW, _NEARLY_NONE = 0.2, 0.02
_WAKING = (4 * 60 * NS_PER_MINUTE, 20 * 60 * NS_PER_MINUTE)
"""Times of day between which exchanges trade before and after hours."""
_ZONES = (
    *("America/New_York", "America/Chicago", "America/Los_Angeles", "America/Sao_Paulo", "Europe/London"),
    *("Europe/Berlin", "Europe/Athens", "Europe/Moscow", "Asia/Dubai", "Asia/Kolkata", "Asia/Shanghai", "Asia/Tokyo"),
    *("Australia/Adelaide", "Australia/Sydney", *(f"Etc/GMT{hours:+d}" for hours in range(-14, 13) if hours)),
)


def require_zone(bars: Bars, sessions: Sessions) -> None:
    """Refuse intraday bars whose times were taken for UTC, where more than a fifth of them lie outside the sessions.

    Where nearly all bars lie inside on the clock of a zone, that one is named. Where none puts them inside, as with
    bars before and after hours, they are left as they are only if more of them lie in the waking hours of the venue as
    times of UTC than as times of its own clock.

    Raises
    ------
    InvalidBars
        The message names the zone that would be right, or both that may be.
    """
    assumed = bars.reading is not None and bars.reading.zone_from == "assumed"
    if not assumed or not bars.timeframe.intraday or sessions.continuous or not len(sessions.dates):
        return
    outside = _outside(bars.stamps, bars.timeframe, sessions)
    if outside <= _FEW:
        return
    fitting = _fitting(bars, sessions) if _have_room(sessions, bars) else None
    if fitting is None and _more_awake_by_utc(bars.stamps, sessions.time_zone):
        return
    row = int((sessions.locate(bars.stamps, bars.timeframe) < 0).argmax())
    raise InvalidBars(
        f"{bars.source}: the times name no time zone and were taken for UTC, but then {outside:.0%} of the bars lie "
        f"outside the sessions of {bars.symbol}, such as {bars.place_of(row)}; "
        f"{_advice(fitting, sessions.time_zone)}"
    )


def _advice(fitting: str | None, venue: str) -> str:
    if fitting is None:
        return (
            f"no time zone puts them inside, and they may be times of {venue} or of UTC, with bars before and after "
            f"hours: say --time-zone {venue} or --time-zone UTC at import, or stamp_zone in {CATALOGUE_NAME}"
        )
    return (
        f"the time zone {fitting} puts them inside: say --time-zone {fitting} at import, or stamp_zone: {fitting} in "
        f"{CATALOGUE_NAME}"
    )


def _more_awake_by_utc(stamps: Int64s, zone: str) -> bool:
    return _awake(wall_time(stamps, zone)) > _awake(stamps)


def _awake(walls: Int64s) -> float:
    (begin, end), time = _WAKING, walls % NS_PER_DAY
    return float(np.mean((time >= begin) & (time < end)))


def _have_room(sessions: Sessions, bars: Bars) -> bool:
    """Return whether so many bars, as close as they lie, could lie inside the sessions on any clock."""
    step = int((bars.stamps[1:] - bars.stamps[:-1]).min(initial=bars.timeframe.ns))
    room = (sessions.closes - sessions.opens + bars.timeframe.ns) // step + 1
    return int(room.sum()) >= (1 - _NEARLY_NONE) * len(bars)


def _fitting(bars: Bars, sessions: Sessions) -> str | None:
    """Return the first zone on whose clock nearly all bars lie inside the sessions, the venue's own before all."""
    for zone in dict.fromkeys((sessions.time_zone, *_ZONES)):
        moments = moments_of(bars.stamps, zone)
        if _outside(moments, bars.timeframe, sessions) <= _NEARLY_NONE:
            return zone
    return None


def _outside(moments: Int64s, timeframe: Timeframe, sessions: Sessions) -> float:
    return float(np.mean(sessions.locate(moments, timeframe) < 0))
