"""Files that Hypothesis draws: layout x decimal mark x zone x unit x venue x order x defects; what may come of each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from samples.defects import ANYWHERE, COUNTED, DATED, HARMLESS, OFFSET, Allowed
from samples.exports import (
    DATES,
    MOMENTS,
    ROLES,
    UNITS,
    Spelling,
    clock,
    epoch,
    json_rows,
    own_midnight,
    packed,
    table,
)
from samples.markets import DAY, VENUES, Bar, Venue, times, walk
from samples.sheets import LAYOUTS, Marks, sheet

SPOKEN_CLOCKS = ("America/New_York", "Europe/Athens", "Asia/Tokyo", "Etc/GMT+5", "UTC")
MARKS = [Marks(), Marks(), Marks(","), Marks(".", ","), Marks(",", "."), Marks(",", " "), Marks(".", "'")]
FAR_ZONES = ("Asia/Singapore", "Asia/Kolkata", "America/Chicago")


@dataclass(frozen=True)
class Drawn:
    """A file, and what may come of it."""

    name: str
    content: bytes
    venue: Venue
    timeframe: str
    bars: list[Bar]
    allowed: Allowed = HARMLESS
    odd: int = 0
    rows_named: tuple[int, int] = (0, 0)
    zone: str | None = None
    how: str = ""
    text: str = ""
    silent: bool = False
    drop_unfinished: bool = False

    def __repr__(self) -> str:
        return f"{self.name} ({self.how}; {self.allowed}; zone {self.zone}; odd {self.odd})\n{self.text}"


@dataclass(frozen=True)
class Times:
    """How the times of a file are spelt, and which defects can befall them."""

    spelling: Spelling
    defects: tuple[str, ...] = ()
    zone: str | None = None
    own: str | None = None


def of_days(venue: Venue) -> st.SearchStrategy[tuple[str, Times]]:
    """Dates, and midnights of the venue's zone with an offset or counted; of a market without pause in any zone."""
    written = {name: Times(spelling, _defects(name)) for name, spelling in DATES.items()}
    zones = FAR_ZONES if venue.calendar == "24/7" else (venue.zone,)
    for zone in zones:
        pattern = "%Y-%m-%d %H:%M:%S%:z"
        written[f"midnight {zone}"] = Times(own_midnight(pattern, zone), (*DATED, *OFFSET), own=zone)
        if venue.calendar != "24/5":
            counted = {unit: Times(epoch(unit, zone), _defects(unit), own=zone) for unit in UNITS}
            written |= {f"midnight {zone} in {unit}": times for unit, times in counted.items()}
    return st.sampled_from(sorted(written.items(), key=lambda item: item[0]))


def of_moments(venue: Venue) -> st.SearchStrategy[tuple[str, Times]]:
    written = {name: Times(spelling, _defects(name)) for name, spelling in MOMENTS.items()}
    written["offset"] = Times(clock("%Y-%m-%dT%H:%M:%S%:z", venue.zone), tuple(OFFSET))
    for zone in SPOKEN_CLOCKS:
        written[f"clock {zone}"] = Times(clock("%Y-%m-%d %H:%M:%S", zone), zone=zone)
        written[f"dotted clock {zone}"] = Times(clock("%Y.%m.%d %H:%M", zone), zone=zone)
        written[f"compact clock {zone}"] = Times(clock("%Y%m%d %H%M%S", zone), zone=zone)
    return st.sampled_from(sorted(written.items(), key=lambda item: item[0]))


def _defects(name: str) -> tuple[str, ...]:
    if name in ("s", "ms", "seconds", "milliseconds"):
        return tuple(COUNTED)
    if name in ("Z", "+00:00", "UTC", "UTC midnight"):
        return tuple(OFFSET)
    return tuple(DATED) if name in DATES else ()


@st.composite
def series(draw: st.DrawFn) -> tuple[Venue, str, list[Bar], Times, str]:
    """Bars of a venue, and a way to spell their times."""
    venue = draw(st.sampled_from(VENUES))
    timeframe = draw(st.sampled_from(("1d", "1d", "1d", "1w", "1h", "5m", "4h", "15m")))
    moments = times(venue, timeframe, draw(st.floats(0, 0.99)), draw(st.integers(8, 40)))
    start, digits = draw(st.sampled_from((0.6, 1.1, 58, 420, 1190, 17000, 1234567))), draw(st.integers(0, 5))
    bars = walk(moments, draw(st.integers(0, 999)), max(start, 20 / 10**digits), digits, draw(st.booleans()))
    if timeframe == "1w":
        name, how = "iso", Times(DATES["iso"], tuple(DATED))
    else:
        name, how = draw(of_days(venue) if timeframe == "1d" else of_moments(venue))
    return venue, timeframe, _moved(bars, how.own) if venue.calendar == "24/7" else bars, how, name


def _moved(bars: list[Bar], zone: str | None) -> list[Bar]:
    """Return the days of a market without pause as they begin at a zone's midnights."""
    if zone is None:
        return bars
    begins = [bar.stamp.replace(tzinfo=ZoneInfo(zone)).astimezone(ZoneInfo("UTC")) for bar in bars]
    return [replace(bar, stamp=begin, known=begin + DAY) for bar, begin in zip(bars, begins, strict=True)]


