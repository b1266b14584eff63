"""Single files of bars, whatever their names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.bar_files import KINDS, name_of, split_name
from ktrdr.adapters.data.reading import reading, reading_folder
from ktrdr.application.ports.bar_reader import NOTHING_STATED, BarReader
from ktrdr.domain.errors import DataNotFound, InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.symbol import Symbol


class FileReader(BarReader):
    """Reads files of any of `KINDS`."""

    def files(self, path: Path) -> tuple[Path, ...]:
        """See the port."""
        if not path.is_dir():
            _require_something(path, "file or folder")
            return (path,)
        with reading_folder(path):
            found = sorted(
                file for file in path.iterdir() if split_name(file.name)[1] and not file.name.startswith(".")
            )
        if not found:
            raise DataNotFound(f"{path}: no {', '.join(KINDS)} files in it")
        return tuple(found)

    def read(self, path: Path, stated: Stated = NOTHING_STATED) -> tuple[Bars, ...]:
        """See the port."""
        _require_something(path, "file")
        with reading(path, "file of bars"):
            return read_bars(path, _with_name(path, stated))


def _with_name(path: Path, stated: Stated) -> Stated:
    """Return what is stated, and what else the name of a file says."""
    kind = split_name(path.name)[1]
    if not kind:
        raise InvalidInput(f"{path}: files of this kind are not read (known: {', '.join(KINDS)})")
    named_symbol, named_timeframe = name_of(path) or (None, None)
    symbol, timeframe = stated.symbol or named_symbol, stated.timeframe or named_timeframe
    if symbol is None or timeframe is None:
        raise InvalidInput(
            f"{path}: its name is not SYMBOL_TIMEFRAME (such as AAPL_5m{kind}); say symbol and timeframe"
        )
    return replace(stated, symbol=Symbol(symbol).text, timeframe=timeframe)


def _require_something(path: Path, wanted: str) -> None:
    if not os.path.lexists(path):
        raise DataNotFound(f"{path}: no such {wanted}")
