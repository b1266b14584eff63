"""What the clock of a column of times is: the file's own, a stated one, or UTC."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, NoReturn
from zoneinfo import ZoneInfo, available_timezones

import numpy as np

from ktrdr.domain.arrays import Bools, Int64s
from ktrdr.domain.errors import InvalidBars, InvalidInput, did_you_mean, shown
from ktrdr.domain.market.clocks import last_moments_of, moments_of, wall_time
from ktrdr.domain.market.reading import ZoneFrom
from ktrdr.domain.market.timeframe import NS_PER_DAY

_NS_PER_MINUTE = 60 * 10**9
_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])(\d{2})(?::?(\d{2}))?", re.IGNORECASE)
_FIXED = {"z": 0, "utc": 0, "gmt": 0, "est": -300, "edt": -240}
"""What may stand behind a time, in minutes ahead of UTC; other short names have several meanings (CST, IST)."""
_NO_ZONES = {"localtime", "posixrules", "Factory"}
"""Names of the database that say another thing on each machine, or nothing."""
_UTC = {"utc", "gmt", "z", "zulu", "uct", "universal", "greenwich", "etc/utc", "etc/gmt", "etc/uct", "etc/zulu"}


class Times(NamedTuple):
    """A column of times, and how it was understood; see `ktrdr.domain.market.reading.Reading`.

    Attributes
    ----------
    stamps : ndarray of int64, shape (n,)
        UTC nanoseconds since the epoch, in the file's order.
    written : ndarray of int64, shape (n,) or None
        What the file's own clock shows at each, in nanoseconds of that clock; None where that clock is UTC.
    spelling : str
        How they are written (``dates``, ``texts, day first``, ``milliseconds and microseconds``).
    time_zone : str
        ``UTC``, an IANA name, or offsets such as ``-05:00 and -04:00``.
    zone_from : str
        ``file`` where the times say so themselves or need none, ``stated`` where somebody did, ``assumed`` where
        nobody does.
    dates : ndarray of bool, shape (n,) or None
        Which rows are a date and no more, not even a midnight; None where none is.
    """

    stamps: Int64s
    written: Int64s | None = None
    spelling: str = "texts"
    time_zone: str = "UTC"
    zone_from: ZoneFrom = "file"
    dates: Bools | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Where a column of times comes from, and what is said of its clock.

    Attributes
    ----------
    source : str
        What messages call the file.
    text : function of int
        A row as the file has it, for messages.
    zone : str or None
        IANA name of the zone of clock times that carry none.
    utc : bool
        Whether the column's own name says that it is UTC.
    rows : ndarray of int64, shape (n,), or None
        Rows of the file in which they stand; None where none is left out.
    """

    source: str
    text: Callable[[int], str]
    zone: str | None = None
    utc: bool = False
    rows: Int64s | None = None

    def naive(self, walls: Int64s, clocked: Bools, spelling: str) -> Times:
        """Return clock times that carry no zone, some of which may be plain dates (where not `clocked`).

        Raises
        ------
        InvalidBars
            If the stated zone contradicts the column's name, skips a time or shows it twice, or dates and times are
            mixed, which in a zone could be meant either way.
        """
        dates = None if clocked.all() else ~clocked
        if not clocked.any():
            return Times(walls, spelling=spelling, dates=dates)
        if self.zone is None or is_utc(self.zone):
            said: ZoneFrom = "file" if self.utc else "assumed" if self.zone is None else "stated"
            return Times(walls, None, spelling, "UTC", said, dates)
        if self.utc:
            self._refuse_contradiction(int(clocked.argmax()), "UTC by the name of its column")
        if not clocked.all():
            date, time = self.at(int(clocked.argmin())), self.at(int(clocked.argmax()), "")
            raise InvalidBars(
                f"{date} is a date, and {time} is a time of day: what is meant for a midnight of {self.zone} must be "
                "written as 2024-01-31 00:00"
            )
        return Times(self.moments(walls, self.zone, np.arange(len(walls))), walls, spelling, self.zone, "stated")

    def zoned(self, stamps: Int64s, walls: Int64s, zones: Sequence[str | int], spelling: str) -> Times:
        """Return moments, and what clocks showed at them of which the file tells names or nanoseconds ahead of UTC.

        Raises
        ------
        InvalidBars
            If the stated zone shows something else.
        """
        if self.zone is not None:
            other = wall_time(stamps, self.zone) != walls
            if other.any():
                self._refuse_contradiction(int(other.argmax()), label_of(zones))
        zone = label_of(zones)
        return Times(stamps, None if zone == "UTC" else walls, spelling, zone, "file")

    def moments(self, walls: Int64s, zone: str, rows: Int64s) -> Int64s:
        """Return the moments at which the clocks of a zone show times, in the order of `rows` of the file.

        Of a time shown twice, the order tells which is meant; a midnight is its day's first moment.

        Raises
        ------
        InvalidBars
            If the clocks skip a time, or the order does not tell.
        """
        if len(walls) > 1 and walls[-1] < walls[0]:
            return self.moments(walls[::-1], zone, rows[::-1])[::-1]
        first, last = moments_of(walls, zone), last_moments_of(walls, zone)
        midnight = walls % NS_PER_DAY == 0
        shows = wall_time(first, zone) == walls
        skipped = ~shows & ~midnight
        if skipped.any():
            raise InvalidBars(f"{self.at(int(rows[skipped.argmax()]))} is a time that the clocks of {zone} skip")
        second, unclear = _second_time(walls, shows & (last > first))
        unclear &= ~midnight
        if unclear.any():
            raise InvalidBars(
                f"{self.at(int(rows[unclear.argmax()]))} is a time that the clocks of {zone} show twice, and the rows "
                "around it do not tell which is meant; write times in UTC or with their offset"
            )
        return np.where(second, last, first)

    def at(self, row: int, before: str | None = None) -> str:
        """Return file, row and text, as a message begins with."""
        return f"{self.place(row, before)}: {self.text(row)}"

    def place(self, row: int, before: str | None = None) -> str:
        """Return file and row."""
        where = f"{self.source}: " if before is None else before
        return f"{where}row {row if self.rows is None else self.rows[row]}"

    def refuse_zone(self, name: str, row: int = 0) -> NoReturn:
        """Refuse a zone that the file names.

        Raises
        ------
        InvalidBars
        """
        hint = did_you_mean(name, available_timezones()) if "/" in name else ""
        raise InvalidBars(
            f"{self.at(row)}: the time zone {shown(name)} is not known (write an offset such as -05:00 instead){hint}"
        )

    def _refuse_contradiction(self, row: int, own: str) -> NoReturn:
        raise InvalidBars(f"{self.at(row)} is {own}, which contradicts the stated time zone {self.zone}")


