"""Files of bars as vendors write them, made of bars by nothing but plain Python, and ways to spoil them."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from samples.markets import Bar

EPOCH = datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC"))
UNITS = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
ROLES = ("open", "high", "low", "close", "volume")

Spelling = Callable[[datetime], str]
"""A stamp as a file has it."""


def epoch(unit: str, zone: str | None = None) -> Spelling:
    """Return the spelling as a number since 1970; with a zone, of the midnight there of the date."""
    return lambda stamp: str((_in(stamp, zone) - EPOCH) // timedelta(seconds=1) * UNITS[unit])


def text(pattern: str) -> Spelling:
    """Return the spelling of a date, or of a moment in UTC."""
    return lambda stamp: stamp.strftime(pattern)


def clock(pattern: str, zone: str) -> Spelling:
    """Return the spelling by a zone's clock; ``%:z`` gives its offset with a colon."""
    return lambda stamp: _offset(stamp.astimezone(ZoneInfo(zone)), pattern)


def own_midnight(pattern: str, zone: str) -> Spelling:
    """Return the spelling of the midnight at which a date begins in a zone, with its offset."""
    return lambda stamp: _offset(_in(stamp, zone), pattern)


def _in(stamp: datetime, zone: str | None) -> datetime:
    return stamp if zone is None else stamp.replace(tzinfo=ZoneInfo(zone))


def _offset(moment: datetime, pattern: str) -> str:
    offset = moment.strftime("%z")
    return moment.strftime(pattern.replace("%:z", f"{offset[:3]}:{offset[3:]}"))


DATES = {
    "iso": text("%Y-%m-%d"),
    "compact": text("%Y%m%d"),
    "month first": text("%m/%d/%Y"),
    "dots": text("%d.%m.%Y"),
    "dots, year first": text("%Y.%m.%d"),
    "name": text("%b %d, %Y"),
    "zero o'clock": text("%Y-%m-%d 00:00:00"),
    "seconds": epoch("s"),
    "milliseconds": epoch("ms"),
    "UTC midnight": text("%Y-%m-%d 00:00:00+00:00"),
}
MOMENTS = {
    "Z": text("%Y-%m-%dT%H:%M:%SZ"),
    "+00:00": text("%Y-%m-%d %H:%M:%S+00:00"),
    "UTC": text("%Y-%m-%d %H:%M:%S UTC"),
    "naive": text("%Y-%m-%d %H:%M:%S"),
    "naive, short": text("%Y-%m-%d %H:%M"),
    **{unit: epoch(unit) for unit in UNITS},
}


@dataclass(frozen=True)
class Layout:
    """Header and columns of a vendor; a column is a role or a constant after ``=``, or ``#``, the row's number."""

    header: str | None
    columns: str
    delimiter: str = ""
    sign: str = ""
    above: str = ""


LAYOUTS = {
    "plain": Layout("Date,Open,High,Low,Close,Volume", "time open high low close volume"),
    "lower": Layout("timestamp,open,high,low,close,volume", "time open high low close volume"),
    "letters": Layout("t,o,h,l,c,v", "time open high low close volume"),
    "yahoo": Layout("Date,Open,High,Low,Close,Volume,Dividends,Stock Splits", "time open high low close volume =0 =0"),
    "tradingview": Layout("time,open,high,low,close,Volume,RSI", "time open high low close volume =50"),
    "coinbase": Layout("time,low,high,open,close,volume", "time low high open close volume"),
    "ib": Layout(",date,open,high,low,close,volume,average,barCount", "# time open high low close volume close =31"),
    "backwards": Layout("Volume,Close,Low,High,Open,Date", "volume close low high open time"),
    "nasdaq": Layout("Date,Close/Last,Volume,Open,High,Low", "time close volume open high low", ",", "$"),
    "crypto": Layout(
        "unix,symbol,open,high,low,close,Volume BTC,Volume USD",
        "time =X open high low close volume =77",
        ",",
        above="https://www.example.com\n",
    ),
    "long": Layout("date,open,high,low,close,volume,Name", "time open high low close volume =SYMBOL"),
    "flat": Layout("ticker,volume,open,close,high,low,window_start", "=SYMBOL volume open close high low time"),
    "silent": Layout("Date,Open,High,Low,Close", "time open high low close"),
    "bare": Layout(None, "time open high low close volume"),
}


