"""Single files of bars, whatever their names."""

from __future__ import annotations

import os
from pathlib import Path

from ktrdr.adapters.data.bar_files import name_of
from ktrdr.adapters.data.reading import reading, reading_folder
from ktrdr.adapters.data.sources.csv import read_csv
from ktrdr.adapters.data.sources.parquet import read_parquet
from ktrdr.application.ports.bar_reader import NOTHING_STATED, BarReader
from ktrdr.domain.errors import DataNotFound, InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import Timeframe

_READERS = {".csv": read_csv, ".txt": read_csv, ".parquet": read_parquet}


class FileReader(BarReader):
    """Reads CSV and parquet files."""

    def files(self, path: Path) -> tuple[Path, ...]:
        """See the port."""
        if not path.is_dir():
            _require_something(path, "file or folder")
            return (path,)
        with reading_folder(path):
            found = sorted(file for file in path.iterdir() if file.suffix.lower() in _READERS)
        if not found:
            raise DataNotFound(f"{path}: no {', '.join(_READERS)} files in it")
        return tuple(found)

    def read(self, path: Path, stated: Stated = NOTHING_STATED) -> tuple[Bars, ...]:
        """See the port."""
        _require_something(path, "file")
        with reading(path, "file of bars"):
            return (self._read(path, stated.symbol, stated.timeframe),)

    def _read(self, path: Path, symbol: str | None, timeframe: Timeframe | None) -> Bars:
        reader = _READERS.get(path.suffix.lower())
        if reader is None:
            raise InvalidInput(f"{path}: files of this kind are not read (known: {', '.join(_READERS)})")
        named_symbol, named_timeframe = name_of(path) or (None, None)
        symbol, timeframe = symbol or named_symbol, timeframe or named_timeframe
        if symbol is None or timeframe is None:
            raise InvalidInput(
                f"{path}: its name is not SYMBOL_TIMEFRAME (such as AAPL_5m{path.suffix}); say symbol and timeframe"
            )
        return reader(path, Symbol(symbol).text, timeframe)


def _require_something(path: Path, wanted: str) -> None:
    if not os.path.lexists(path):
        raise DataNotFound(f"{path}: no such {wanted}")
