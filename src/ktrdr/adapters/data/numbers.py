"""Columns of a file as numbers."""

from __future__ import annotations

from ktrdr.adapters.data.arrow import Column, decoded, floats_of, is_text
from ktrdr.adapters.data.distinct import Distinct
from ktrdr.adapters.data.marks import require_one_way, stated_marks, told_marks
from ktrdr.adapters.data.number_texts import Marks, NumberTexts, has_mark, read_by
from ktrdr.adapters.data.plain_numbers import plain_numbers
from ktrdr.domain.arrays import Floats


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
    texts: dict[str, NumberTexts] = {}
    for role in tuple(columns):
        column = decoded(columns.pop(role))
        if is_text(column.type):
            distinct = Distinct.of(role, column)
            texts[role] = NumberTexts(distinct, plain_numbers(distinct, source))
        else:
            read[role] = floats_of(column, source, role)
        del column
    marks = (stated_marks(decimal) if decimal else told_marks(texts, source, point)) if texts else Marks()
    if not decimal:
        require_one_way(texts, marks, source)
    read |= {role: read_by(text, marks, source) for role, text in texts.items()}
    found = [mark for mark in (marks.thousands, " ", "'") if mark and has_mark(texts, mark)]
    return read, Marks(marks.decimal if has_mark(texts, marks.decimal) else "", found[0] if found else "")
