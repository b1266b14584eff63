"""What all folders of bar files have in common."""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, NamedTuple

import numpy as np
import pandas as pd

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.catalogue import CATALOGUE_NAME, entry_of, read_catalogue
from ktrdr.adapters.data.context_folder import read_context
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import DataNotFound, InvalidInput, KtrdrError, Unavailable
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.inference import infer_characteristics
from ktrdr.domain.market.series import SeriesInfo, missing_bars, same_symbol
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.symbol import Symbol
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.market.trading_hours import completed

_FILE_STEM = re.compile(r"(.+)_([1-9][0-9]{0,3}[mhdw])")
_MOMENT = Timeframe("1m")


class BarFile(NamedTuple):
    """One file of a folder, and what its name says."""

    path: Path
    symbol: str
    timeframe: Timeframe


class FolderRepository(DataRepository):
    """Files ``{SYMBOL}_{timeframe}{suffix}``, with an optional ``symbols.yaml`` beside them.

    The ``^`` of an index is left out of file names; it is found with and without, and listed with it where the
    catalogue spells it so. Bars of a day or more carry session dates: where a file stamps them at another time of day,
    each gets the date of the session that it lies in, or else the exchange's local date.

    Parameters
    ----------
    folder : Path or str
    """

    suffix: ClassVar[str]

    def __init__(self, folder: Path | str) -> None:
        self._folder = Path(folder)
        self._listed: dict[BarFile, tuple[tuple[int, int], SeriesInfo]] = {}
        self._inferred: dict[str, SymbolCharacteristics] = {}
        self._read_entries: tuple[object, dict[str, SymbolCharacteristics]] = (None, {})

    @abstractmethod
    def _read(self, path: Path) -> pd.DataFrame:
        """Return timestamp (UTC) and `BAR_COLUMNS`."""

    @abstractmethod
    def _read_stamps(self, path: Path) -> pd.Series:
        """Return the times alone (UTC)."""

    def _read_span(self, path: Path) -> tuple[int, Int64s]:
        """Return the number of bars, and least and greatest time if there are bars."""
        stamps = nanoseconds(self._read_stamps(path))
        return len(stamps), np.array([stamps.min(), stamps.max()]) if len(stamps) else stamps

    def __str__(self) -> str:
        """Return the folder."""
        return str(self._folder)

    def series(self, symbol: str | None = None) -> tuple[SeriesInfo, ...]:
        """See the port; a file that cannot be read is listed as empty, with the reason in `source`.

        Raises
        ------
        DataNotFound
            If there is no such folder.
        """
        files = self._files() if symbol is None else self._files_of(symbol)
        return tuple(sorted((self._info(file) for file in files), key=lambda info: (info.symbol, info.timeframe)))

    def load(self, symbol: str, timeframe: Timeframe, start: int | None = None, end: int | None = None) -> Bars:
        """See the port."""
        fitting = [file for file in self._files_of(symbol) if file.timeframe == timeframe]
        if not fitting:
            raise missing_bars(str(self), self.series(), symbol, timeframe)
        path = min(fitting, key=lambda file: file.symbol != symbol).path
        bars = Bars.from_frame(self._read(path), symbol, timeframe, source=path.name)
        bars = self._in_sessions(bars).between(start, end)
        if not len(bars):
            raise missing_bars(str(self), self.series(), symbol, timeframe, start, end)
        return bars

    def characteristics(self, symbol: str) -> SymbolCharacteristics:
        """See the port."""
        facts, series = self._facts(symbol), self.series(symbol)
        last = max((info.last for info in series), default=0)
        try:
            sessions = sessions_for(facts.calendar, last - 365 * NS_PER_DAY, last)
        except (InvalidInput, Unavailable):
            sessions = None  # whoever loads bars is told
        return completed(facts, series, sessions)

    def _catalogue(self) -> dict[str, SymbolCharacteristics]:
        """Return what ``symbols.yaml`` says, read again only once it has changed."""
        try:
            status = (self._folder / CATALOGUE_NAME).stat()
        except OSError:
            return read_catalogue(self._folder)
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._read_entries[0] != version:
            self._read_entries = (version, read_catalogue(self._folder))
        return self._read_entries[1]

    def _facts(self, symbol: str) -> SymbolCharacteristics:
        """Return what the catalogue says, else what the bars suggest."""
        files = self._files_of(symbol)
        if not files:
            raise missing_bars(str(self), self.series(), symbol)
        entry = entry_of(self._catalogue(), symbol)
        if entry is not None:
            return replace(entry, symbol=symbol)
        if symbol not in self._inferred:
            self._inferred[symbol] = infer_characteristics(symbol, self._finest_stamps(files))
        return self._inferred[symbol]

    def context(self, source: ContextSource) -> ContextSeries:
        """See the port; either kind of file is found, whatever the bars are in."""
        return read_context(self._folder, source.provider, source.name)

    def _files(self) -> list[BarFile]:
        try:
            paths = sorted(self._folder.iterdir())
        except (FileNotFoundError, NotADirectoryError) as error:
            raise DataNotFound(f"{self._folder}: no such folder") from error
        except OSError as error:
            raise Unavailable(f"{self._folder}: cannot be read ({error.strerror})") from error
        catalogue = self._catalogue()
        files = []
        for path in paths:
            named = name_of(path) if path.suffix.lower() == self.suffix and path.is_file() else None
            if named is not None:
                symbol, timeframe = named
                files.append(BarFile(path, f"^{symbol}" if f"^{symbol}" in catalogue else symbol, timeframe))
        return files

    def _files_of(self, symbol: str) -> list[BarFile]:
        return [file for file in self._files() if same_symbol(file.symbol, symbol)]

    def _info(self, file: BarFile) -> SeriesInfo:
        status = file.path.stat()
        version = (status.st_mtime_ns, status.st_size)
        known, info = self._listed.get(file, (None, None))
        if info is None or known != version:
            info = self._describe(file)
            self._listed[file] = (version, info)
        return info

    def _describe(self, file: BarFile) -> SeriesInfo:
        try:
            rows, stamps = self._read_span(file.path)
            if not file.timeframe.intraday and (stamps % NS_PER_DAY).any():
                stamps = _session_dates(stamps, self._sessions(file.symbol, stamps))
        except KtrdrError as error:
            return SeriesInfo(file.symbol, file.timeframe, 0, 0, 0, f"{file.path.name} (cannot be read: {error})")
        first, last = (int(stamps[0]), int(stamps[-1])) if len(stamps) else (0, 0)
        return SeriesInfo(file.symbol, file.timeframe, rows, first, last, file.path.name)

    def _finest_stamps(self, files: list[BarFile]) -> Int64s:
        for file in sorted(files, key=lambda file: file.timeframe):
            try:
                stamps = nanoseconds(self._read_stamps(file.path))
            except KtrdrError:
                continue
            if len(stamps):
                return stamps
        return np.empty(0, dtype=np.int64)

    def _sessions(self, symbol: str, stamps: Int64s) -> Sessions:
        try:
            return sessions_for(self._facts(symbol).calendar, int(stamps[0]), int(stamps[-1]))
        except InvalidInput as error:
            raise InvalidInput(f"{self._folder / CATALOGUE_NAME}: {symbol}.calendar: {error}") from error

    def _in_sessions(self, bars: Bars) -> Bars:
        if not len(bars):
            return bars
        sessions, stamps = self._sessions(bars.symbol, bars.stamps), bars.stamps
        if not bars.timeframe.intraday and (stamps % NS_PER_DAY).any():
            stamps = _session_dates(stamps, sessions)
        return replace(bars, stamps=stamps, sessions=sessions, known_at=np.empty(0, dtype=np.int64))


