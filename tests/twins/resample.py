"""Resampling written bar by bar with datetimes, to hold the vectorised one against."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

NS = 10**9
DAY = 86_400 * NS
Row = tuple[int, float, float, float, float, float, int]


def slow_resample(bars: Bars, target: Timeframe, extended_hours: bool = False) -> list[Row]:
    """Return stamp, open, high, low, close, volume, known_at of each coarser bar."""
    sessions = _sessions(bars)
    zone = ZoneInfo(bars.sessions.time_zone if bars.sessions else "UTC")
    windows = _widen(sessions, zone) if extended_hours else sessions
    buckets: dict[object, dict] = {}
    for row, stamp in enumerate(int(stamp) for stamp in bars.stamps):
        place = next((i for i, (_, _, close) in enumerate(windows) if close > stamp), None)
        if place is None or windows[place][1] >= stamp + bars.timeframe.ns:
            continue
        date, _, close = windows[place]
        if target.intraday:
            anchor = _anchor(sessions[place], zone)
            start = anchor + (stamp - anchor) // target.ns * target.ns
            label = max(start, windows[place - 1][2]) if place else start
            key, known = (place, start), min(start + target.ns, close)
        else:
            label = key = _first_day(date, target)
            inside = [close for date, _, close in windows if label <= date < label + target.ns]
            known = max(inside)
        bucket = buckets.setdefault(key, {"label": label, "known": known, "rows": []})
        bucket["rows"].append(row)
    finished = []
    for number, bucket in enumerate(buckets.values()):
        rows = bucket["rows"]
        known = max(bucket["known"], *(int(bars.known_at[row]) for row in rows))
        if number == len(buckets) - 1 and known > bars.known_at[-1]:
            continue
        high = max(bars.high[row] for row in rows)
        low = min(bars.low[row] for row in rows)
        volume = sum(bars.volume[row] for row in rows)
        finished.append((bucket["label"], bars.open[rows[0]], high, low, bars.close[rows[-1]], volume, known))
    return finished


def as_rows(bars: Bars) -> list[Row]:
    columns = (bars.stamps, bars.open, bars.high, bars.low, bars.close, bars.volume, bars.known_at)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def _sessions(bars: Bars) -> list[tuple[int, int, int]]:
    if bars.sessions is not None:
        return list(zip(*(getattr(bars.sessions, n).tolist() for n in ("dates", "opens", "closes")), strict=True))
    first, last = int(bars.stamps[0]) // DAY - 10, int(bars.stamps[-1]) // DAY + 10
    return [(day * DAY, day * DAY, (day + 1) * DAY) for day in range(first, last)]


def _widen(sessions: list[tuple[int, int, int]], zone: ZoneInfo) -> list[tuple[int, int, int]]:
    widened = []
    end_before = sessions[0][1] - DAY
    for place, (date, _, close) in enumerate(sessions):
        day_after = datetime.fromtimestamp(date // NS, UTC).date() + timedelta(days=1)
        midnight = int(datetime(day_after.year, day_after.month, day_after.day, tzinfo=zone).timestamp()) * NS
        next_open = sessions[place + 1][1] if place + 1 < len(sessions) else midnight
        end = max(close, min(midnight, next_open))
        widened.append((date, end_before, end))
        end_before = end
    return widened


def _anchor(session: tuple[int, int, int], zone: ZoneInfo) -> int:
    date, open_, _ = session
    local = datetime.fromtimestamp(open_ // NS, zone)
    if local.date() < datetime.fromtimestamp(date // NS, UTC).date():
        return open_
    return open_ - (local.hour * 3600 + local.minute * 60 + local.second) * NS


def _first_day(date: int, target: Timeframe) -> int:
    days = target.minutes // 1440
    day = datetime.fromtimestamp(date // NS, UTC)
    if days == 7:
        return date - day.weekday() * DAY
    monday = datetime(1970, 1, 5, tzinfo=UTC)
    return date - (day - monday).days % days * DAY
