"""Columns of numbers as people write them, and how they are read by given marks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, floats_of, matches
from ktrdr.adapters.data.distinct import Distinct
from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidBars, shown

POWER = r"(?:e[+-]?\d+)?$"
NAMES = {",": "comma", ".": "point"}
_BLANKED = r"\d{1,3}(?:(?: \d{3})+|(?:'\d{3})+)"
_PLAIN = rf"^[+-]?(?:\d+|{_BLANKED}){POWER}|^[+-]?(?:inf|infinity|nan)$"


class Marks(NamedTuple):
    """Decimal mark and thousands mark; empty where there are none."""

    decimal: str = ""
    thousands: str = ""


class NumberTexts(NamedTuple):
    """A column of texts: its different ones as they stand in the file, and as `plain_numbers` leaves them."""

    column: Distinct
    plain: Column


class Found(NamedTuple):
    """A value that shows something."""

    role: str
    row: int
    text: str

    def __str__(self) -> str:
        """Return row, role and text."""
        return f"row {self.row}: {self.role} {shown(self.text)}"


def has_mark(texts: Mapping[str, NumberTexts], mark: str) -> bool:
    """Return whether a mark stands in any column."""
    return any(matches(text.plain, "[" + mark + "]").any() for text in texts.values()) if mark else False


def read_by(text: NumberTexts, marks: Marks, source: str) -> Floats:
    """Return a column as numbers, NaN where there is no value.

    Raises
    ------
    InvalidBars
        If a value is not a number by these marks; the message names row and text.
    """
    column, plain = text
    _require_numbers(text, marks, source)
    for mark in (marks.thousands, " ", "'"):
        plain = pc.replace_substring(plain, mark, "") if mark else plain
    if marks.decimal == ",":
        plain = pc.replace_substring(plain, ",", ".")
    return column.spread(floats_of(plain, source, column.role, column.texts))


def _require_numbers(text: NumberTexts, marks: Marks, source: str) -> None:
    d, t = (rf"\{mark}" if mark else "" for mark in marks)
    grouped = rf"|\d{{1,3}}(?:{t}\d{{3}})+(?:{d}\d*)?" if t else ""
    parted = rf"\d+{d}\d*|{d}\d+|{_BLANKED}{d}\d*" if d else r"\d+"
    form = rf"^[+-]?(?:{parted}{grouped}){POWER}|{_PLAIN}"
    fits = matches(text.plain, form)
    if fits.all():
        return
    place = int(fits.argmin())
    found = text.column.texts[place].as_py()
    marked = any(mark in found for mark in ",.") and any(letter.isdigit() for letter in found)
    why = f", with a decimal {NAMES[marks.decimal]} as in other rows" if marked and marks.decimal else ""
    where = Found(text.column.role, text.column.row_of(place), found)
    raise InvalidBars(f"{source}: {where} is not a number{why}")
