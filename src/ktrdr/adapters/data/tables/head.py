"""The first lines of a table: where its header ends, and what it says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ktrdr.adapters.data.columns import TIMES, is_header, plain
from ktrdr.adapters.data.tables.levels import split_levels

WITHIN = 30
"""Rows within which a header is looked for."""


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a table.

    Attributes
    ----------
    names, tickers : tuple of str
        See `Table`.
    rows : int
        Number of rows up to its end; those before it are no bars either.
    """

    names: tuple[str, ...] = ()
    tickers: tuple[str, ...] = ()
    rows: int = 0


def head_of(rows: Sequence[Sequence[str]], words: Sequence[str] = ()) -> Head | None:
    """Return the header that stands among the first rows, or None where there is none.

    Parameters
    ----------
    rows : sequence of sequences of str
    words : sequence of str
        Names of columns, by which a header is known that nothing else tells.
    """
    wanted = {plain(word) for word in words}
    for row, cells in enumerate(rows):
        if not (is_header(cells) or (wanted and wanted <= {plain(cell) for cell in cells})):
            continue
        return _with_levels(rows, row) or Head(tuple(cell.strip() for cell in cells), (), row + 1)
    if words and rows and len(rows[0]) > 3 and not any(cell.strip()[:1].isdigit() for cell in rows[0]):
        return Head(tuple(cell.strip() for cell in rows[0]), (), 1)
    return None


def _with_levels(rows: Sequence[Sequence[str]], row: int) -> Head | None:
    """Return a header of two levels, which a line ends that names the times alone."""
    for last in (row + 1, row + 2):
        if last < len(rows) and last >= 2 and _names_the_times(rows[last]):
            one, other = ([cell.strip() for cell in rows[line]] for line in (last - 2, last - 1))
            if len(one) != len(other):
                return None
            names, tickers = split_levels(one, other)
            time = rows[last][0].strip()
            return Head((time, *names[1:]), ("", *tickers[1:]), last + 1)
    return None


def _names_the_times(cells: Sequence[str]) -> bool:
    return len(cells) > 4 and plain(cells[0]) in TIMES[:-1] and not any(cell.strip() for cell in cells[1:])
