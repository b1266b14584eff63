"""Written numbers without what stands around them: currencies, percent signs, brackets, K and M."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from ktrdr.adapters.data.arrow import Column, is_missing, matches
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


def plain_numbers(column: Column, source: str, role: str) -> Column:
    """Return texts of numbers as sign, digits, marks and an exponent, and empty ones as missing.

    Currency signs and codes, percent signs, brackets for a minus and units of thousands (``4.68M``) are taken off; what
    is no number stays as it is.

    Raises
    ------
    InvalidBars
        If a column is in several currencies, or has percent signs at some of its values.
    """
    text = pc.utf8_trim_whitespace(pc.cast(column, pa.string()))
    text = pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text) if _any(text, "^$") else text
    if not (~matches(text, _BARE) & ~is_missing(text)).any():
        return text
    for pattern, instead in _SIGNS:
        text = pc.replace_substring_regex(text, pattern, instead)
    text = _without_currency(text, source, role)
    if _any(text, "%$"):
        _require_all(text, "%$", "a percent sign", source, role)
        text = pc.replace_substring_regex(text, r"\s*%$", "")
    for unit, power in _POWERS.items():
        text = pc.replace_substring_regex(text, rf"(\d[.,]?)\s*[{unit}{unit.lower()}]$", rf"\1{power}")
    return text


def _without_currency(text: Column, source: str, role: str) -> Column:
    units: set[str] = set()
    for pattern in (rf"^[+-]?\s*(?P<unit>{_UNIT})\s*[+-]?[\d.,]", rf"[\d.,]\s*(?P<unit>{_UNIT})$"):
        if _any(text, pattern):
            found = pc.unique(pc.struct_field(pc.extract_regex(text, pattern), 0))
            units |= {unit for unit in found.to_pylist() if unit}
    if len(units) > 1:
        raise InvalidBars(f"{source}: {role} is in several currencies: {', '.join(sorted(units)[:5])}")
    return pc.replace_substring_regex(pc.replace_substring_regex(text, _BEFORE, r"\1\2"), _AFTER, r"\1")


def _require_all(text: Column, pattern: str, what: str, source: str, role: str) -> None:
    lacking = ~matches(text, pattern) & ~is_missing(text)
    if lacking.any():
        row = int(lacking.argmax())
        raise InvalidBars(f"{source}: row {row}: {role} {shown(text[row].as_py())} has not {what} as others have")


def _any(text: Column, pattern: str) -> bool:
    return bool(matches(text, pattern, ignore_case=False).any())
