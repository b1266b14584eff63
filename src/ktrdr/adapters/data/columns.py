"""What vendors call the columns of a bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktrdr.domain.errors import InvalidBars, in_one_line, shown
from ktrdr.domain.market.bars import PRICE_COLUMNS

_TIMES = (
    *(
        "timestamp",
        "datetime",
        "date time",
        "gmt time",
        "utc time",
        "time (utc)",
        "unix",
        "unix timestamp",
        "unix time",
    ),
    *("epoch", "open time", "time", "local time", "date", "index level 0", "index", "ts"),
)
_VALUES = {
    "open": ("open", "o", "open price"),
    "high": ("high", "h", "high price"),
    "low": ("low", "l", "low price"),
    "close": ("close", "c", "close price", "last", "close/last"),
    "volume": ("volume", "v", "tick volume", "tickvol", "vol", "vol.", "real volume"),
}

NEEDED = "needed are timestamp (or date and time), open, high, low, close, and volume where there is one"


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table's columns stand.

    Attributes
    ----------
    times : tuple of int
        Position of the time, or of date and time of day.
    values : mapping of str to int
        Position of open, high, low, close, and of volume where there is one.
    """

    times: tuple[int, ...]
    values: dict[str, int]


def find_columns(names: Sequence[str], source: str) -> Columns:
    """Return where time, prices and volume stand; case, blanks, ``_`` and ``<>`` in names do not count.

    Raises
    ------
    InvalidBars
        If the time or a price is not there, or a column that is needed is there twice.
    """
    plain = [_plain(name) for name in names]
    times = _time_positions(plain)
    found = {role: _position(known, plain) for role, known in _VALUES.items()}
    for place in (*times, *found.values()):
        if place is not None and plain.count(plain[place]) > 1:
            alike = " and ".join(shown(name) for name, short in zip(names, plain, strict=True) if short == plain[place])
            raise InvalidBars(f"{source}: columns {alike} are one name twice; leave the right one")
    absent = [] if times else ["time"]
    absent += [role for role in PRICE_COLUMNS if found[role] is None]
    if absent:
        found_names = in_one_line(", ".join(map(str, names))) or "nothing"
        raise InvalidBars(f"{source}: no column for {', '.join(absent)}; found {found_names}; {NEEDED}")
    return Columns(times, {role: position for role, position in found.items() if position is not None})


def _time_positions(plain: Sequence[str]) -> tuple[int, ...]:
    if "date" in plain and "time" in plain:
        return plain.index("date"), plain.index("time")
    found = _position(_TIMES, plain)
    return () if found is None else (found,)


def _position(known: Sequence[str], plain: Sequence[str]) -> int | None:
    return next((plain.index(name) for name in known if name in plain), None)


def _plain(name: str) -> str:
    return " ".join(str(name).strip().strip("<>").replace("_", " ").casefold().split())
