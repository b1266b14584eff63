"""Numbers as people write them: which mark is the decimal mark is decided over all rows of a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, decoded, floats_of, is_text, matches
from ktrdr.adapters.data.distinct import Distinct
from ktrdr.adapters.data.layouts.agreeing import broken_rows
from ktrdr.adapters.data.plain_numbers import plain_numbers
from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidBars, InvalidInput, shown
from ktrdr.domain.market.bars import PRICE_COLUMNS

_POWER = r"(?:e[+-]?\d+)?$"
_BLANKED = r"\d{1,3}(?:(?: \d{3})+|(?:'\d{3})+)"
_PLAIN = rf"^[+-]?(?:\d+|{_BLANKED}){_POWER}|^[+-]?(?:inf|infinity|nan)$"
_NAMES = {",": "comma", ".": "point"}
_ADVICE = "say which: --decimal-mark at import"


class Marks(NamedTuple):
    """Decimal mark and thousands mark; empty where there are none."""

    decimal: str = ""
    thousands: str = ""


class _Text(NamedTuple):
    """A column of texts: its different ones as they stand in the file, and as `plain_numbers` leaves them."""

    column: Distinct
    plain: Column


class _Found(NamedTuple):
    """A value that shows something."""

    role: str
    row: int
    text: str

    def __str__(self) -> str:
        return f"row {self.row}: {self.role} {shown(self.text)}"


class _Signs(NamedTuple):
    """The first value, if any, whose mark can only be decimal, only be thousands, or be both."""

    decimal: _Found | None = None
    thousands: _Found | None = None
    either: _Found | None = None


def floats(
    columns: dict[str, Column], source: str, *, point: bool = False, decimal: str | None = None
) -> tuple[dict[str, Floats], Marks]:
    """Return columns as numbers, NaN where there is no value, and the marks that texts of them have.

    Thousands marks stand in groups of three. A comma that one, two, four or more digits follow is a decimal comma, and
    so is a point. Which it is of those that three digits follow is told by the other rows and columns; where none
    tells, by which of the two readings has no open or close outside high and low.

    Parameters
    ----------
    columns : dict of str to array of pyarrow
        By role; numbers, or texts. It is emptied on the way, so that no column is held twice.
    source : str
        What messages call the file.
    point : bool
        Whether a point is a decimal point where no value tells, and no whole numbers stand beside it.
    decimal : str, optional
        The decimal mark, where somebody says it; the other one marks thousands.

    Raises
    ------
    InvalidInput
        If `decimal` is no such mark.
    InvalidBars
        If a value is not a number, a column is written in two ways, or both readings are possible; the message names
        row and text.
    """
    read: dict[str, Floats] = {}
    texts: dict[str, _Text] = {}
    for role in tuple(columns):
        column = decoded(columns.pop(role))
        if is_text(column.type):
            distinct = Distinct.of(role, column)
            texts[role] = _Text(distinct, plain_numbers(distinct, source))
        else:
            read[role] = floats_of(column, source, role)
        del column
    marks = (_stated(decimal) if decimal else _marks(texts, source, point)) if texts else Marks()
    if not decimal:
        _require_one_way(texts, marks, source)
    read |= {role: _read(text, marks, source) for role, text in texts.items()}
    found = [mark for mark in (marks.thousands, " ", "'") if mark and _has(texts, mark)]
    return read, Marks(marks.decimal if _has(texts, marks.decimal) else "", found[0] if found else "")


def _stated(decimal: str) -> Marks:
    if decimal not in _NAMES:
        raise InvalidInput(f"the decimal mark must be . or , ; found {shown(decimal)}")
    return Marks(decimal, "." if decimal == "," else ",")


def _has(texts: Mapping[str, _Text], mark: str) -> bool:
    return any(matches(text.plain, "[" + mark + "]").any() for text in texts.values()) if mark else False


def _marks(texts: Mapping[str, _Text], source: str, point: bool) -> Marks:
    comma, dot = (_signs(texts, mark) if _has(texts, mark) else _Signs() for mark in ",.")
    for signs, name in ((comma, "comma"), (dot, "point")):
        if signs.decimal and signs.thousands:
            raise _two_ways(source, signs.decimal, f"a decimal {name}", signs.thousands, f"thousands with a {name}")
    if comma.decimal and dot.decimal:
        raise _two_ways(source, comma.decimal, "a decimal comma", dot.decimal, "a decimal point")
    if comma.thousands and dot.thousands:
        raise _two_ways(source, comma.thousands, "thousands with a comma", dot.thousands, "thousands with a point")
    for told in (comma.decimal, dot.thousands, dot.decimal, comma.thousands):
        _require_usual(told, texts, source)
    if comma.decimal or dot.thousands:
        return Marks(",", ".")
    if dot.decimal or comma.thousands or (point and dot.either and not _mixed(texts)):
        return Marks(".", ",")
    if comma.either and dot.either:
        raise _two_ways(source, comma.either, "a comma", dot.either, "a point")
    if comma.either:
        return _chosen(texts, ",", comma.either, source)
    if dot.either:
        return _chosen(texts, ".", dot.either, source)
    return Marks(".") if _has(texts, ".") else Marks()


def _require_usual(told: _Found | None, texts: Mapping[str, _Text], source: str) -> None:
    """Refuse that few volumes tell of prices that could be read in two ways: it may be they that are odd.

    Raises
    ------
    InvalidBars
    """
    if told is None or told.role in PRICE_COLUMNS:
        return
    marked = matches(texts[told.role].plain, "[.,]")
    prices = {role: text for role, text in texts.items() if role in PRICE_COLUMNS}
    unclear = _signs(prices, ".").either or _signs(prices, ",").either
    if unclear and 2 * marked.sum() < len(marked):
        raise InvalidBars(
            f"{source}: {unclear} can be read in two ways, and {told} is no evidence, as most of its column has no "
            f"mark; {_ADVICE}"
        )


def _require_one_way(texts: Mapping[str, _Text], marks: Marks, source: str) -> None:
    """Refuse ``1.191`` beside ``1,193``, unless others of the column show thousands, and not three decimals."""
    for role, text in texts.items():
        column = {role: text}
        if not (_has(column, ",") and _has(column, ".")):
            continue
        comma, dot = (_signs(column, mark) for mark in ",.")
        thousands = (comma if marks.thousands == "," else dot).thousands
        decimals = matches(text.plain, rf"\{marks.decimal}(?:\d{{1,2}}|\d{{4,}})$").any()
        if comma.either and dot.either and not (thousands and decimals):
            raise _two_ways(source, dot.either, "a point", comma.either, "a comma")


def _mixed(texts: Mapping[str, _Text]) -> bool:
    """Return whether whole numbers stand beside ``1.234`` in a column, as they do where the point marks thousands."""
    return any(
        matches(text.plain, r"^[+-]?[1-9]\d{0,2}\.\d{3}$").any() and matches(text.plain, r"^[+-]?[1-9]\d*$").any()
        for text in texts.values()
    )


def _chosen(texts: Mapping[str, _Text], mark: str, found: _Found, source: str) -> Marks:
    """Return the marks where every value can be read in two ways, by whether open and close lie within high and low.

    Raises
    ------
    InvalidBars
        If they do by both readings, or by none.
    """
    readings = [Marks(mark, "")]
    if not any(_has_bare_thousands(text, mark) for text in texts.values()):
        readings.append(Marks("." if mark == "," else ",", mark))
    prices = {role: text for role, text in texts.items() if role in PRICE_COLUMNS}
    if len(prices) == len(PRICE_COLUMNS) and _has(prices, mark):
        agreeing = [marks for marks in readings if not _breaks(prices, marks, source)]
        if len(agreeing) == 1:
            return agreeing[0]
    name, whole, part = _NAMES[mark], found.text.replace(mark, ""), found.text.replace(mark, ".")
    raise InvalidBars(
        f"{source}: {found} can be read in two ways, and no row tells which: as {whole} with a thousands {name}, or as "
        f"{part} with a decimal {name}; {_ADVICE}"
    )


def _has_bare_thousands(text: _Text, mark: str) -> bool:
    """Return whether ``1234`` stands beside ``1.234`` in a column, so that the mark is none of thousands."""
    marked, bare = (matches(text.plain, pattern).any() for pattern in (rf"[{mark}]", r"^[+-]?\d{4,}$"))
    return bool(marked and bare)


def _breaks(prices: Mapping[str, _Text], marks: Marks, source: str) -> bool:
    return bool(broken_rows({role: _read(text, marks, source) for role, text in prices.items()}).any())


def _signs(texts: Mapping[str, _Text], mark: str) -> _Signs:
    m, other = ("," if mark == "," else r"\."), (r"\." if mark == "," else ",")
    group = rf"(?:(?:{other}\d{{3}})+|(?: \d{{3}})+|(?:'\d{{3}})+)"
    certain = rf"\d*{m}(?:\d{{1,2}}|\d{{4,}})|(?:\d{{4,}}|0\d*|){m}\d{{3}}|\d{{1,3}}{group}{m}\d*"
    decimal = rf"^[+-]?(?:{certain}){_POWER}|^[+-]?\d*{m}\d*e[+-]?\d+$"
    thousands = rf"^[+-]?[1-9]\d{{0,2}}(?:(?:{m}\d{{3}}){{2,}}|(?:{m}\d{{3}})+{other}\d*){_POWER}"
    either = rf"^[+-]?[1-9]\d{{0,2}}{m}\d{{3}}(?:e\+(?:3|6|9|12))?$"
    return _Signs(_first(texts, decimal, either), _first(texts, thousands), _first(texts, either))


def _first(texts: Mapping[str, _Text], pattern: str, unlike: str = "") -> _Found | None:
    for role, text in texts.items():
        fits = matches(text.plain, pattern)
        if unlike and fits.any():
            fits &= ~matches(text.plain, unlike)
        if fits.any():
            place = int(fits.argmax())
            return _Found(role, text.column.row_of(place), text.column.texts[place].as_py())
    return None


def _read(text: _Text, marks: Marks, source: str) -> Floats:
    column, plain = text
    _require_numbers(text, marks, source)
    for mark in (marks.thousands, " ", "'"):
        plain = pc.replace_substring(plain, mark, "") if mark else plain
    if marks.decimal == ",":
        plain = pc.replace_substring(plain, ",", ".")
    return column.spread(floats_of(plain, source, column.role, column.texts))


def _require_numbers(text: _Text, marks: Marks, source: str) -> None:
    d, t = (rf"\{mark}" if mark else "" for mark in marks)
    grouped = rf"|\d{{1,3}}(?:{t}\d{{3}})+(?:{d}\d*)?" if t else ""
    parted = rf"\d+{d}\d*|{d}\d+|{_BLANKED}{d}\d*" if d else r"\d+"
    form = rf"^[+-]?(?:{parted}{grouped}){_POWER}|{_PLAIN}"
    fits = matches(text.plain, form)
    if fits.all():
        return
    place = int(fits.argmin())
    found = text.column.texts[place].as_py()
    marked = any(mark in found for mark in ",.") and any(letter.isdigit() for letter in found)
    why = f", with a decimal {_NAMES[marks.decimal]} as in other rows" if marked and marks.decimal else ""
    where = _Found(text.column.role, text.column.row_of(place), found)
    raise InvalidBars(f"{source}: {where} is not a number{why}")


def _two_ways(source: str, one: _Found, first: str, other: _Found, second: str) -> InvalidBars:
    return InvalidBars(
        f"{source}: numbers are written in two ways: {one} has {first}, {other} has {second}; write all alike"
    )
