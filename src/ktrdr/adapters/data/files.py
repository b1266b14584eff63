"""Single files of bars, whatever their names."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.bar_files import KINDS, name_of, split_name
from ktrdr.adapters.data.catalogue import entry_of, read_catalogue
from ktrdr.adapters.data.folder_listing import listing_of
from ktrdr.adapters.data.reading import reading, reading_folder
from ktrdr.application.ports.bar_reader import NOTHING_STATED, BarReader
from ktrdr.domain.errors import DataNotFound, InvalidBars, InvalidInput
from ktrdr.domain.market.bars import PRICE_COLUMNS, Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.symbol import Symbol


class FileReader(BarReader):
    """Reads files of any of `KINDS`.

    Parameters
    ----------
    kept_in : Path, optional
        A folder whose ``symbols.yaml`` counts before the one beside a file.
    """

    def __init__(self, kept_in: Path | None = None) -> None:
        self._kept_in = kept_in

    def files(self, path: Path) -> tuple[Path, ...]:
        """See the port."""
        if not path.is_dir():
            _require_something(path, "file or folder")
            return (path,)
        with reading_folder(path):
            names = {file for file in path.iterdir() if split_name(file.name)[1] and not file.name.startswith(".")}
        found = sorted(names - self._kept_of(path))
        if not found:
            raise DataNotFound(f"{path}: no {', '.join(KINDS)} files in it")
        return tuple(found)

    def read(self, path: Path, stated: Stated = NOTHING_STATED) -> tuple[Bars, ...]:
        """See the port."""
        _require_something(path, "file")
        with reading(path, "file of bars"):
            wanted = self._in_full(path, stated)
            series = tuple(self._by_its_clock(path, bars, wanted) for bars in read_bars(path, wanted))
        for bars in series:
            require_allowed(bars, stated)
        return series

    def facts(self, path: Path, symbol: str) -> SymbolCharacteristics | None:
        """See the port."""
        folders = (self._kept_in, path.parent) if self._kept_in else (path.parent,)
        found = (entry_of(read_catalogue(folder), symbol) for folder in folders)
        entry = next((entry for entry in found if entry), None)
        return entry and replace(entry, symbol=symbol)

    def _kept_of(self, folder: Path) -> set[Path]:
        """Return what was imported from the files of a folder before, where it is the one that bars are kept in."""
        if self._kept_in is None or not self._kept_in.is_dir() or not folder.samefile(self._kept_in):
            return set()
        return {file.path for file in listing_of(folder).files if file.passed_over}

    def _in_full(self, path: Path, stated: Stated) -> Stated:
        """Return what is stated, what else the name of a file says, and the zone that is known of its symbol."""
        if not split_name(path.name)[1]:
            raise InvalidInput(f"{path}: files of this kind are not read (known: {', '.join(KINDS)})")
        symbol, timeframe = name_of(path) or (None, None)
        symbol = stated.symbol or symbol
        facts = self.facts(path, Symbol(symbol).text) if symbol else None
        zone = stated.time_zone or (facts and facts.stamp_zone) or None
        return replace(stated, symbol=symbol, timeframe=stated.timeframe or timeframe, time_zone=zone)

    def _by_its_clock(self, path: Path, bars: Bars, stated: Stated) -> Bars:
        """Return bars read by the zone that is known of their symbol, where the file alone says which that is."""
        untold = stated.symbol is None and bars.reading is not None and bars.reading.zone_from == "assumed"
        facts = self.facts(path, bars.symbol) if untold else None
        if facts is None or not facts.stamp_zone:
            return bars
        (again,) = read_bars(path, replace(stated, symbol=bars.symbol, time_zone=facts.stamp_zone))
        return again


def require_allowed(bars: Bars, stated: Stated) -> None:
    """Refuse prices at or below 0 unless they are allowed.

    Raises
    ------
    InvalidBars
    """
    for name in () if stated.allow_nonpositive else PRICE_COLUMNS:
        prices = getattr(bars, name)
        if len(prices) and prices.min() <= 0:
            row = int((prices <= 0).argmax())
            raise InvalidBars(
                f"{bars.source}: {bars.place_of(row)}: {name} {prices[row]:.10g} is not above 0; "
                "--allow-nonpositive takes such prices"
            )


def _require_something(path: Path, wanted: str) -> None:
    if not os.path.lexists(path):
        raise DataNotFound(f"{path}: no such {wanted}")
