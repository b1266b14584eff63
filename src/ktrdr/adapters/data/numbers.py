"""Numbers as people write them: which mark is the decimal mark is decided over all rows of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, decoded, floats_of, is_missing, is_text, matches
from ktrdr.adapters.data.layouts.agreeing import broken_rows
from ktrdr.adapters.data.plain_numbers import plain_numbers
from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidBars, shown
from ktrdr.domain.market.bars import PRICE_COLUMNS

_POWER = r"(?:e[+-]?\d+)?$"
_BLANKED = r"\d{1,3}(?:(?: \d{3})+|(?:'\d{3})+)"
_PLAIN = rf"^[+-]?(?:\d+|{_BLANKED}){_POWER}|^[+-]?(?:inf|infinity|nan)$"
_ADVICE = "write numbers without thousands marks"


class Marks(NamedTuple):
    """Decimal mark and thousands mark; empty where there are none, or numbers were not written."""

    decimal: str = ""
    thousands: str = ""


class _Found(NamedTuple):
    """A value that shows something."""

    role: str
    row: int
    text: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.role} {shown(self.text)}"


class _Signs(NamedTuple):
    """The first value, if any, whose mark can only be decimal, only be thousands, or be both."""

    decimal: _Found | None
    thousands: _Found | None
    either: _Found | None


def floats(columns: dict[str, Column], source: str, *, point: bool = False) -> tuple[dict[str, Floats], Marks]:
    """Return columns as numbers, NaN where there is no value, and the marks with which they are written.

    Thousands marks stand in groups of three. A comma that one, two, four or more digits follow is a decimal comma, and
    so is a point. Which it is of those that three digits follow is told by the other rows, then by the other prices,
    then by the other columns; where none tells, by which of the two readings has no open or close outside high and low.

    Parameters
    ----------
    columns : dict of str to array of pyarrow
        By role; numbers, or texts. It is emptied on the way, so that no column is held twice.
    source : str
        What messages call the file.
    point : bool
        Whether a point is a decimal point where no value tells.

    Raises
    ------
    InvalidBars
        If a value is not a number, a column is written in two ways, or both readings are possible; the message names
        row and text.
    """
    written = {role: decoded(column) for role, column in columns.items() if is_text(decoded(column).type)}
    texts = {role: plain_numbers(column, source, role) for role, column in written.items()}
    marks = _marks(texts, source, point) if texts else Marks()
    used = Marks(*(mark if mark and _has(texts, mark) else "" for mark in marks))
    if texts and not used.thousands:
        used = used._replace(thousands=next((mark for mark in " '" if _has(texts, mark)), ""))
    read = {}
    for role in tuple(columns):
        column = columns.pop(role)
        given = role in texts
        read[role] = _read(texts[role], column, marks, source, role) if given else floats_of(column, source, role)
        del column
    return read, used


def _has(texts: Mapping[str, Column], mark: str) -> bool:
    pattern = r"\." if mark == "." else mark
    return any(matches(text, pattern).any() for text in texts.values())


def _marks(texts: Mapping[str, Column], source: str, point: bool) -> Marks:
    prices = {role: text for role, text in texts.items() if role != "volume"}
    signs = {mark: _signs(prices, mark) for mark in ",."}
    others = {mark: _signs(texts, mark) for mark in ",."}
    for mark, name in ((",", "comma"), (".", "point")):
        decimal, thousands, _ = others[mark]
        if decimal and thousands:
            raise _two_ways(source, decimal, f"a decimal {name}", thousands, f"thousands with a {name}")
    comma, dot = others[","], others["."]
    if comma.decimal and dot.decimal:
        raise _two_ways(source, comma.decimal, "a decimal comma", dot.decimal, "a decimal point")
    if comma.thousands and dot.thousands:
        raise _two_ways(source, comma.thousands, "thousands with a comma", dot.thousands, "thousands with a point")
    if comma.decimal or dot.thousands:
        return Marks(",", ".")
    if dot.decimal or comma.thousands or (point and dot.either):
        return Marks(".", ",")
    if comma.either and dot.either:
        raise _two_ways(source, comma.either, "a comma", dot.either, "a point")
    return _chosen(prices, signs, others, source)


def _chosen(
    prices: Mapping[str, Column], signs: Mapping[str, _Signs], others: Mapping[str, _Signs], source: str
) -> Marks:
    """Return the marks where every value can be read in two ways, or none has a mark."""
    mark = "," if others[","].either else "."
    found = others[mark].either
    if found is None:
        return Marks(".")
    readings = [Marks(mark, ""), Marks("." if mark == "," else ",", mark)]
    if signs[mark].either and all(role in prices for role in PRICE_COLUMNS):
        agreeing = [reading for reading in readings if not _breaks(prices, reading, source)]
        if len(agreeing) == 1:
            return agreeing[0]
    name = {",": "comma", ".": "point"}[mark]
    whole, part = found.text.replace(mark, ""), found.text.replace(mark, ".")
    raise InvalidBars(
        f"{source}: {found} can be read in two ways, and no row tells which: as {whole} with a thousands {name}, or as "
        f"{part} with a decimal {name}; {_ADVICE}"
    )


def _breaks(prices: Mapping[str, Column], marks: Marks, source: str) -> bool:
    read = {role: _read(text, text, marks, source, role) for role, text in prices.items()}
    return bool(broken_rows(read).any())


def _signs(texts: Mapping[str, Column], mark: str) -> _Signs:
    m, other = ("," if mark == "," else r"\."), (r"\." if mark == "," else ",")
    group = rf"(?:(?:{other}\d{{3}})+|(?: \d{{3}})+|(?:'\d{{3}})+)"
    certain = rf"\d*{m}(?:\d{{0,2}}|\d{{4,}})|(?:\d{{4,}}|0\d*|){m}\d{{3}}|\d{{1,3}}{group}{m}\d*"
    decimal = rf"^[+-]?(?:{certain}){_POWER}|^[+-]?\d*{m}\d*e[+-]?\d+$"
    thousands = rf"^[+-]?[1-9]\d{{0,2}}(?:(?:{m}\d{{3}}){{2,}}|(?:{m}\d{{3}})+{other}\d*){_POWER}"
    either = rf"^[+-]?[1-9]\d{{0,2}}{m}\d{{3}}(?:e\+(?:3|6|9|12))?$"
    return _Signs(_first(texts, decimal, either), _first(texts, thousands), _first(texts, either))


def _first(texts: Mapping[str, Column], pattern: str, unlike: str = "") -> _Found | None:
    for role, text in texts.items():
        fits = matches(text, pattern)
        if unlike and fits.any():
            fits &= ~matches(text, unlike)
        if fits.any():
            row = int(fits.argmax())
            return _Found(role, row, text[row].as_py())
    return None


def _read(text: Column, written: Column, marks: Marks, source: str, role: str) -> Floats:
    d, t = (r"\." if mark == "." else mark for mark in marks)
    grouped = rf"|\d{{1,3}}(?:{t}\d{{3}})+(?:{d}\d*)?" if t else ""
    blanked = rf"{_BLANKED}(?:{d}\d*)?"
    form = rf"^[+-]?(?:\d+{d}?\d*|{d}\d+|{blanked}{grouped}){_POWER}|{_PLAIN}"
    broken = ~matches(text, form) & ~is_missing(text)
    if broken.any():
        row = int(broken.argmax())
        found = decoded(written)[row].as_py()
        marked = any(mark in found for mark in ",.") and any(letter.isdigit() for letter in found)
        why = f", with a decimal {'comma' if marks.decimal == ',' else 'point'} as in other rows" if marked else ""
        raise InvalidBars(f"{source}: row {row}: {role} {shown(found)} is not a number{why}")
    for mark in (marks.thousands, " ", "'"):
        text = pc.replace_substring(text, mark, "") if mark else text
    if marks.decimal == ",":
        text = pc.replace_substring(text, ",", ".")
    return floats_of(text, source, role, decoded(written))


def _two_ways(source: str, one: _Found, first: str, other: _Found, second: str) -> InvalidBars:
    return InvalidBars(
        f"{source}: numbers are written in two ways: {one} has {first}, {other} has {second}; write all alike"
    )
