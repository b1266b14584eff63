"""What somebody says of a file of bars, and what was understood of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from ktrdr.domain.market.timeframe import Timeframe

ZoneFrom = Literal["file", "stated", "assumed"]
ROLES = ("time", "open", "high", "low", "close", "volume")
"""What a column of a file can be named for in `Stated.columns`."""


@dataclass(frozen=True, slots=True)
class Stated:
    """What somebody says of a file of bars; what is not said is read from the file, or refused.

    Attributes
    ----------
    symbol : str or None
    timeframe : Timeframe or None
    layout : str or None
        Name of a layout, where the file does not tell its own.
    columns : mapping of str to str
        One of `ROLES` to the name of a column.
    time_zone : str or None
        IANA name of the zone of clock times that carry none.
    decimal_mark : str or None
        ``.`` or ``,``; the other one marks thousands.
    adjusted : bool
        Whether an adjusted close counts, and open, high and low are scaled like it.
    allow_nonpositive : bool
        Whether prices may be 0 or below.
    drop_unfinished : bool
        Whether a bar that is not over is left out; it is refused otherwise.
    """

    symbol: str | None = None
    timeframe: Timeframe | None = None
    layout: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    time_zone: str | None = None
    decimal_mark: str | None = None
    adjusted: bool = False
    allow_nonpositive: bool = False
    drop_unfinished: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """How a file of bars was understood; said aloud at import and by ``data show``, and kept with the series.

    Attributes
    ----------
    layout : str
        Whose layout it is (``yahoo``, ``columns by name``).
    kind : str
        Kind of file (``csv``, ``csv in zip``, ``parquet``).
    delimiter, decimal_mark, thousands_mark : str
        Empty where the file has none, or it does not matter.
    times : str
        How times are written (``dates``, ``texts``, ``milliseconds``, ``milliseconds and microseconds``).
    time_zone : str
        The zone of times (``UTC``, ``America/New_York``, ``-05:00 and -04:00``).
    zone_from : str
        ``file`` where it says so itself, ``stated`` where somebody did, ``assumed`` where nobody does.
    newest_first : bool
        Whether it is written from new to old.
    adjustment : str
        For what the prices were adjusted, where that was chosen.
    columns : mapping of str to str
        Role to the name of its column.
    remarks : tuple of str
        What should be said aloud, one sentence each.
    """

    layout: str = ""
    kind: str = ""
    delimiter: str = ""
    decimal_mark: str = ""
    thousands_mark: str = ""
    times: str = ""
    time_zone: str = "UTC"
    zone_from: ZoneFrom = "file"
    newest_first: bool = False
    adjustment: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for ``--json`` and to be kept."""
        return asdict(self) | {"remarks": list(self.remarks)}
