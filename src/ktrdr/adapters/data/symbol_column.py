"""Long files: a column says which symbol a row is of."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ktrdr.adapters.data.arrow import Column, decoded, is_missing, values_of
from ktrdr.adapters.data.layouts.placing import symbol_among
from ktrdr.domain.errors import InvalidBars

WHOLE = slice(None)


def parts_by_symbol(column: Column, symbol: str | None, source: str) -> dict[str, slice | NDArray[Any]]:
    """Return the rows of each symbol; of the one that is asked for alone.

    A file with rows of one symbol counts as a file of the symbol that is asked for, whatever it calls it.

    Raises
    ------
    InvalidBars
        If a row has no symbol, or none of several is the one that is asked for.
    """
    texts = pc.utf8_trim_whitespace(pc.cast(decoded(column), pa.string()))
    missing = is_missing(texts)
    if missing.any():
        raise InvalidBars(f"{source}: row {int(missing.argmax())}: the symbol is missing")
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    coded = whole.dictionary_encode()
    names = coded.dictionary.to_pylist()
    if len(names) <= 1:
        return {symbol or name: WHOLE for name in names}
    codes = values_of(coded.indices, np.int32)
    if symbol is not None:
        wanted = symbol_among(names, symbol, source)
        return {symbol: np.flatnonzero(codes == names.index(wanted))}
    order = np.argsort(codes, kind="stable")
    cuts = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    return dict(zip(names, np.split(order, cuts), strict=True))
