"""Which mark in the numbers of a text can only be a decimal mark."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence

import numpy as np

from ktrdr.adapters.data.arrow import Column, values_of
from ktrdr.domain.arrays import Bools, Floats

_SURE = r"[+-]?(?:0?{0}\d+|\d+{0}(?:\d{{1,2}}|\d{{4,}})|\d{{4,}}{0}\d+|0\d*{0}\d+)"
_DECIMALS = {mark: re.compile(_SURE.format(re.escape(mark))) for mark in ".,"}
"""Numbers with a mark that can only be a decimal mark."""
_FIRST = 4096
"""Rows that are looked at before all are."""


def decimal_mark(lines: Sequence[str], delimiter: str, places: Sequence[int]) -> str:
    """Return the mark that can only be a decimal mark in some columns of the first lines; empty where none can."""
    rows = csv.reader(lines, delimiter=delimiter)
    cells = [row[place].strip() for row in rows for place in places if place < len(row)]
    shown = [mark for mark, pattern in _DECIMALS.items() if any(map(pattern.fullmatch, cells))]
    return shown[0] if len(shown) == 1 else ""


def stands_between_commas(lines: Sequence[str], delimiter: str) -> bool:
    """Return whether commas without quotes stand between the columns, as they do where a point is a decimal point."""
    return delimiter == "," and not any('"' in line for line in lines)


def may_group(column: Column) -> bool:
    """Return whether all broken numbers of a column have three decimals, and whole ones stand beside them.

    That is how thousands with a point look (``1.002`` beside ``977``) when they are taken for decimals.
    """
    broken, _ = _parted(column.slice(0, _FIRST))
    if len(broken) and not _are_grouped(broken).all():
        return False
    broken, whole = _parted(column)
    return len(broken) > 0 and bool(whole.any()) and bool(_are_grouped(broken).all())


def _parted(column: Column) -> tuple[Floats, Floats]:
    """Return the sizes of broken and of whole numbers."""
    values = np.abs(values_of(column.drop_null(), np.float64))
    whole = (values == np.rint(values)) | ~np.isfinite(values)
    return values[~whole], values[whole]


def _are_grouped(broken: Floats) -> Bools:
    thousands = broken * 1000
    exact = np.isclose(thousands, np.rint(thousands), rtol=1e-12, atol=1e-6)
    return exact & (broken < 1000) & (broken >= 1)