def nanoseconds(times: pd.Series) -> Int64s:
    """Return UTC times as nanoseconds since the epoch; missing ones are left out."""
    return pd.DatetimeIndex(times.dropna()).as_unit("ns").asi8


def name_of(path: Path) -> tuple[str, Timeframe] | None:
    """Return symbol and timeframe of ``{SYMBOL}_{timeframe}.*``, or None where a file is named otherwise."""
    match = _FILE_STEM.fullmatch(path.stem)
    if match is None:
        return None
    try:
        return Symbol.from_file_name(match[1]).text, Timeframe(match[2])
    except InvalidInput:
        return None


def file_name(symbol: str, timeframe: Timeframe, suffix: str) -> str:
    """Return the name of a series' file; `name_of` reads it back, but for the ``^`` of an index."""
    return f"{Symbol(symbol.removeprefix('^')).file_name}_{timeframe}{suffix}"


def _session_dates(stamps: Int64s, sessions: Sessions) -> Int64s:
    local = pd.to_datetime(stamps, unit="ns", utc=True).tz_convert(sessions.time_zone).tz_localize(None)
    dates = local.as_unit("ns").asi8 // NS_PER_DAY * NS_PER_DAY
    session = sessions.locate(stamps, _MOMENT)
    inside = session >= 0
    dates[inside] = sessions.dates[session[inside]]
    return dates
