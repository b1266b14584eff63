"""Import: bars from files that somebody gives, checked and kept."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ktrdr.application.ports.bar_reader import NOTHING_STATED, BarReader
from ktrdr.application.ports.bar_store import BarStore
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality import quality_warnings
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What to import.

    Attributes
    ----------
    path : Path
        A file, or a folder of files.
    stated : Stated
        What is said of the files; symbol and timeframe can be said of one alone.
    replace : bool
        Whether other bars of the same series may be overwritten.
    """

    path: Path
    stated: Stated = NOTHING_STATED
    replace: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """One imported series, and what is odd about it."""

    series: SeriesInfo
    warnings: tuple[str, ...]


class ImportBars:
    """Reads and checks all files as loading will, also against the bars that are there, before it keeps any."""

    def __init__(self, reader: BarReader, store: BarStore) -> None:
        self._reader = reader
        self._store = store

    def execute(self, request: ImportRequest) -> tuple[Imported, ...]:
        """Return what was kept, in the order of the files' names.

        Raises
        ------
        InvalidInput
            If a name says no symbol or timeframe, two files hold the same series, or bars break a rule of the gate.
        DataNotFound, Conflict, Unavailable
            As the ports say.
        """
        files = self._reader.files(request.path)
        if len(files) > 1 and (request.stated.symbol or request.stated.timeframe):
            raise InvalidInput(f"{request.path}: symbol and timeframe can be given for one file; found {len(files)}")
        read: dict[tuple[str, Timeframe], Bars] = {}
        for path in files:
            for bars in self._reader.read(path, request.stated):
                earlier = read.setdefault((bars.symbol.removeprefix("^"), bars.timeframe), bars)
                if earlier is not bars:
                    raise InvalidInput(f"{path}: {earlier.source} holds {bars.timeframe} bars of {bars.symbol} already")
                if not len(bars):
                    raise InvalidBars(f"{path}: holds no bars")
                self._store.check(bars, replace=request.replace)
        return tuple(
            Imported(self._store.save(bars, replace=request.replace), quality_warnings(bars)) for bars in read.values()
        )
