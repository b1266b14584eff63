"""Excel workbooks: the first sheet that is not empty."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from datetime import date, datetime, time
from io import BytesIO
from itertools import zip_longest
from typing import Any
from zipfile import ZipFile

from ktrdr.adapters.data.columns import NEEDED
from ktrdr.adapters.data.tables.head import WITHIN, Head, head_of
from ktrdr.adapters.data.tables.json_rows import column_of_values
from ktrdr.adapters.data.tables.packed import require_possible
from ktrdr.adapters.data.tables.table import Content, Loaded, Table
from ktrdr.domain.errors import InvalidBars, Unavailable, to_install


def open_excel(content: Content, source: str, words: Sequence[str]) -> Table:
    """Return the table of a workbook; cells that are dates stay dates, formulas count as what they came to.

    Raises
    ------
    InvalidBars
        If there is no header.
    Unavailable
        If openpyxl is not installed.
    """
    rows = _rows(content, source)
    head = head_of([[_text(cell) for cell in row] for row in rows[:WITHIN]], words)
    if head is None:
        raise InvalidBars(f"{source}: no header with the names of the columns in the first {WITHIN} rows; {NEEDED}")
    head = Head(head.names + ("",) * (len(rows[0]) - len(head.names)), head.tickers, head.rows)
    columns = [column[head.rows :] for column in zip(*rows, strict=True)]

    def load(texts: Sequence[int], numbers: Sequence[int]) -> Loaded:
        return Loaded({place: column_of_values(columns[place]) for place in (*texts, *numbers)})

    return Table("xlsx", head.names, len(columns), load, head.tickers)


def _rows(content: Content, source: str) -> list[tuple[Any, ...]]:
    """Return the cells of the first sheet that has any, all rows equally long."""
    try:
        from openpyxl import load_workbook
    except ModuleNotFoundError as error:
        raise Unavailable(f"{source}: Excel files need openpyxl; {to_install('excel')}, or keep it as CSV") from error
    whole = content if isinstance(content, bytes) else content.read_bytes()
    file = BytesIO(whole)
    with ZipFile(file) as archive:
        require_possible(sum(part.file_size for part in archive.infolist()), len(whole), source)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of what is missing in a workbook that others have written
        workbook = load_workbook(file, read_only=True, data_only=True)
    try:
        for sheet in workbook.worksheets:
            sheet.reset_dimensions()  # which some programs write wrong, and which may be all that there could be
            rows = [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]
            if rows:
                return list(zip(*zip_longest(*rows), strict=True))
    finally:
        workbook.close()
    raise InvalidBars(f"{source}: holds no bars")


def _text(cell: Any) -> str:
    return str(cell) if isinstance(cell, date | datetime | time) else "" if cell is None else str(cell)
