"""Made-up bars of real venues, and the moments before which none may be known: an oracle of its own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from zoneinfo import ZoneInfo

import pandas as pd

DAY = timedelta(days=1)
LENGTHS = {"5m": 5, "15m": 15, "1h": 60, "4h": 240, "1d": 1440, "1w": 7 * 1440}
FIRST, LAST = date(2023, 6, 1), date(2024, 12, 31)


@dataclass(frozen=True)
class Venue:
    """A symbol, what it trades by, and what ``symbols.yaml`` says of it; nothing where it must be guessed."""

    symbol: str
    calendar: str
    zone: str
    asset_class: str = ""

    @property
    def entry(self) -> str:
        facts = f"exchange: X, calendar: {self.calendar}, time_zone: {self.zone}"
        return f'"{self.symbol}": {{asset_class: {self.asset_class}, {facts}}}\n' if self.asset_class else ""

    @property
    def continuous(self) -> bool:
        return self.calendar.startswith("24/")


VENUES = [
    Venue("SPY", "XNYS", "America/New_York"),
    Venue("AAA", "XNYS", "America/New_York", "stock"),
    Venue("7203.T", "XTKS", "Asia/Tokyo"),
    Venue("ZZZ", "XTKS", "Asia/Tokyo", "stock"),
    Venue("0700.HK", "XHKG", "Asia/Hong_Kong"),
    Venue("VOD.L", "XLON", "Europe/London"),
    Venue("MC.PA", "XPAR", "Europe/Paris"),
    Venue("PAR", "XPAR", "Europe/Paris", "stock"),
    Venue("BTCUSDT", "24/7", "UTC"),
    Venue("COIN", "24/7", "UTC", "crypto"),
    Venue("EURUSD", "24/5", "America/New_York"),
    Venue("XXXYYY", "24/5", "America/New_York", "forex"),
]


@dataclass(frozen=True)
class Bar:
    """One bar: its stamp, until when it must not be known, and open, high, low, close, volume as they are written."""

    stamp: datetime
    known: datetime
    texts: tuple[str, str, str, str, str]


@cache
def sessions(calendar: str) -> list[tuple[date, datetime, datetime]]:
    """Return date, open and close of each session; an exchange's midday pause is in `pauses`."""
    if calendar == "24/7":
        days = [FIRST + DAY * number for number in range((LAST - FIRST).days)]
        return [(day, midnight(day), midnight(day) + DAY) for day in days]
    if calendar == "24/5":
        evening = {"hour": 17, "tzinfo": ZoneInfo("America/New_York")}
        shut = {day: datetime(day.year, day.month, day.day, **evening) for day, *_ in sessions("24/7")}
        week = [day for day in shut if day.weekday() < 5 and day - DAY in shut]
        return [(day, shut[day - DAY].astimezone(UTC), shut[day].astimezone(UTC)) for day in week]
    rows = _schedule(calendar)[["open", "close"]].itertuples()
    return [(day.date(), begin.to_pydatetime(), end.to_pydatetime()) for day, begin, end in rows]


@cache
def pauses(calendar: str) -> dict[date, tuple[datetime, datetime]]:
    """Return when each session of an exchange pauses at midday."""
    if calendar.startswith("24/"):
        return {}
    rows = _schedule(calendar)[["break_start", "break_end"]].dropna().itertuples()
    return {day.date(): (begin.to_pydatetime(), end.to_pydatetime()) for day, begin, end in rows}


@cache
def _schedule(calendar: str) -> pd.DataFrame:
    import exchange_calendars

    return exchange_calendars.get_calendar(calendar, start=FIRST.isoformat(), end=LAST.isoformat()).schedule


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def times(venue: Venue, timeframe: str, place: float, rows: int) -> list[tuple[datetime, datetime]]:
    """Return stamps and the moments before which their bars may not be known, from a place in the years on."""
    known = sessions(venue.calendar)
    if timeframe == "1w":
        weeks: dict[date, datetime] = {}
        for day, _, end in known:
            weeks[day - DAY * day.weekday()] = midnight(day) + DAY if venue.calendar == "24/7" else end
        found = [(midnight(monday), end) for monday, end in weeks.items()][1:-1]
    elif timeframe == "1d":
        found = [(midnight(day), end) for day, _, end in known]
    else:
        found = _inside(venue, timeframe, int(place * (len(known) - rows)), rows)
        return found[:rows]
    start = int(place * (len(found) - rows))
    return found[start : start + rows]


def _inside(venue: Venue, timeframe: str, start: int, rows: int) -> list[tuple[datetime, datetime]]:
    step, found = timedelta(minutes=LENGTHS[timeframe]), []
    for day, begin, end in sessions(venue.calendar)[start : start + rows]:
        rest, again = pauses(venue.calendar).get(day, (end, end))
        for number in range(-(-(end - begin) // step)):
            stamp = begin + number * step
            if rest <= stamp and stamp + step <= again:
                continue
            found.append((stamp, stamp + step if venue.continuous else min(stamp + step, end)))
    return found


def walk(moments: list[tuple[datetime, datetime]], seed: int, start: float, digits: int, whole: bool) -> list[Bar]:
    """Return a random walk at moments; prices have so many digits, and a high above and a low below both ends."""
    rng, ticks, bars = Random(seed), round(start * 10**digits), []
    for stamp, known in moments:
        open_, close = ticks, max(round(ticks * (1 + rng.gauss(0, 0.01))), 2)
        high = max(open_, close) + round(abs(rng.gauss(0, 0.003)) * ticks)
        low = max(min(open_, close) - round(abs(rng.gauss(0, 0.003)) * ticks), 1)
        volume = (
            str(rng.randrange(900, 9000000)) if whole else f"{rng.randrange(900, 9000000)}.{rng.randrange(1, 9999):04}"
        )
        prices = (decimal(price, digits) for price in (open_, high, low, close))
        bars.append(Bar(stamp, known, (*prices, volume)))  # type: ignore[arg-type]
        ticks = close
    return bars


def decimal(ticks: int, digits: int) -> str:
    """Return a number of ticks with a point before the last digits."""
    text = str(ticks).rjust(digits + 1, "0")
    return f"{text[:-digits]}.{text[-digits:]}" if digits else text
