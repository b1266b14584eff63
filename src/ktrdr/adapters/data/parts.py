"""Whose bars the rows of a file are: of one symbol, or of several in a long file."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from ktrdr.adapters.data.arrow import Column, decoded, is_missing, values_of
from ktrdr.adapters.data.layouts.placing import symbol_among
from ktrdr.adapters.data.tables import Table
from ktrdr.domain.errors import InvalidBars, in_one_line

_WHOLE = slice(None)


class Part(NamedTuple):
    """The rows of one symbol, and what the file calls it; empty where it says nothing of symbols."""

    symbol: str
    rows: slice | NDArray[Any] = _WHOLE
    called: str = ""

    @property
    def remark(self) -> str | None:
        """What is said where the file calls it otherwise."""
        one, other = ("".join(filter(str.isalnum, name.casefold())) for name in (self.called, self.symbol))
        alike = one.startswith(other) or other.startswith(one)
        return None if alike else f"the file calls them bars of {in_one_line(self.called, 64)}"


def parts_of(table: Table, symbols: Column | None, symbol: str | None, source: str) -> list[Part]:
    """Return the rows of each symbol of a file; of the one that is asked for alone. None where nobody says a symbol.

    A file with rows of one symbol counts as a file of the symbol that is asked for, whatever it calls it.

    Raises
    ------
    InvalidBars
        If a row has no symbol, or none of several is the one that is asked for.
    """
    if symbols is not None:
        return _by_symbol(symbols, symbol, source)
    tickers = {ticker for ticker in table.tickers if ticker}
    called = tickers.pop() if len(tickers) == 1 else ""
    wanted = symbol or called
    return [Part(wanted, called=called)] if wanted else []


def _by_symbol(column: Column, symbol: str | None, source: str) -> list[Part]:
    texts = pc.utf8_trim_whitespace(pc.cast(decoded(column), pa.string()))
    missing = is_missing(texts)
    if missing.any():
        raise InvalidBars(f"{source}: row {int(missing.argmax())}: the symbol is missing")
    whole = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    coded = whole.dictionary_encode()
    names = coded.dictionary.to_pylist()
    if len(names) <= 1:
        called = names[0] if names else ""
        return [Part(symbol or called, called=called)] if symbol or called else []
    codes = values_of(coded.indices, np.int32)
    if symbol is not None:
        wanted = symbol_among(names, symbol, source)
        return [Part(symbol, np.flatnonzero(codes == names.index(wanted)), wanted)]
    order = np.argsort(codes, kind="stable")
    cuts = np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]
    return [Part(name, rows, name) for name, rows in zip(names, np.split(order, cuts), strict=True)]