def require_zone(name: str | None) -> None:
    """Refuse a stated zone that there is not.

    Raises
    ------
    InvalidInput
    """
    if name is not None and not is_zone(name):
        hint = did_you_mean(name, available_timezones())
        raise InvalidInput(f"no time zone is named {shown(name)}{hint}; names are such as America/New_York")


def clock_of_zone(written: str) -> str | int | None:
    """Return the zone that a file names: nanoseconds ahead of UTC, an IANA name, or None if there is no such."""
    if written.casefold() in _FIXED:
        return _FIXED[written.casefold()] * _NS_PER_MINUTE
    offset = _OFFSET.fullmatch(written)
    if offset is None:
        return 0 if is_utc(written) else written if "/" in written and is_zone(written) else None
    side, hours, minutes = offset.groups(default="0")
    ahead = int(hours) * 60 + int(minutes)
    return (ahead if side == "+" else -ahead) * _NS_PER_MINUTE if ahead <= 15 * 60 and int(minutes) < 60 else None


def is_utc(zone: str) -> bool:
    """Return whether a zone is UTC by another name."""
    return zone.casefold() in _UTC


def label_of(zones: Sequence[str | int]) -> str:
    """Return zones as a report shows them: names, then offsets from west to east."""
    names = sorted({zone for zone in zones if isinstance(zone, str)})
    offsets = [_offset(zone) for zone in sorted({zone for zone in zones if isinstance(zone, int)})]
    *most, last = [*names, *offsets]
    return f"{', '.join(most)} and {last}" if most else last


def _offset(ahead: int) -> str:
    hours, minutes = divmod(abs(ahead) // _NS_PER_MINUTE, 60)
    return f"{'-' if ahead < 0 else '+'}{hours:02}:{minutes:02}" if ahead else "UTC"


def is_zone(name: str) -> bool:
    """Return whether the time zone database has a name, and counts no leap seconds under it, which UTC does not."""
    if name.startswith("right/") or name in _NO_ZONES:
        return False
    try:
        ZoneInfo(name)
    except (ValueError, LookupError, OSError):
        return False
    return True


def _second_time(walls: Int64s, twice: Bools) -> tuple[Bools, Bools]:
    """Return which of ascending times, of those shown twice, are shown for the second time, and where none can tell."""
    again = np.concatenate(([False], np.diff(walls) <= 0)) & twice
    begins = twice & ~np.concatenate(([False], twice[:-1]))
    again &= ~begins
    run = np.cumsum(begins)
    falls = np.bincount(run, weights=again, minlength=1)
    fallen = np.cumsum(again)
    before = np.concatenate(([0], fallen[begins]))[run]
    return twice & (fallen > before), twice & (falls[run] != 1)