@st.composite
def written_files(draw: st.DrawFn) -> Drawn:
    """CSV files in any layout, decimal mark, zone, unit, order, and with a defect."""
    venue, timeframe, bars, how, spelled = draw(series())
    fitting = [name for name in sorted(LAYOUTS) if re.fullmatch(LAYOUTS[name].takes, spelled)]
    choosy = [name for name in fitting if LAYOUTS[name].delimiter]
    name = draw(st.sampled_from(fitting + 3 * choosy))
    delimiter = draw(st.sampled_from(",,;\t|"))
    marks = Marks() if LAYOUTS[name].delimiter else draw(st.sampled_from(MARKS))
    if delimiter == "," and marks.thousands == ".":  # 1.234 between commas is a little more than one
        marks = replace(marks, thousands="")
    spelling = _of_dates(how, bars) if venue.calendar == "24/7" else how.spelling
    made = sheet(bars, LAYOUTS[name], spelling, venue.symbol, marks, delimiter)
    backwards = draw(st.booleans())
    made.rows = made.rows[::-1] if backwards else made.rows
    known = ANYWHERE | DATED | OFFSET | COUNTED
    defect = draw(st.sampled_from(["nothing", "nothing", *how.defects, *sorted(ANYWHERE)]))
    row = draw(st.integers(0, len(bars) - 1))
    if defect == "finer unit" and backwards:
        defect = "nothing"
    allowed = known[defect](made, row)
    if not _clear(made.places, bars, marks, name, spelled, venue):
        allowed = replace(allowed, refused=True, row=False)
    text, encoding = made.written(), draw(st.sampled_from(("utf-8", "utf-8", "utf-8-sig", "utf-16")))
    file, content = packed(
        text.encode(encoding), f"{venue.symbol}_{timeframe}.csv", draw(st.sampled_from(("", "", "gz", "zip")))
    )
    odd = len(bars) - 1 - row if backwards else row
    said = f"{name}, {spelled}, {marks}, {delimiter!r}, {defect} at row {row}{', new to old' if backwards else ''}"
    silent = "volume" not in made.places
    return Drawn(file, content, venue, timeframe, bars, allowed, odd, (row - 1, row + 5), how.zone, said, text, silent)


def _of_dates(how: Times, bars: list[Bar]) -> Spelling:
    """Return the spelling of moments that `_moved` has put at a zone's midnights."""
    if how.own is None:
        return how.spelling
    zone = ZoneInfo(how.own)
    return lambda stamp: how.spelling(stamp.astimezone(zone).replace(tzinfo=ZoneInfo("UTC")))


def _clear(places: Mapping[str, int], bars: list[Bar], marks: Marks, layout: str, spelled: str, venue: Venue) -> bool:
    """Return whether the file can be read in one way alone, so that it must not be refused."""
    columns = [[bar.texts[place] for bar in bars] for place, role in enumerate(ROLES) if role in places]
    if layout == "bare" or (layout == "crypto" and venue.symbol != "BTCUSDT"):  # which volume, that in BTC?
        return False
    if not all(marks.clear(column) for column in columns):
        return False
    if spelled == "month first":
        return any(bar.stamp.day > 12 for bar in bars)
    return "clock" not in spelled


@st.composite
def binary_files(draw: st.DrawFn) -> Drawn:
    """Parquet and feather in every unit, with and without zone, and JSON rows."""
    venue, timeframe, bars, how, _ = draw(series())
    bars = (
        bars
        if how.own is None or venue.calendar != "24/7"
        else walk([(b.stamp, b.known) for b in bars], 1, 58, 2, True)
    )
    ordered = bars[::-1] if draw(st.booleans()) else bars
    kind = draw(st.sampled_from(("parquet", "feather", "json")))
    if kind == "json":
        unit = draw(st.sampled_from(("s", "ms")))
        return Drawn(
            f"{venue.symbol}_{timeframe}.json", json_rows(ordered, unit), venue, timeframe, bars, how=f"json, {unit}"
        )
    units = [f"{unit}{zoned}" for unit in UNITS for zoned in ("", " zoned")]
    dates = timeframe in ("1d", "1w") and how.own is None
    time = draw(st.sampled_from([*units, *(f"number {unit}" for unit in UNITS), "text", *(["date"] if dates else [])]))
    own = (
        timeframe == "1d"
        and not venue.continuous
        and (" zoned" in time or draw(st.booleans()))
        and not re.fullmatch("s|ms|us|ns|date|text", time)
    )
    zone = venue.zone if own or timeframe not in ("1d", "1w") else "UTC"
    content = table(ordered, time, kind, zone, own)
    return Drawn(
        f"{venue.symbol}_{timeframe}.{kind}", content, venue, timeframe, bars, how=f"{time}, {zone}, own {own}"
    )


def plain_file(name: str, bars: list[Bar], spelling: Spelling, venue: Venue, timeframe: str, **more: Any) -> Drawn:
    text = sheet(bars, LAYOUTS["plain"], spelling, venue.symbol, Marks(), ",").written()
    return Drawn(name, text.encode(), venue, timeframe, bars, text=text, **more)
