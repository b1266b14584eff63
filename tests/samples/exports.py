"""Files of bars as vendors write them, made of bars by nothing but plain Python, and ways to spoil them."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable
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
