"""At what time of day the bars of a series of days begin."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.market.clocks import moments_of, wall_time
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import NS_PER_DAY, NS_PER_MINUTE

_CLOCKS = ("UTC", "America/New_York", "Europe/London", "Australia/Sydney")
"""Clocks of all seasons: other zones change theirs on the days of one of these, or never."""


@dataclass(frozen=True, slots=True)
class DayClock:
    """A time of day on the clock of a zone.

    Attributes
    ----------
    zone : str
        IANA name.
    time : int
        Nanoseconds since midnight.
    """

    zone: str
    time: int

    @classmethod
    def of(cls, stamps: Int64s, *zones: str) -> DayClock:
        """Return the time of day that most stamps show, on UTC's clock or on that which more of them agree on.

        Parameters
        ----------
        stamps : ndarray of int64, shape (n,)
            UTC nanoseconds; at least one.
        *zones : str
            Zones whose clocks are looked at, too.
        """
        found = [_most_common(wall_time(stamps, zone) % NS_PER_DAY) for zone in (*_CLOCKS, *zones)]
        best = max(range(len(found)), key=lambda place: found[place][1])
        return cls((*_CLOCKS, *zones)[best], found[best][0])

    def shown_at(self, stamps: Int64s) -> Bools:
        """Return at which moments the clock shows this time."""
        shown: Bools = wall_time(stamps, self.zone) % NS_PER_DAY == self.time
        return shown

    def days(self, sessions: Sessions) -> Sessions:
        """Return the sessions of a market that never closes, each of them from this time of day on."""
        if not len(sessions.dates) or (self.zone == "UTC" and not self.time):
            return sessions
        first, last = (int(moment) // NS_PER_DAY for moment in (sessions.opens[0], sessions.opens[-1]))
        opens = moments_of(np.arange(first, last + 2) * NS_PER_DAY + self.time, self.zone)
        return replace(sessions, dates=opens[:-1], opens=opens[:-1], closes=opens[1:])

    def __str__(self) -> str:
        """Return the time, ``16:00 UTC``."""
        hours, minutes = divmod(self.time // NS_PER_MINUTE, 60)
        return f"{hours:02}:{minutes:02} {self.zone}"


def _most_common(times: Int64s) -> tuple[int, int]:
    values, counts = np.unique(times, return_counts=True)
    return int(values[counts.argmax()]), int(counts.max())
