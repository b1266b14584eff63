"""Moments as the clocks of a time zone show them, and back, for whole arrays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

import numpy as np

from ktrdr.domain.arrays import Int64s

_NS = 10**9
_STEP = 7 * 86400
"""Seconds between looks at a clock: no zone has changed it there and back within a week."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall_time(moments: Int64s, zone: str) -> Int64s:
    """Return what the clock of a zone shows at moments.

    Parameters
    ----------
    moments : ndarray of int64, shape (n,)
        UTC nanoseconds since the epoch, in any order.
    zone : str
        IANA name.

    Returns
    -------
    ndarray of int64, shape (n,)
        Nanoseconds from the clock's own 1970-01-01 00:00.
    """
    if not len(moments):
        return moments
    changes, offsets = _changes_around(moments, zone)
    shown: Int64s = moments + offsets[np.searchsorted(changes, moments, side="right")]
    return shown


def moments_of(walls: Int64s, zone: str) -> Int64s:
    """Return the first moments at which the clock of a zone shows times, or at which it jumps over them.

    Parameters
    ----------
    walls : ndarray of int64, shape (n,)
        As `wall_time` gives them.
    zone : str
        IANA name.

    Returns
    -------
    ndarray of int64, shape (n,)
        UTC nanoseconds since the epoch.
    """
    if not len(walls):
        return walls
    changes, offsets = _changes_around(walls, zone)
    era = np.searchsorted(changes + offsets[:-1], walls, side="right")
    begins = np.concatenate(([np.iinfo(np.int64).min], changes))
    first: Int64s = np.maximum(walls - offsets[era], begins[era])
    return first


def last_moments_of(walls: Int64s, zone: str) -> Int64s:
    """Return the last moments at which the clock of a zone shows times; for those that it skips, some time after.

    Parameters
    ----------
    walls : ndarray of int64, shape (n,)
        As `wall_time` gives them.
    zone : str
        IANA name.

    Returns
    -------
    ndarray of int64, shape (n,)
        UTC nanoseconds since the epoch; later than those of `moments_of` where the clock shows a time twice.
    """
    if not len(walls):
        return walls
    changes, offsets = _changes_around(walls, zone)
    last: Int64s = walls - offsets[np.searchsorted(changes + offsets[1:], walls, side="right")]
    return last


def _changes_around(times: Int64s, zone: str) -> tuple[Int64s, Int64s]:
    """Return what `_offsets` does, over the years of times and some more."""
    return _offsets(zone, _year(int(times.min())) - 1, _year(int(times.max())) + 2)


def _year(moment: int) -> int:
    return int(str(np.datetime64(moment, "ns").astype("datetime64[Y]")))


@lru_cache(maxsize=64)
def _offsets(zone: str, first_year: int, last_year: int) -> tuple[Int64s, Int64s]:
    """Return the moments at which a zone's clock changes, and its offset before the first, and from each on."""
    clock = ZoneInfo(zone)

    def offset(second: int) -> int:
        shown = (_EPOCH + timedelta(seconds=second)).astimezone(clock).utcoffset()
        return 0 if shown is None else round(shown.total_seconds() * _NS)

    start, end = (int(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first_year, last_year))
    looks = range(start, end + _STEP, _STEP)
    seen = [offset(second) for second in looks]
    changes, offsets = [], [seen[0]]
    for place in np.flatnonzero(np.diff(seen)).tolist():
        before, after = looks[place], looks[place + 1]
        while after - before > 1:
            middle = (before + after) // 2
            before, after = (middle, after) if offset(middle) == seen[place] else (before, middle)
        changes.append(after * _NS)
        offsets.append(seen[place + 1])
    return np.array(changes, dtype=np.int64), np.array(offsets, dtype=np.int64)