@dataclass
class Sheet:
    """Rows of cells on their way into a CSV file; what defects change."""

    header: list[str] | None
    rows: list[list[str]]
    places: Mapping[str, int]
    delimiter: str = ","
    newline: str = "\n"
    quoting: int = csv.QUOTE_MINIMAL
    before: str = ""
    after: str = ""
    lines: dict[int, str] = field(default_factory=dict)

    def written(self) -> str:
        """Return the file's text; `lines` stand before the rows of those numbers, as they are."""
        out = io.StringIO()
        writer = csv.writer(out, delimiter=self.delimiter, lineterminator="\n", quoting=self.quoting)  # type: ignore[arg-type]
        out.write(self.before)
        if self.header is not None:
            writer.writerow(self.header)
        for number, row in enumerate(self.rows):
            out.write(self.lines.get(number, ""))
            writer.writerow(row)
        out.write(self.after)
        return out.getvalue().replace("\n", self.newline)


@dataclass(frozen=True)
class Marks:
    """How numbers are written."""

    decimal: str = "."
    thousands: str = ""

    def __call__(self, number: str) -> str:
        whole, point, rest = number.partition(".")
        if self.thousands:
            whole = f"{int(whole):,}".replace(",", self.thousands)
        return whole + (self.decimal + rest if point else "")

    def clear(self, numbers: list[str]) -> bool:
        """Return whether the way of writing can be told from a column of such numbers."""
        written = [self(number) for number in numbers]
        if not any(set(number) & {".", ","} for number in written):
            return True
        return any(_tells(number) for number in written)


def _tells(number: str) -> bool:
    """Return whether a number can be read in one way alone: marks twice, or other than three digits behind one."""
    marks = [character for character in number if not character.isdigit()]
    if not marks or marks[-1] not in ".,":
        return False
    return len(marks) > 1 or len(number.rpartition(marks[-1])[2]) != 3


def sheet(bars: list[Bar], layout: Layout, spelling: Spelling, symbol: str, marks: Marks, delimiter: str) -> Sheet:
    """Return bars in a layout, from old to new."""
    columns = layout.columns.split()
    rows = []
    for number, bar in enumerate(bars):
        cells = dict(zip(ROLES, map(marks, bar.texts), strict=True)) | {"time": spelling(bar.stamp), "#": str(number)}
        cells |= {role: layout.sign + cells[role] for role in ROLES[:4]}
        rows.append([cells[name] if name in cells else name[1:].replace("SYMBOL", symbol) for name in columns])
    header = None if layout.header is None else layout.header.split(",")
    places = {name: columns.index(name) for name in ("time", *ROLES) if name in columns}
    return Sheet(header, rows, places, layout.delimiter or delimiter, before=layout.above)


def packed(content: bytes, name: str, how: str) -> tuple[str, bytes]:
    """Return name and bytes of a file, as it is or compressed."""
    if how == "gz":
        return f"{name}.gz", gzip.compress(content, mtime=0)
    if how == "zip":
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            archive.writestr(name, content)
        return name.rpartition(".")[0] + ".zip", out.getvalue()
    return name, content


def json_rows(bars: list[Bar], unit: str) -> bytes:
    """Return bars as ccxt gives them."""
    spelling = epoch(unit)
    return json.dumps([[int(spelling(bar.stamp)), *map(float, bar.texts)] for bar in bars]).encode()


def table(bars: list[Bar], time: str, kind: str, zone: str, own: bool) -> bytes:
    """Return bars as Parquet or feather.

    `time` is ``us``, ``us zoned``, ``date``, ``text`` or ``number us``, in any unit; `own` has a zone's midnights.
    """
    import pyarrow as pa
    import pyarrow.feather
    import pyarrow.parquet

    columns: dict[str, Any] = {name: [float(bar.texts[place]) for bar in bars] for place, name in enumerate(ROLES)}
    stamps = [bar.stamp for bar in bars]
    if time == "date":
        times = pa.array([stamp.date() for stamp in stamps], pa.date32())
    elif time == "text":
        times = pa.array([f"{stamp:%Y-%m-%d %H:%M:%S}" for stamp in stamps])
    elif time.startswith("number "):
        times = pa.array(
            [int(epoch(time.removeprefix("number "), zone if own else None)(stamp)) for stamp in stamps], pa.int64()
        )
    else:
        unit, _, zoned = time.partition(" ")
        counts = [int(epoch(unit, zone if own else None)(stamp)) for stamp in stamps]
        times = pa.array(counts, pa.int64()).cast(pa.timestamp(unit, zone if zoned else None))
    out = io.BytesIO()
    made = pa.table({"date": times, **columns})
    (pyarrow.feather.write_feather if kind == "feather" else pyarrow.parquet.write_table)(made, out)
    return out.getvalue()
