"""A table out of a file, whatever kind of file it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import pyarrow as pa

from ktrdr.adapters.data.arrow import Column

Content: TypeAlias = Path | bytes
"""A file, or what was packed in one."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """Columns of a table.

    Attributes
    ----------
    columns : mapping of int to array of pyarrow
        By their position; numbers where the file leaves no doubt how they are written, texts otherwise.
    remarks : tuple of str
        What was left out.
    pointed : bool
        Whether a point in a number can only be a decimal point.
    mark : str
        The decimal mark with which numbers are written; empty where it does not show.
    """

    columns: dict[int, Column]
    remarks: tuple[str, ...] = ()
    pointed: bool = False
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """What can be said of a table before its columns are read.

    Attributes
    ----------
    kind : str
        Kind of file (``csv``, ``csv in zip``).
    names : tuple of str
        Of its columns; empty where it has no header.
    width : int
        Number of columns.
    load : callable
        Takes positions of columns that are wanted as written, and of columns of numbers; see `Loaded`.
    tickers : tuple of str
        Symbol of each column, where there is a second line of names.
    sample : tuple of tuples of str
        Cells of the first rows, where it has no header.
    delimiter : str
        Empty where the file has none.
    types : sequence of pyarrow types
        Of its columns; empty where the file has none.
    metadata : mapping of bytes to bytes
        What the file says of itself, see `kept_reading`.
    remarks : tuple of str
        What is to be said of where it was found.
    """

    kind: str
    names: tuple[str, ...]
    width: int
    load: Callable[[Sequence[int], Sequence[int]], Loaded]
    tickers: tuple[str, ...] = ()
    sample: tuple[tuple[str, ...], ...] = ()
    delimiter: str = ""
    types: Sequence[pa.DataType] = ()
    metadata: Mapping[bytes, bytes] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def kinds(self, places: Mapping[str, int]) -> dict[str, pa.DataType]:
        """Return the types of some columns, where the file has types."""
        return {role: self.types[place] for role, place in places.items()} if self.types else {}

    def name_of(self, place: int) -> str:
        """Return what a column is called; its number, from 1 on, where it has no name."""
        return self.names[place] if self.names else str(place + 1)
