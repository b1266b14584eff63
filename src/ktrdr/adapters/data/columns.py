"""What vendors and people call the columns of a bar, in several languages."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ktrdr.domain.errors import InvalidBars, in_one_line, shown
from ktrdr.domain.market.bars import PRICE_COLUMNS

TIMES = (
    *("timestamp", "datetime", "date time", "gmt time", "utc time", "time (utc)", "date (utc)", "timestamp (utc)"),
    *("datetime (utc)", "unix", "unix timestamp", "unix time", "epoch", "open time", "opentime", "window start"),
    *("time period start", "begins at", "time", "local time", "date", "trade date", "datum", "datum/zeit", "fecha"),
    *("data", "dtyyyymmdd", "index level 0", "index", "ts", "t", "unnamed: 0", ""),
)
_PRICES = {
    "open": (
        *("open", "o", "open price", "openprice", "opening price", "eröffn.", "eröffnung", "eröffnungskurs", "erster"),
        *("ouv.", "ouverture", "apertura", "abertura"),
    ),
    "high": (
        *("high", "h", "high price", "highprice", "highest", "hoch", "höchst", "höchstkurs", "tageshoch"),
        *("+ haut", "plus haut", "haut", "máximo", "massimo", "máxima"),
    ),
    "low": (
        *("low", "l", "low price", "lowprice", "lowest", "tief", "tiefst", "tiefstkurs", "tagestief"),
        *("+ bas", "plus bas", "bas", "mínimo", "minimo", "mínima"),
    ),
    "close": (
        *("close", "c", "close price", "closeprice", "closing price", "close/last", "last", "latest", "schluss"),
        *("schlusskurs", "zuletzt", "dernier", "clôture", "último", "ultimo", "cierre", "chiusura", "fechamento"),
    ),
}
_VALUES = {
    **_PRICES,
    "volume": (
        *("volume", "v", "tick volume", "tickvolume", "tickvol", "vol", "vol.", "real volume", "stuecke", "stücke"),
        *("volumen", "volumes", "total volume", "traded volume", "traded quantity", "total traded quantity"),
        *("number of shares", "no. of shares", "no.of shares", "shares traded"),
    ),
}
_DATES = ("date", "dtyyyymmdd")
ADJUSTED = ("adj close", "adj. close", "adjusted close", "adjclose", "adjustedclose", "close adjusted")
SYMBOLS = ("symbol", "ticker", "tic", "name", "stock", "pair", "instrument")
NEEDED = "needed are timestamp (or date and time), open, high, low, close, and volume where there is one"
_NUMBERED = re.compile(r"^\d+[a-z]?\.\s*")
_IN_CURRENCY = re.compile(r"^((?:open|high|low|close)(?: price)?) ?\([^()]{1,5}\)$")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table's columns stand.

    Attributes
    ----------
    times : tuple of int
        Position of the time, or of date and time of day.
    values : mapping of str to int
        Position of open, high, low, close, and of volume where there is one.
    symbol, adjusted : int or None
        Position of the symbol, and of the adjusted close.
    """

    times: tuple[int, ...]
    values: dict[str, int]
    symbol: int | None = None
    adjusted: int | None = None


@lru_cache(maxsize=4096)
def plain(name: str) -> str:
    """Return a name without what does not count: case, blanks, ``_``, ``<>``, ``*``, a number, a price's currency."""
    words = " ".join(str(name).strip().strip("<>*").replace("_", " ").casefold().split())
    return _IN_CURRENCY.sub(r"\1", _NUMBERED.sub("", words))


def is_utc(name: str) -> bool:
    """Return whether the name of a column of times says that they are UTC."""
    return bool({"utc", "gmt"} & {*re.findall(r"[a-z]+", plain(name))})


def counted_names(cells: Sequence[str]) -> int:
    """Return how many different prices and volumes some cells name."""
    names = {plain(cell) for cell in cells}
    return sum(any(name in names for name in known) for known in _VALUES.values())


def is_header(cells: Sequence[str]) -> bool:
    """Return whether some cells name columns of bars: at least two of them."""
    names = {plain(cell) for cell in cells if cell.strip()}
    opens = any(name.split(" ")[0] in ("open", "o") for name in names if name)
    timed = any(name in TIMES for name in names)
    return counted_names(cells) + opens + timed >= 2 and len(names) >= 3


def find_columns(names: Sequence[str], source: str, stated: dict[str, int], volume_of: str | None = None) -> Columns:
    """Return where time, prices and volume stand; see `plain` for what does not count in names.

    Parameters
    ----------
    names : sequence of str
    source : str
        What messages call the file.
    stated : mapping of str to int
        Positions that are known already, by role.
    volume_of : str, optional
        The symbol, where several columns of volume are in one currency each.

    Raises
    ------
    InvalidBars
        If the time or a price is not there, a column that is needed is there twice, or the volume cannot be told.
    """
    short = [plain(name) for name in names]
    times = (stated["time"],) if "time" in stated else _time_positions(short)
    found = {role: stated.get(role, _position(known, short)) for role, known in _VALUES.items()}
    if found["volume"] is None:
        found["volume"] = _volume_in_a_currency(short, volume_of, source)
    _require_once([*times, *found.values()], set(stated.values()), short, names, source)
    absent = [] if times else ["time"]
    absent += [role for role in PRICE_COLUMNS if found[role] is None]
    if absent:
        there = in_one_line(", ".join(map(str, names))) or "nothing"
        raise InvalidBars(f"{source}: no column for {', '.join(absent)}; found {there}; {NEEDED}")
    values = {role: position for role, position in found.items() if position is not None}
    taken = {*times, *values.values()}
    symbol, adjusted = (_position(known, short) for known in (SYMBOLS, ADJUSTED))
    return Columns(times, values, None if symbol in taken else symbol, None if adjusted in taken else adjusted)


def _require_once(
    places: Sequence[int | None], stated: set[int], short: Sequence[str], names: Sequence[str], source: str
) -> None:
    for place in places:
        if place is not None and place not in stated and short.count(short[place]) > 1:
            alike = " and ".join(shown(name) for name, word in zip(names, short, strict=True) if word == short[place])
            raise InvalidBars(f"{source}: columns {alike} are one name twice; leave the right one")


def _time_positions(short: Sequence[str]) -> tuple[int, ...]:
    for date in _DATES:
        if date in short and "time" in short:
            return short.index(date), short.index("time")
    found = _position(TIMES, short)
    return () if found is None else (found,)


def _position(known: Sequence[str], short: Sequence[str]) -> int | None:
    return next((short.index(name) for name in known if name in short), None)


def _volume_in_a_currency(short: Sequence[str], symbol: str | None, source: str) -> int | None:
    """Return the position of ``Volume BTC`` beside ``Volume USDT`` where the symbol begins with BTC."""
    units = {place: name[7:].strip(" ()") for place, name in enumerate(short) if name.startswith("volume ")}
    if len(units) <= 1:
        return next(iter(units), None)
    fitting = [place for place, unit in units.items() if unit and (symbol or "").casefold().startswith(unit)]
    if len(fitting) == 1:
        return fitting[0]
    raise InvalidBars(
        f"{source}: several columns of volume, in {' and '.join(unit.upper() for unit in units.values())}; "
        "say which one it is: --columns volume=NAME"
    )
