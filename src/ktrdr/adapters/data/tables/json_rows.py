"""JSON: rows as lists (ccxt, freqtrade) or objects, a reply with rows in it, columns as lists, bars by their times."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import pyarrow as pa

from ktrdr.adapters.data.tables.head import WITHIN
from ktrdr.adapters.data.tables.table import Content, Loaded, Table
from ktrdr.domain.errors import InvalidBars, shown


def open_json(content: Content, source: str, _words: Sequence[str]) -> Table:
    """Return the table of a JSON file.

    Raises
    ------
    InvalidBars
        If it holds no rows of bars, or they are not all alike.
    """
    whole = content if isinstance(content, bytes) else content.read_bytes()
    found = json.loads(whole, object_pairs_hook=partial(_once, source))
    names, columns = _table(found, source)
    if not columns:
        raise InvalidBars(f"{source}: holds no bars")

    def load(texts: Sequence[int], numbers: Sequence[int]) -> Loaded:
        return Loaded({place: column_of_values(columns[place]) for place in (*texts, *numbers)}, pointed=True)

    sample = (
        ()
        if names
        else tuple(
            tuple("" if cell is None else str(cell) for cell in row)
            for row in zip(*(column[:WITHIN] for column in columns), strict=True)
        )
    )
    return Table("json", names, len(columns), load, sample=sample)


def _once(source: str, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise InvalidBars(f"{source}: {shown(twice)} stands twice in one object, with {shown(found[twice])} at last")
    return found


def column_of_values(values: Sequence[Any]) -> pa.Array:
    """Return values as a column; as texts where they are of several kinds, of which true and false are one."""
    kinds = {*map(type, values)} - {type(None)}
    if bool in kinds and len(kinds) > 1:
        return _texts(values)
    try:
        return pa.array(values)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    try:
        return pa.array(values, pa.float64())
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        return _texts(values)


def _texts(values: Sequence[Any]) -> pa.Array:
    return pa.array([None if value is None else str(value) for value in values])


def _table(found: Any, source: str) -> tuple[tuple[str, ...], list[Sequence[Any]]]:
    """Return names and columns."""
    if isinstance(found, dict):
        return _of_object(found, source)
    if isinstance(found, list) and found and all(isinstance(row, list) for row in found):
        widths = {len(row) for row in found}
        if len(widths) > 1:
            row = next(place for place, one in enumerate(found) if len(one) != len(found[0]))
            raise InvalidBars(f"{source}: row {row}: has {len(found[row])} values, row 0 has {len(found[0])}")
        return (), list(zip(*found, strict=True))
    if isinstance(found, list) and found and all(isinstance(row, dict) for row in found):
        return _of_objects(found)
    raise InvalidBars(f"{source}: must hold rows of bars; found {shown(found)}")


def _of_objects(rows: Sequence[dict[str, Any]]) -> tuple[tuple[str, ...], list[Sequence[Any]]]:
    names = tuple(dict.fromkeys(name for row in rows for name in row))
    return names, [[row.get(name) for row in rows] for name in names]


def _of_object(found: dict[str, Any], source: str) -> tuple[tuple[str, ...], list[Sequence[Any]]]:
    """Return what an object holds: columns by name, bars by time, or rows under some key."""
    lists = {key: value for key, value in found.items() if isinstance(value, list)}
    if len(lists) > 4 and len({len(value) for value in lists.values()}) == 1:
        return tuple(lists), list(lists.values())
    if len(found) > 1 and _are_bars(found.values()):
        return _of_objects([{"time": time, **bar} for time, bar in found.items()])
    inner = [value for value in found.values() if _holds_rows(value)]
    if len(inner) == 1:
        return _table(inner[0], source)
    keys = ", ".join(map(str, list(found)[:9]))
    what = "no rows of bars" if not inner else "several lists of rows"
    raise InvalidBars(f"{source}: must hold rows of bars; found an object with {what} (its keys: {shown(keys)})")


def _are_bars(values: Iterable[Any]) -> bool:
    return all(isinstance(value, dict) and len(value) > 3 for value in values)


def _holds_rows(value: Any, deep: int = 2) -> bool:
    """Return whether rows of bars stand there, or in something that stands there."""
    if isinstance(value, list):
        return bool(value) and all(isinstance(row, list | dict) for row in value)
    if not isinstance(value, dict):
        return False
    inside = deep > 0 and any(_holds_rows(one, deep - 1) for one in value.values())
    return inside or (len(value) > 1 and _are_bars(value.values()))
