"""Columns of pyarrow as arrays of numpy, without pandas.

`pyarrow.array`, `pyarrow.scalar` and ``to_numpy`` import pandas to look whether it is there, which takes longer than
all else that is done with a file; so arrays go by their buffers.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats
from ktrdr.domain.errors import InvalidBars, shown

Column: TypeAlias = Any
"""An array of pyarrow, in one piece or in several; pyarrow has no types to be checked."""
_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$|^[+-]?(inf|infinity|nan)$"


def values_of(column: Column, kind: Any) -> NDArray[Any]:
    """Return a column of numbers as an array that must not be written to; where values are missing stands anything."""
    whole, kind = in_one_piece(column), np.dtype(kind)
    if not len(whole):
        return np.empty(0, dtype=kind)
    return np.frombuffer(whole.buffers()[1], dtype=kind)[whole.offset : whole.offset + len(whole)]


def in_one_piece(column: Column) -> Column:
    """Return a column as one array; it is copied only where it is in several pieces."""
    if not isinstance(column, pa.ChunkedArray):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def is_missing(column: Column) -> NDArray[np.bool_]:
    """Return where a column has no value."""
    if not column.null_count:
        return np.zeros(len(column), dtype=np.bool_)
    return values_of(pc.cast(pc.is_null(column), pa.uint8()), np.uint8).astype(np.bool_)


def column_of(values: NDArray[Any], kind: pa.DataType) -> pa.Array:
    """Return an array as a column; the array must not be written to afterwards."""
    plain = np.ascontiguousarray(values)
    return pa.Array.from_buffers(kind, len(plain), [None, pa.py_buffer(plain)])


def decoded(column: Column) -> Column:
    """Return a column with its values in place of numbers of a dictionary, and texts in one piece."""
    column = pc.cast(column, column.type.value_type) if pa.types.is_dictionary(column.type) else column
    return pc.cast(column, pa.string()) if pa.types.is_string_view(column.type) else column


def is_text(kind: pa.DataType) -> bool:
    """Return whether a column of that type holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def require_numbers(kind: pa.DataType, source: str, name: str) -> None:
    """Refuse a type of column that cannot hold numbers, be it by texts; see `floats_of`.

    Raises
    ------
    InvalidBars
    """
    kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    numeric = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    if not (numeric or is_text(kind) or pa.types.is_null(kind)):
        raise InvalidBars(f"{source}: {name} must be numbers; found a column of {kind}")


def floats_of(column: Column, source: str, name: str, written: Column | None = None) -> Floats:
    """Return a column of numbers of any kind as floats; NaN where values are missing.

    Parameters
    ----------
    column : array of pyarrow
    source, name : str
        What messages call file and column.
    written : array of pyarrow, optional
        The texts as the file has them, for messages.

    Raises
    ------
    InvalidBars
        If it holds anything else: dates, durations, booleans, texts that are no numbers.
    """
    require_numbers(column.type, source, name)
    column = decoded(column)
    column = pc.cast(column, pa.string()) if pa.types.is_decimal(column.type) else column  # to the nearest float
    kind = column.type
    if pa.types.is_decimal(kind):  # whose own cast is off by the last bit
        column, kind = pc.cast(column, pa.string()), pa.string()
    try:
        cast = column if kind == pa.float64() else pc.cast(column, pa.float64(), safe=not pa.types.is_integer(kind))
    except pa.ArrowInvalid as error:
        row = first_unreadable(column, _NUMBER)
        found = (column if written is None else written)[row].as_py()
        raise InvalidBars(f"{source}: row {row}: {name} {shown(found)} is not a number") from error
    values: Floats = values_of(cast, np.float64)
    return np.where(is_missing(cast), np.nan, values) if cast.null_count else values


def matches(text: Column, pattern: str, *, ignore_case: bool = True) -> NDArray[np.bool_]:
    """Return where texts are of a pattern; missing ones are not."""
    found = pc.match_substring_regex(text, pattern, ignore_case=ignore_case)
    fits: NDArray[np.bool_] = values_of(pc.cast(found, pa.uint8()), np.uint8) > 0
    return fits & ~is_missing(text) if text.null_count else fits


def first_unreadable(text: Column, pattern: str) -> int:
    """Return the first row whose text is not of a pattern, the first of all where each is; missing ones are."""
    broken = ~matches(text, pattern) & ~is_missing(text)
    return int(broken.argmax())
