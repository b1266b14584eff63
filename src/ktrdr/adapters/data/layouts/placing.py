"""Which columns of a table are which, by the layout that fits."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from ktrdr.adapters.data.columns import Columns, find_columns, plain
from ktrdr.adapters.data.layouts import BY_NAME, LAYOUTS, Layout, layouts_named
from ktrdr.adapters.data.tables import Table
from ktrdr.domain.errors import InvalidBars, InvalidInput, did_you_mean, in_one_line, shown
from ktrdr.domain.market.reading import ROLES, Stated
from ktrdr.domain.market.series import same_symbol

_ADVICE = "say which column is which: --columns time=1,open=2,high=3,low=4,close=5, or its layout: --format NAME"


@dataclass(frozen=True, slots=True)
class Placed:
    """A layout, where it says that a table's columns stand, and which are taken for empty in every row."""

    layout: Layout
    columns: Columns
    empty: tuple[int, ...] = ()


def placings(table: Table, stated: Stated, source: str) -> tuple[Placed, ...]:
    """Return how a table can be read: one way where its columns have names, else each whose shape it has.

    Raises
    ------
    InvalidInput
        If what is stated of layout or columns names none.
    InvalidBars
        If a column is missing, no layout fits, or it holds several symbols of which none is stated.
    """
    if table.names:
        return (_headed(table, stated, source),)
    if stated.columns:
        places = _stated_places([str(place + 1) for place in range(table.width)], stated.columns, source)
        missing = [role for role in ROLES[:-1] if role not in places]
        if missing:
            raise InvalidInput(f"{source}: without a header, --columns must say {', '.join(missing)} too")
        return (Placed(BY_NAME, _columns_of(places)),)
    return _unnamed(table, stated.layout, source)


def _unnamed(table: Table, stated: str | None, source: str) -> tuple[Placed, ...]:
    """Return the layouts of columns without names, of which those that are empty in every row do not count."""
    every = tuple(range(table.width))
    filled = tuple(place for place in every if any(row[place].strip() for row in table.sample))
    for places in (filled, every):
        rows = [[row[place].strip() for place in places] for row in table.sample]
        known = layouts_named(stated) if stated else LAYOUTS
        fitting = [layout for layout in known if _has_shape(rows, layout, bool(stated))]
        if fitting:
            empty = tuple(place for place in every if place not in places)
            return tuple(Placed(layout, _in_order(layout, places), empty) for layout in fitting)
    why = f" is not of the layout {stated}" if stated else " is of no known layout"
    first = in_one_line(table.delimiter.join(table.sample[0]) if table.sample else "nothing", 80)
    raise InvalidBars(f"{source}: has no header, and a row of {table.width} cells{why} ({first!r}); {_ADVICE}")


def _headed(table: Table, stated: Stated, source: str) -> Placed:
    names = _asked_for(table, stated.symbol, source)
    short = [plain(name) for name in names]
    layout = _layout_of(names, stated.layout)
    if layout is None:
        wanted = layouts_named(stated.layout or "")[0]
        if wanted.unnamed and not (wanted.header or wanted.exactly):
            found = in_one_line(", ".join(names))
            raise InvalidBars(f"{source}: is not of the layout {stated.layout}, which has no header; found {found}")
        absent = [name for name in (*wanted.header, *map(plain, wanted.exactly)) if name not in short]
        raise InvalidBars(
            f"{source}: is not of the layout {stated.layout}: no column {', '.join(map(shown, absent))}; "
            f"found {in_one_line(', '.join(names))}"
        )
    places = {role: short.index(name) for role, name in layout.roles.items() if short.count(name) == 1}
    places |= _stated_places(names, stated.columns, source)
    return Placed(layout, find_columns(names, source, places, stated.symbol))


@lru_cache(maxsize=256)
def _layout_of(names: tuple[str, ...], stated: str | None) -> Layout | None:
    short = [plain(name) for name in names]
    known = layouts_named(stated) if stated else LAYOUTS
    return next((layout for layout in known if _names_fit(layout, names, short)), None)


