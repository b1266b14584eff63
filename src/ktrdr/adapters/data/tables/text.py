"""Tables of text: any encoding and delimiter, with and without a header, with lines that are no bars."""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv as arrow_csv

from ktrdr.adapters.data.arrow import Column, matches
from ktrdr.adapters.data.columns import NEEDED
from ktrdr.adapters.data.reading import reason_of
from ktrdr.adapters.data.tables.head import WITHIN, Head, head_of
from ktrdr.adapters.data.tables.points import decimal_mark, may_group, stands_between_commas
from ktrdr.adapters.data.tables.table import Content, Loaded, Table
from ktrdr.domain.errors import InvalidBars, in_one_line, shown

_DELIMITERS = "\t;|,"
_HEAD_BYTES = 2**18
_SEVERAL_THREADS = 2**21
"""Bytes from which on more than one thread is worth its start."""
_MISSING = ["", "nan", "NaN", "NAN", "null", "NULL", "None", "N/A", "n/a", "NA", "#N/A", "-", "--", "."]
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16", b"\xef\xbb\xbf": "utf-8"}
_NO_BAR = 9
"""Lines that are no bars, up to which they are looked at one by one."""


@dataclass(frozen=True)
class _Written:
    """How a text is written."""

    content: Content
    source: str
    encoding: str
    delimiter: str
    head: Head
    width: int
    strays: list[Any] = field(default_factory=list)

    @property
    def size(self) -> int:
        return len(self.content) if isinstance(self.content, bytes) else self.content.stat().st_size


def open_text(content: Content, source: str, words: Sequence[str]) -> Table:
    """Return the table of a text.

    Raises
    ------
    InvalidBars
        If it is no text, or no line looks like one of a table.
    """
    start = content[:_HEAD_BYTES] if isinstance(content, bytes) else _beginning(content)
    encoding = _encoding(start, source)
    text = start.decode(encoding, errors="replace").removeprefix("\ufeff")
    lines = list(islice(StringIO(text, newline=None), WITHIN + 1))
    delimiter, head, sample = _split(lines, words, source)
    width = len(head.names) or len(sample[0])
    written = _Written(content, source, encoding, delimiter, head, width)
    empty = not "".join(lines[head.rows :]).strip()

    def load(texts: Sequence[int], numbers: Sequence[int]) -> Loaded:
        if empty:
            kinds = dict.fromkeys(texts, pa.string()) | dict.fromkeys(numbers, pa.float64())
            return Loaded({place: pa.nulls(0, kind) for place, kind in kinds.items()})
        body = lines[head.rows :]
        mark = decimal_mark(body, delimiter, numbers)
        return _load(written, texts, numbers, mark, stands_between_commas(body, delimiter))

    cells = tuple(map(tuple, sample))
    return Table("text", head.names, width, load, head.tickers, cells, delimiter)


def _beginning(path: Any) -> bytes:
    with path.open("rb") as file:
        found: bytes = file.read(_HEAD_BYTES)
    return found


def _encoding(start: bytes, source: str) -> str:
    for mark, encoding in _MARKS.items():
        if start.startswith(mark):
            return encoding
    if start[1:2] == b"\0" or start[:1] == b"\0":
        return "utf-16-le" if start[1:2] == b"\0" else "utf-16-be"
    if b"\0" in start:
        raise InvalidBars(f"{source}: not a text file (it holds bytes that no text has)")
    try:
        start.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.end < len(start) - 3 or error.reason != "unexpected end of data":
            return "latin-1"
    return "utf-8"


def _split(lines: list[str], words: Sequence[str], source: str) -> tuple[str, Head, list[list[str]]]:
    """Return delimiter, header and, where there is no header, the first rows."""
    if lines and re.match(r"\s*<(!doctype|html|\?xml)", lines[0], re.IGNORECASE):
        raise InvalidBars(f"{source}: holds a page in place of bars; it begins with {shown(lines[0].strip())}")
    tables = {mark: list(csv.reader(lines, delimiter=mark)) for mark in _DELIMITERS}
    heads = {mark: head_of(rows, words) for mark, rows in tables.items()}
    found = [(len(head.names), mark, head) for mark, head in heads.items() if head is not None]
    if found:
        _, mark, head = max(found, key=lambda one: one[0])
        return mark, head, []
    for mark, rows in tables.items():
        sample = _alike([row for row in rows[:WITHIN] if row], numbered=bool(words) and all(map(str.isdigit, words)))
        if sample:
            return mark, Head(), sample
    first = next((line for line in lines if line.strip()), "nothing")
    raise InvalidBars(
        f"{source}: no header with the names of the columns in the first {WITHIN} lines; found "
        f"{in_one_line(first.strip(), 80)!r}; {NEEDED}"
    )


