"""The forms in which people and vendors write times, and the parts of texts that have one of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, column_of, is_missing, values_of
from ktrdr.domain.arrays import Bools, Int64s

_CLOCK = (
    r"(?:(?:T|,?\s+)(?P<hour>\d{1,2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<part>\d{1,9}))?)?)?"
    r"\s*(?:(?P<half>[AaPp])(?:\.?[Mm])?\b\.?)?)?"
)
_ZONE = r"\s*(?P<zone>[A-Za-z+-][A-Za-z0-9_/:+-]*)?"
_WEEKDAY = r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*\.?,?\s+)?"
_MONTH = r"(?P<name>[A-Za-z]{3})[a-z]*\.?"
_DATES = (
    r"(?P<year>\d{4})[./-](?P<month>\d{1,2})[./-](?P<day>\d{1,2})",
    r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})",
    r"(?P<month>\d{1,2})(?P<dash>[./-])(?P<day>\d{1,2})[./-](?P<year>\d{4})",
    rf"{_WEEKDAY}{_MONTH}[\s-](?P<day>\d{{1,2}}),?[\s-](?P<year>\d{{4}})",
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})[\s-]{_MONTH},?[\s-](?P<year>\d{{4}})",
)
_FORMS = tuple(f"^{date}{_CLOCK}{_ZONE}$" for date in _DATES)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DIGITS = {"year", "month", "day", "hour", "minute", "second"}


@dataclass(frozen=True, slots=True)
class Cells:
    """The parts of times, a row each; numbers are 0 where a text lacks them, and the year where it has no form.

    Attributes
    ----------
    year, month, day, hour, minute, second : ndarray of int64, shape (n,)
        Where `either`, month and day are what stands first and second.
    part : ndarray of int64, shape (n,)
        Nanoseconds.
    half : ndarray of int64, shape (n,)
        1 before noon, 2 after it, 0 where a text does not say.
    zone : ndarray of int64, shape (n,)
        Place in `zones`.
    clocked, either, dotted : ndarray of bool, shape (n,)
        Whether there is a time of day; day and month before the year, in digits; dots between them.
    zones : list of str
        What stands behind times for a zone; the first is empty, for none.
    """

    year: Int64s
    month: Int64s
    day: Int64s
    hour: Int64s
    minute: Int64s
    second: Int64s
    part: Int64s
    half: Int64s
    zone: Int64s
    clocked: Bools
    either: Bools
    dotted: Bools
    zones: list[str] = field(default_factory=lambda: [""])

    @classmethod
    def of(cls, count: int) -> Cells:
        """Return cells of texts that have not been read."""
        numbers, marks = np.zeros((9, count), dtype=np.int64), np.zeros((3, count), dtype=np.bool_)
        return cls(*numbers, *marks)

    @property
    def zoned(self) -> Bools:
        """Whether a zone stands behind each time."""
        return self.zone > 0

    def place_of(self, zone: str) -> int:
        """Return the place of a zone in `zones`, where it stands from now on."""
        if zone not in self.zones:
            self.zones.append(zone)
        return self.zones.index(zone)


def read_forms(text: Column) -> Cells:
    """Return the parts of texts, each of which may have another form."""
    whole = text.combine_chunks() if isinstance(text, pa.ChunkedArray) else text
    cells = Cells.of(len(whole))
    left = np.arange(len(whole))
    for form in _FORMS:
        found = pc.extract_regex(whole.take(column_of(left, pa.int64())), form)
        fits = ~is_missing(found)
        rows, left = left[fits], left[~fits]
        _fill(cells, rows, found.drop_null())
        if not len(left):
            break
    return cells


def _fill(cells: Cells, rows: Int64s, found: pa.StructArray) -> None:
    texts = {cell.name: found.field(place) for place, cell in enumerate(found.type)}
    for name in _DIGITS & texts.keys():
        getattr(cells, name)[rows] = _whole(texts[name])
    if "name" in texts:
        cells.month[rows] = of_each(texts["name"], _month)
    if "dash" in texts:
        cells.either[rows] = True
        cells.dotted[rows] = of_each(texts["dash"], lambda dash: dash == ".")
    cells.part[rows] = of_each(texts["part"], lambda digits: int(digits.ljust(9, "0")))
    cells.half[rows] = of_each(texts["half"], lambda half: " ap".find(half.casefold()))
    cells.clocked[rows] = of_each(texts["hour"], bool)
    cells.zone[rows] = of_each(texts["zone"], cells.place_of)


def of_each(texts: Column, meaning: Callable[[str], int]) -> Int64s:
    """Return what texts mean; each distinct one is asked for once."""
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    coded = whole.dictionary_encode()
    meanings = np.array([meaning(text) for text in coded.dictionary.to_pylist()], dtype=np.int64)
    each: Int64s = meanings[values_of(coded.indices, np.int32)]
    return each


def _month(name: str) -> int:
    """Return the number of a month by the first letters of its name, 0 for other words."""
    return _MONTHS.index(name.casefold()) + 1 if name.casefold() in _MONTHS else 0


def _whole(cells: pa.Array) -> Int64s:
    """Return digits as numbers, and 0 where there are none."""
    return values_of(pc.cast(pc.replace_substring_regex(cells, "^$", "0"), pa.int64()), np.int64)
