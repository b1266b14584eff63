"""How a file was understood, in words that are said and kept."""

from __future__ import annotations

from collections.abc import Sequence

from ktrdr.adapters.data.columns import Columns
from ktrdr.adapters.data.table_rows import ADJUSTED, TableRows
from ktrdr.adapters.data.tables import Table
from ktrdr.domain.errors import in_one_line
from ktrdr.domain.market.reading import Reading, Stated


def reading_of(read: TableRows, table: Table, stated: Stated, remarks: Sequence[str]) -> Reading:
    """Return how a table was understood, with what else is to be said of one series of it."""
    columns, times = read.placed.columns, read.times
    named = {"time": " and ".join(table.name_of(place) for place in columns.times)}
    named |= {role: table.name_of(place) for role, place in columns.values.items() if role != ADJUSTED}
    said = [*read.remarks, *remarks, *filter(None, [read.placed.layout.remark])]
    if columns.adjusted is not None and not stated.adjusted:
        adjusted, close = table.name_of(columns.adjusted), table.name_of(columns.values["close"])
        said.append(f"an adjusted close ({adjusted}) stands beside {close} and is not used; --adjusted chooses it")
    unread = _unread(table, columns) if "volume" not in columns.values else ""
    if unread:
        advice = "--columns volume=NAME takes one"
        said.append(f"no column is known to be the volume, so it is 0; not read: {unread}; {advice}")
    if stated.adjusted and columns.adjusted is not None:
        named["close"] = table.name_of(columns.adjusted)
    return Reading(
        layout=read.placed.layout.name,
        kind=table.kind,
        delimiter=table.delimiter,
        decimal_mark=read.marks.decimal or ("." if table.delimiter else ""),
        thousands_mark=read.marks.thousands,
        times=times.spelling,
        time_zone=times.time_zone,
        zone_from=times.zone_from,
        newest_first=len(times.stamps) > 1 and bool(times.stamps[0] > times.stamps[-1]),
        adjustment="splits and dividends" if stated.adjusted else "",
        columns=named,
        remarks=tuple(said),
    )


def _unread(table: Table, columns: Columns) -> str:
    """Return the names of the columns that are taken for nothing."""
    taken = {*columns.times, *columns.values.values(), columns.symbol, columns.adjusted}
    left = (name for place, name in enumerate(table.names) if place not in taken and name.strip("\0 "))
    return in_one_line(", ".join(left), 120)
