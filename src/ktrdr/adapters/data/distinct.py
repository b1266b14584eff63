"""The different texts of a column: there are far fewer than rows, so what is slow is done to them alone."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ktrdr.adapters.data.arrow import Column, in_one_piece, is_missing, matches, values_of
from ktrdr.domain.arrays import Floats


class Distinct(NamedTuple):
    """The different texts of a column, in the order of their first rows, and which of them stands in each row.

    Attributes
    ----------
    role : str
        What the column is.
    texts : array of pyarrow, shape (k,)
        Blanks around them cut off.
    codes : ndarray of int32, shape (n,)
        Position among the texts; -1 where there is none.
    """

    role: str
    texts: Column
    codes: NDArray[Any]

    @classmethod
    def of(cls, role: str, column: Column) -> Distinct:
        """Return those of a column of texts; an empty text is none."""
        coded = pc.cast(in_one_piece(column), pa.string()).dictionary_encode()
        codes = values_of(coded.indices, np.int32)
        codes = np.where(is_missing(coded.indices), -1, codes) if coded.indices.null_count else codes
        bare = pc.utf8_trim_whitespace(coded.dictionary).dictionary_encode()
        texts = bare.dictionary
        if len(texts) < len(coded.dictionary):
            codes = np.where(codes < 0, -1, values_of(bare.indices, np.int32)[codes])
        empty = np.flatnonzero(matches(texts, "^$"))
        if not len(empty):
            return cls(role, texts, codes)
        (place,) = empty
        codes = np.where(codes == place, -1, codes - (codes > place))
        return cls(role, pa.concat_arrays([texts[:place], texts[place + 1 :]]), codes)

    def row_of(self, place: int) -> int:
        """Return the first row of a text."""
        return int((self.codes == place).argmax())

    def spread(self, values: Floats) -> Floats:
        """Return one value a row of one value a text; NaN where there is no text."""
        if not len(values):
            return np.full(len(self.codes), np.nan)
        rows: Floats = values[self.codes]
        absent = self.codes < 0
        return np.where(absent, np.nan, rows) if absent.any() else rows