def _names_fit(layout: Layout, names: Sequence[str], short: Sequence[str]) -> bool:
    if layout is BY_NAME:
        return True
    if layout.exactly:
        return tuple(names[: len(layout.exactly)]) == layout.exactly
    return bool(layout.header) and {*layout.header} <= {*short}


def _asked_for(table: Table, symbol: str | None, source: str) -> tuple[str, ...]:
    """Return the names of columns, those of other symbols than the one that is asked for left empty.

    Raises
    ------
    InvalidBars
        If there are several symbols, and none of them is asked for.
    """
    tickers = tuple(dict.fromkeys(ticker for ticker in table.tickers if ticker))
    if len(tickers) < 2:
        return table.names
    wanted = symbol_among(tickers, symbol, source)
    pairs = zip(table.names, table.tickers, strict=True)
    return tuple(name if ticker in ("", wanted) else "\0" for name, ticker in pairs)


def symbol_among(found: Sequence[str], symbol: str | None, source: str) -> str:
    """Return which of several symbols of a file is asked for.

    Raises
    ------
    InvalidBars
        If it is none of them.
    """
    exact = [one for one in found if symbol is not None and same_symbol(one.casefold(), symbol.casefold())]
    bare = [one for one in found if symbol is not None and one.casefold().rpartition(".")[0] == symbol.casefold()]
    for fitting in (exact, bare):
        if len(fitting) == 1:
            return fitting[0]
    listed = in_one_line(", ".join(found[:9])) + (f" and {len(found) - 9} more" if len(found) > 9 else "")
    asked = "" if symbol is None else f", none of which is {shown(symbol)}{did_you_mean(symbol, found)}"
    raise InvalidBars(f"{source}: holds {len(found)} symbols ({listed}){asked}; say which: --symbol")


def _stated_places(names: Sequence[str], columns: Mapping[str, str], source: str) -> dict[str, int]:
    """Return the positions of columns that somebody names.

    Raises
    ------
    InvalidInput
        If a role or a name is not known, or a name is there twice.
    """
    places = {}
    short = [plain(name) for name in names]
    for role, name in columns.items():
        if role not in ROLES:
            raise InvalidInput(f"no column is called for by {shown(role)}{did_you_mean(role, ROLES)} (known: {_ROLES})")
        exact = [place for place, known in enumerate(names) if known == name]
        fitting = exact or [place for place, known in enumerate(short) if known == plain(name)]
        if len(fitting) != 1:
            why = "is there twice" if fitting else f"is not there{did_you_mean(name, names)}"
            raise InvalidInput(
                f"{source}: the column {shown(name)} for {role} {why} (there are: {in_one_line(', '.join(names))})"
            )
        places[role] = fitting[0]
    return places


def _has_shape(rows: Sequence[Sequence[str]], layout: Layout, stated: bool) -> bool:
    """Return whether most rows look like those of a layout; the others are refused where they are read."""
    if not rows or len(layout.unnamed) != len(rows[0]) or (layout.stated_only and not stated):
        return False
    patterns = [re.compile(pattern) for pattern in layout.begins]
    return 2 * sum(_begins(row, patterns) for row in rows) > len(rows)


def _begins(row: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> bool:
    return all(
        pattern.match(cell) is not None and (place == 0 or pattern.fullmatch(cell) is not None)
        if pattern.pattern.startswith(r"\d{1,4}")
        else pattern.fullmatch(cell) is not None
        for place, (pattern, cell) in enumerate(zip(patterns, row, strict=False))
    )


def _in_order(layout: Layout, places: Sequence[int]) -> Columns:
    pairs = list(zip(places, layout.unnamed, strict=True))
    times = tuple(place for place, role in pairs if role == "time")
    return Columns(times, {role: place for place, role in pairs if role not in ("", "time")})


def _columns_of(places: Mapping[str, int]) -> Columns:
    return Columns((places["time"],), {role: place for role, place in places.items() if role != "time"})


_ROLES = ", ".join(ROLES)
