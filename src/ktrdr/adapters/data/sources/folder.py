"""What all folders of bar files have in common."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

from ktrdr.adapters.data.bar_files import name_of
from ktrdr.adapters.data.catalogue import entry_of, read_catalogue
from ktrdr.adapters.data.context_folder import read_context
from ktrdr.adapters.data.reading import reading, reading_folder
from ktrdr.application.ports.bar_source import BarSource
from ktrdr.domain.errors import KtrdrError, in_one_line
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import CATALOGUE_NAME, SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol
from ktrdr.domain.market.timeframe import Timeframe

_SETTLED_NS = 2 * 10**9
"""Age from which on the time of a folder's last change tells it from a later one, however coarse the clock of files."""


class BarFile(NamedTuple):
    """One file of a folder, and what its name says."""

    path: Path
    symbol: str
    timeframe: Timeframe


class Span(NamedTuple):
    """Number of bars of a file, and least and greatest stamp; 0 where it is empty."""

    rows: int
    first: int
    last: int


class FolderSource(BarSource):
    """Files ``{SYMBOL}_{timeframe}{suffix}``, with an optional ``symbols.yaml`` beside them.

    The ``^`` of an index is left out of file names; it is found with and without, and listed with it where the
    catalogue spells it so. The folder is listed anew only once it has changed.

    Parameters
    ----------
    folder : Path or str
    """

    suffix: ClassVar[str]

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder)
        self._listed: tuple[object, tuple[BarFile, ...]] = (None, ())
        self._described: dict[BarFile, tuple[tuple[int, int], SeriesInfo]] = {}
        self._entries: tuple[object, dict[str, SymbolCharacteristics]] = (None, {})

    @abstractmethod
    def _read(self, path: Path, symbol: str, timeframe: Timeframe) -> Bars:
        """Return the bars of a file."""

    @abstractmethod
    def _span(self, path: Path) -> Span:
        """Return what there is to list of a file."""

    def __str__(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port."""
        files = self._files() if symbol is None else self._files_of(symbol)
        return tuple(sorted((self._info(file) for file in files), key=lambda info: (info.symbol, info.timeframe)))

    def read(self, symbol: str, timeframe: Timeframe) -> Bars:
        """See the port."""
        fitting = [file for file in self._files_of(symbol) if file.timeframe == timeframe]
        if not fitting:
            raise missing_bars(str(self), self.series(), symbol, timeframe)
        return self._read(min(fitting, key=lambda file: file.symbol != symbol).path, symbol, timeframe)

    def facts(self, symbol: str) -> SymbolCharacteristics | None:
        """See the port."""
        entry = entry_of(self._catalogue(), symbol)
        return entry and replace(entry, symbol=symbol)

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; either kind of file is found, whatever the bars are in."""
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

    def _files(self) -> tuple[BarFile, ...]:
        """Return the files whose names say what they hold; the folder is listed again only once it has changed."""
        catalogue = self._catalogue()
        with reading_folder(self._folder):
            changed = self._folder.stat().st_mtime_ns
            if self._listed[0] == (changed, self._entries[0]):
                return self._listed[1]
            paths = sorted(path for path in self._folder.iterdir() if path.suffix.lower() == self.suffix)
        named = [(path, name_of(path)) for path in paths]
        files = tuple(BarFile(path, _spelt(name[0], catalogue), name[1]) for path, name in named if name is not None)
        if time.time_ns() - changed > _SETTLED_NS:
            self._listed = ((changed, self._entries[0]), files)
        return files

    def _files_of(self, symbol: str) -> list[BarFile]:
        return [file for file in self._files() if same_symbol(file.symbol, symbol)]

    def _info(self, file: BarFile) -> SeriesInfo:
        try:
            with reading(file.path, f"{self.suffix.removeprefix('.')} file"):
                status = file.path.stat()
                version = (status.st_mtime_ns, status.st_size)
                known, info = self._described.get(file, (None, None))
                if info is None or known != version:
                    info = SeriesInfo(file.symbol, file.timeframe, *self._span(file.path), file.path.name)
                    self._described[file] = (version, info)
                return info
        except KtrdrError as error:
            problem = in_one_line(str(error).removeprefix(f"{file.path.name}: "), 500)
            return SeriesInfo(file.symbol, file.timeframe, 0, 0, 0, file.path.name, problem)


def _spelt(symbol: str, catalogue: Mapping[str, SymbolCharacteristics]) -> str:
    return f"^{symbol}" if f"^{symbol}" in catalogue else symbol