def _alike(rows: list[list[str]], *, numbered: bool) -> list[list[str]]:
    """Return the rows that are as wide as most, if they are those of bars: most begin with a time, which has digits.

    The first has at least some digits; words alone are a header that nobody knows. Where the columns are said by their
    numbers, any rows are taken for bars.
    """
    if not rows or not (numbered or any(map(_has_digits, rows[0]))):
        return []
    width, many = Counter(map(len, rows)).most_common(1)[0]
    begin = len(rows) if numbered else sum(_has_digits(next(filter(str.strip, row), "")) for row in rows)
    return [row for row in rows if len(row) == width] if width > 4 and 2 * min(many, begin) > len(rows) else []


def _has_digits(cell: str) -> bool:
    return re.match(r"\s*\d", cell) is not None


def _load(written: _Written, texts: Sequence[int], numbers: Sequence[int], mark: str, between_commas: bool) -> Loaded:
    """Return columns; numbers as such where their decimal mark is shown, or nothing speaks against a point."""
    pointed = mark == "." or (not mark and between_commas)
    try:
        cells, remarks = _cells(written, texts, numbers, pa.float64() if mark or pointed else pa.string(), mark or ".")
        if pointed and not mark and any(may_group(cells[place]) for place in numbers):
            cells, remarks = _cells(written, texts, numbers, pa.string())
    except pa.ArrowInvalid:
        cells, remarks = _cells(written, texts, numbers, pa.string())
    names = written.head.names
    again = _repeats(cells, names) if names else None
    if again is not None and again.any():
        row = int(again.argmax())
        keep = pa.array(~again)
        cells = {place: column.filter(keep) for place, column in cells.items()}
        remarks += (f"row {row} is a header once more and is left out",)
    return Loaded(cells, remarks, pointed, mark)


def _cells(
    written: _Written, texts: Sequence[int], numbers: Sequence[int], kind: pa.DataType, mark: str = "."
) -> tuple[dict[int, Column], tuple[str, ...]]:
    types = dict.fromkeys(map(str, numbers), kind) | dict.fromkeys(map(str, texts), pa.string())
    written.strays.clear()
    try:
        table = _read(written, types, mark, threads=written.size > _SEVERAL_THREADS)
        if written.strays:
            written.strays.clear()
            table = _read(written, types, mark, threads=False)
    except pa.ArrowInvalid as error:
        if kind == pa.float64():
            raise
        raise InvalidBars(f"{written.source}: not a table of {written.width} columns ({reason_of(error)})") from error
    except UnicodeError as error:
        raise InvalidBars(f"{written.source}: not a text in {written.encoding} ({reason_of(error)})") from error
    return {int(name): table.column(name) for name in types}, _left_out(written, table.num_rows)


def _read(written: _Written, types: dict[str, pa.DataType], mark: str, *, threads: bool) -> pa.Table:
    def stray(row: Any) -> str:
        written.strays.append(row)
        return "skip" if len(written.strays) <= _NO_BAR else "error"

    content = written.content
    return arrow_csv.read_csv(
        pa.BufferReader(content) if isinstance(content, bytes) else content,
        arrow_csv.ReadOptions(
            use_threads=threads,
            encoding=written.encoding,
            skip_rows=written.head.rows,
            column_names=[str(place) for place in range(written.width)],
        ),
        arrow_csv.ParseOptions(delimiter=written.delimiter, invalid_row_handler=stray),
        arrow_csv.ConvertOptions(
            include_columns=list(types),
            column_types=types,
            null_values=_MISSING,
            strings_can_be_null=True,
            decimal_point=mark,
        ),
    )


def _left_out(written: _Written, rows: int) -> tuple[str, ...]:
    """Return a remark for each line after the bars that is words alone; refuse what else is not as wide as the rest.

    Raises
    ------
    InvalidBars
    """
    remarks = []
    for place, stray in enumerate(written.strays):
        row = None if stray.number is None else stray.number - 1 - written.head.rows
        words = re.match(r"[^\W\d_]", stray.text.strip().lstrip('#"*(©')) is not None
        last = row is None or row >= rows + place
        if not words or not last or stray.actual_columns > written.width // 2 + 1:
            raise InvalidBars(
                f"{written.source}: row {row}: not a table of {written.width} columns; found {stray.actual_columns} in "
                f"{shown(stray.text)}"
            )
        remarks.append(f"the line {shown(stray.text.strip())} after the bars is left out")
    return tuple(remarks)


def _repeats(cells: dict[int, Column], names: Sequence[str]) -> np.ndarray | None:
    """Return where all cells are the names of their columns, or None where no column is text."""
    fits: np.ndarray | None = None
    for place, column in cells.items():
        if not pa.types.is_string(column.type):
            return None
        found = matches(column, rf"^\s*{re.escape(names[place])}\s*$")
        fits = found if fits is None else fits & found
        if not fits.any():
            return fits
    return fits
