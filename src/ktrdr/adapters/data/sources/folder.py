"""Folders of bar files of any kind."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import chain
from pathlib import Path

from ktrdr.adapters.data.catalogue import entry_of, read_catalogue
from ktrdr.adapters.data.folder_listing import BarFile, listing_of
from ktrdr.adapters.data.reading import reading, reading_folder
from ktrdr.adapters.data.spans import span
from ktrdr.application.ports.bar_source import BarSource
from ktrdr.domain.errors import InvalidInput, KtrdrError, in_one_line
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import CATALOGUE_NAME, SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.reading import Reading, Stated
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol
from ktrdr.domain.market.timeframe import Timeframe

_SETTLED_NS = 2 * 10**9
"""Age from which on the time of a folder's last change tells it from a later one, however coarse the clock of files."""


class FolderSource(BarSource):
    """Files ``{SYMBOL}_{timeframe}.*``, with an optional ``symbols.yaml`` beside them.

    The ``^`` of an index is left out of file names; it is found with and without, and listed with it where the
    catalogue spells it so. Of several files of one series a Parquet file, as import keeps them, is preferred; where
    that does not tell, none is read. The folder is listed anew only once it has changed.

    Parameters
    ----------
    folder : Path or str
    """

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder)
        self._listed: tuple[object, dict[str, list[BarFile]]] = (None, {})
        self._described: dict[str, tuple[tuple[int, int, str], SeriesInfo]] = {}
        self._entries: tuple[object, dict[str, SymbolCharacteristics]] = (None, {})

    def __str__(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port."""
        files = chain.from_iterable(self._files().values()) if symbol is None else self._files_of(symbol)
        return tuple(sorted((self._info(file) for file in files), key=lambda info: (info.symbol, info.timeframe)))

    def read(self, symbol: str, timeframe: Timeframe) -> Bars:
        """See the port."""
        file = next((file for file in self._files_of(symbol) if file.timeframe == timeframe), None)
        if file is None:
            raise missing_bars(str(self), self.series(), symbol, timeframe)
        _require_one(file)
        from ktrdr.adapters.data.any_file import read_bars

        return _noting(file, _only(file, read_bars(file.path, self._stated(file, symbol)), symbol))

    def facts(self, symbol: str) -> SymbolCharacteristics | None:
        """See the port."""
        entry = entry_of(self._catalogue(), symbol)
        return entry and replace(entry, symbol=symbol)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; either kind of file is found, whatever the bars are in."""
        from ktrdr.adapters.data.context_folder import read_context

        return read_context(self._folder, source.provider, source.name)

    def _catalogue(self) -> dict[str, SymbolCharacteristics]:
        """Return what ``symbols.yaml`` says, read again only once it has changed."""
        try:
            status = (self._folder / CATALOGUE_NAME).stat()
        except OSError:
            return read_catalogue(self._folder)
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._entries[0] != version:
            self._entries = (version, read_catalogue(self._folder))
        return self._entries[1]

    def _files(self) -> dict[str, list[BarFile]]:
        """Return the files whose names say it, by symbols without ``^``; listed again only once the folder changed."""
        catalogue = self._catalogue()
        with reading_folder(self._folder):
            changed = self._folder.stat().st_mtime_ns
        if self._listed[0] == (changed, self._entries[0]):
            return self._listed[1]
        files: dict[str, list[BarFile]] = {}
        for file in listing_of(self._folder).files:
            spelt = file._replace(symbol=_spelt(file.symbol, catalogue))
            files.setdefault(file.symbol.removeprefix("^"), []).append(spelt)
        if time.time_ns() - changed > _SETTLED_NS:
            self._listed = ((changed, self._entries[0]), files)
        return files

    def _files_of(self, symbol: str) -> list[BarFile]:
        return self._files().get(symbol.removeprefix("^"), [])

    def _stated(self, file: BarFile, symbol: str) -> Stated:
        """Return what the name of a file says of it, and the catalogue of the zone of its clock times."""
        entry = entry_of(self._entries[1], file.symbol)
        return Stated(symbol, file.timeframe, time_zone=(entry and entry.stamp_zone) or None)

    def _info(self, file: BarFile) -> SeriesInfo:
        name = file.path.name
        try:
            _require_one(file)
            with reading(file.path, "file of bars", name):
                status = file.path.stat()
            version = (status.st_mtime_ns, status.st_size, file.symbol)
            known, info = self._described.get(name, (None, None))
            if info is None or known != version:
                info = _listed_as(file, name, *span(file.path, self._stated(file, file.symbol)))
                self._described[name] = (version, info)
            return info
        except KtrdrError as error:
            problem = in_one_line(str(error).removeprefix(f"{name}: "), 500)
            return SeriesInfo(file.symbol, file.timeframe, 0, 0, 0, name, problem)


def _listed_as(file: BarFile, name: str, rows: int, first: int, last: int, adjustment: str) -> SeriesInfo:
    return SeriesInfo(file.symbol, file.timeframe, rows, first, last, name, adjustment=adjustment)


def _spelt(symbol: str, catalogue: Mapping[str, SymbolCharacteristics]) -> str:
    return f"^{symbol}" if f"^{symbol}" in catalogue else symbol


def _require_one(file: BarFile) -> None:
    if file.rivals:
        others = ", ".join(path.name for path in file.rivals)
        raise InvalidInput(
            f"{file.path.name}: {others} would be the {file.timeframe} bars of {file.symbol} too; keep one of them here"
        )


def _only(file: BarFile, found: tuple[Bars, ...], symbol: str) -> Bars:
    """Return the one series of a file that is of its symbol."""
    fitting = [bars for bars in found if same_symbol(bars.symbol, symbol)]
    if len(fitting) != 1:
        held = ", ".join(dict.fromkeys(bars.symbol for bars in found)) or "nothing"
        raise InvalidInput(f"{file.path.name}: holds bars of {held}, and not once those of {symbol}; import it")
    return fitting[0]


def _noting(file: BarFile, bars: Bars) -> Bars:
    """Return the bars with a remark on files that might have been meant instead."""
    if not file.passed_over:
        return bars
    understood = bars.reading or Reading()
    others = ", ".join(path.name for path in file.passed_over)
    remark = f"{file.path.name} is read, and not {others} beside it"
    return replace(bars, reading=replace(understood, remarks=(*understood.remarks, remark)))
