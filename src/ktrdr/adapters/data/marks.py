"""Which mark is the decimal mark of a file, and which one marks thousands: told by all rows of all columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from ktrdr.adapters.data.arrow import matches
from ktrdr.adapters.data.layouts.agreeing import broken_rows
from ktrdr.adapters.data.number_texts import NAMES, POWER, Found, Marks, NumberTexts, has_mark, read_by
from ktrdr.domain.errors import InvalidBars, InvalidInput, shown
from ktrdr.domain.market.bars import PRICE_COLUMNS

_ADVICE = "say which: --decimal-mark at import"


class _Signs(NamedTuple):
    """The first value, if any, whose mark can only be decimal, only be thousands, or be both."""

    decimal: Found | None = None
    thousands: Found | None = None
    either: Found | None = None


def stated_marks(decimal: str) -> Marks:
    """Return the marks by the decimal one; the other one marks thousands.

    Raises
    ------
    InvalidInput
        If it is neither point nor comma.
    """
    if decimal not in NAMES:
        raise InvalidInput(f"the decimal mark must be . or , ; found {shown(decimal)}")
    return Marks(decimal, "." if decimal == "," else ",")


def told_marks(texts: Mapping[str, NumberTexts], source: str, point: bool) -> Marks:
    """Return the marks that columns tell, see `numbers.floats`.

    Raises
    ------
    InvalidBars
        If they are written in two ways, or both readings are possible; the message names row and text.
    """
    comma, dot = (_signs(texts, mark) if has_mark(texts, mark) else _Signs() for mark in ",.")
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
    return Marks(".") if has_mark(texts, ".") else Marks()


def _require_usual(told: Found | None, texts: Mapping[str, NumberTexts], source: str) -> None:
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


def require_one_way(texts: Mapping[str, NumberTexts], marks: Marks, source: str) -> None:
    """Refuse ``1.191`` beside ``1,193``, unless others of the column show thousands, and not three decimals."""
    for role, text in texts.items():
        column = {role: text}
        if not (has_mark(column, ",") and has_mark(column, ".")):
            continue
        comma, dot = (_signs(column, mark) for mark in ",.")
        thousands = (comma if marks.thousands == "," else dot).thousands
        decimals = matches(text.plain, rf"\{marks.decimal}(?:\d{{1,2}}|\d{{4,}})$").any()
        if comma.either and dot.either and not (thousands and decimals):
            raise _two_ways(source, dot.either, "a point", comma.either, "a comma")


def _mixed(texts: Mapping[str, NumberTexts]) -> bool:
    """Return whether whole numbers stand beside ``1.234`` in a column, as they do where the point marks thousands."""
    return any(
        matches(text.plain, r"^[+-]?[1-9]\d{0,2}\.\d{3}$").any() and matches(text.plain, r"^[+-]?[1-9]\d*$").any()
        for text in texts.values()
    )


def _chosen(texts: Mapping[str, NumberTexts], mark: str, found: Found, source: str) -> Marks:
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
    if len(prices) == len(PRICE_COLUMNS) and has_mark(prices, mark):
        agreeing = [marks for marks in readings if not _breaks(prices, marks, source)]
        if len(agreeing) == 1:
            return agreeing[0]
    name, whole, part = NAMES[mark], found.text.replace(mark, ""), found.text.replace(mark, ".")
    raise InvalidBars(
        f"{source}: {found} can be read in two ways, and no row tells which: as {whole} with a thousands {name}, or as "
        f"{part} with a decimal {name}; {_ADVICE}"
    )


def _has_bare_thousands(text: NumberTexts, mark: str) -> bool:
    """Return whether ``1234`` stands beside ``1.234`` in a column, so that the mark is none of thousands."""
    marked, bare = (matches(text.plain, pattern).any() for pattern in (rf"[{mark}]", r"^[+-]?\d{4,}$"))
    return bool(marked and bare)


def _breaks(prices: Mapping[str, NumberTexts], marks: Marks, source: str) -> bool:
    return bool(broken_rows({role: read_by(text, marks, source) for role, text in prices.items()}).any())


def _signs(texts: Mapping[str, NumberTexts], mark: str) -> _Signs:
    m, other = ("," if mark == "," else r"\."), (r"\." if mark == "," else ",")
    group = rf"(?:(?:{other}\d{{3}})+|(?: \d{{3}})+|(?:'\d{{3}})+)"
    certain = rf"\d*{m}(?:\d{{1,2}}|\d{{4,}})|(?:\d{{4,}}|0\d*|){m}\d{{3}}|\d{{1,3}}{group}{m}\d*"
    decimal = rf"^[+-]?(?:{certain}){POWER}|^[+-]?\d*{m}\d*e[+-]?\d+$"
    thousands = rf"^[+-]?[1-9]\d{{0,2}}(?:(?:{m}\d{{3}}){{2,}}|(?:{m}\d{{3}})+{other}\d*){POWER}"
    either = rf"^[+-]?[1-9]\d{{0,2}}{m}\d{{3}}(?:e\+(?:3|6|9|12))?$"
    return _Signs(_first(texts, decimal, either), _first(texts, thousands), _first(texts, either))


def _first(texts: Mapping[str, NumberTexts], pattern: str, unlike: str = "") -> Found | None:
    for role, text in texts.items():
        fits = matches(text.plain, pattern)
        if unlike and fits.any():
            fits &= ~matches(text.plain, unlike)
        if fits.any():
            place = int(fits.argmax())
            return Found(role, text.column.row_of(place), text.column.texts[place].as_py())
    return None


def _two_ways(source: str, one: Found, first: str, other: Found, second: str) -> InvalidBars:
    return InvalidBars(
        f"{source}: numbers are written in two ways: {one} has {first}, {other} has {second}; write all alike"
    )
