"""Written numbers without what stands around them: currencies, percent signs, brackets, K and M."""

from __future__ import annotations

import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, matches
from ktrdr.adapters.data.distinct import Distinct
from ktrdr.domain.errors import InvalidBars, shown

_BARE = r"^[+-]?[\d.,]+(?:e[+-]?\d+)?$"
_UNIT = r"\p{Sc}|[A-Z]{1,3}\p{Sc}|[A-Z]{3,4}"
_BEFORE = rf"^([+-]?)\s*(?:{_UNIT})\s*([+-]?[\d.,])"
_AFTER = rf"([\d.,])\s*(?:{_UNIT})$"
_POWERS = {"K": "e+3", "M": "e+6", "B": "e+9", "T": "e+12"}
_SIGNS = (
    (r"[\x{00a0}\x{2000}-\x{200a}\x{202f}\s]+", " "),
    (r"[\x{2018}\x{2019}\x{02bc}\x{00b4}`]", "'"),
    (r"[\x{2212}\x{2012}\x{2013}]", "-"),
    (r"^\((.*)\)$", r"-\1"),
    (r"^([+-])\s+", r"\1"),
)


def plain_numbers(column: Distinct, source: str) -> Column:
    """Return texts of numbers as sign, digits, marks and an exponent.

    Currency signs and codes, percent signs, brackets for a minus and units of thousands (``4.68M``) are taken off; what
    is no number stays as it is.

    Raises
    ------
    InvalidBars
        If a column is in several currencies, or has percent signs at some of its values.
    """
    text = column.texts
    if matches(text, _BARE).all():
        return text
    for pattern, instead in _SIGNS:
        text = pc.replace_substring_regex(text, pattern, instead)
    text = _without_currency(text, column, source)
    percent = matches(text, "%$")
    if percent.any():
        if not percent.all():
            place = int(percent.argmin())
            where = f"{source}: row {column.row_of(place)}: {column.role} {shown(column.texts[place].as_py())}"
            raise InvalidBars(f"{where} has no percent sign as others have")
        text = pc.replace_substring_regex(text, r"\s*%$", "")
    for unit, power in _POWERS.items():
        text = pc.replace_substring_regex(text, rf"(\d[.,]?)\s*[{unit}{unit.lower()}]$", rf"\1{power}")
    return text


def _without_currency(text: Column, column: Distinct, source: str) -> Column:
    units: dict[str, int] = {}
    for pattern in (rf"^[+-]?\s*(?P<unit>{_UNIT})\s*[+-]?[\d.,]", rf"[\d.,]\s*(?P<unit>{_UNIT})$"):
        found = pc.struct_field(pc.extract_regex(text, pattern), 0)
        for unit in pc.unique(found).to_pylist():
            if unit:
                units.setdefault(unit, int(matches(found, rf"^\Q{unit}\E$", ignore_case=False).argmax()))
    if len(units) > 1:
        one, other = (
            f"row {column.row_of(place)}: {shown(column.texts[place].as_py())}" for place in list(units.values())[:2]
        )
        raise InvalidBars(f"{source}: {column.role} is in several currencies ({one}; {other})")
    return pc.replace_substring_regex(pc.replace_substring_regex(text, _BEFORE, r"\1\2"), _AFTER, r"\1")
