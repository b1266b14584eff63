"""Import: bars from files that somebody gives, checked, shown as they were understood, and kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ktrdr.application.ports.bar_reader import NOTHING_STATED, BarReader
from ktrdr.application.ports.bar_store import BarStore, Planned
from ktrdr.application.ports.clock import Clock
from ktrdr.domain.errors import InvalidBars, InvalidInput, RefusedFiles
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.quality import quality_warnings
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.series import SeriesInfo, bar_rows
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.market.unfinished import unfinished_warnings

_SHOWN = 3
_VENUE = ("asset_class", "exchange", "calendar", "time_zone", "inferred")


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
        Whether other bars of the same series may be overwritten; with `append`, those in the span of the file.
    append : bool
        Whether what is kept of the same series stays, and grows by what is new.
    """

    path: Path
    stated: Stated = NOTHING_STATED
    replace: bool = False
    append: bool = False


@dataclass(frozen=True, slots=True)
class Understood:
    """One series of a file as it was understood, what keeping it comes to, and what is odd about it."""

    planned: Planned
    warnings: tuple[str, ...]

    @property
    def series(self) -> SeriesInfo:
        """What there is to say of the file's own bars."""
        return SeriesInfo.of(self.planned.bars)

    def ends(self) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return the first and the last bars of the file, as plain values; together no bar twice."""
        bars, rows = self.planned.bars, len(self.planned.bars)
        last = range(max(rows - _SHOWN, min(_SHOWN, rows)), rows)
        return bar_rows(bars, range(min(_SHOWN, rows))), bar_rows(bars, last)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for ``--json``."""
        planned, (first, last) = self.planned, self.ends()
        reading, facts = planned.bars.reading, asdict(planned.facts)
        return {
            **self.series.as_dict(),
            "reading": reading and reading.as_dict(),
            "venue": {name: facts[name] for name in _VENUE},
            "first_bars": first,
            "last_bars": last,
            "warnings": list(self.warnings),
            "effect": planned.effect,
            "growth": planned.growth and planned.growth.as_dict(),
        }


class ImportBars:
    """Reads and checks all files as loading will, also against the bars that are there, before it keeps any."""

    def __init__(self, reader: BarReader, store: BarStore, clock: Clock) -> None:
        self._reader = reader
        self._store = store
        self._clock = clock

    def understand(self, request: ImportRequest) -> tuple[Understood, ...]:
        """Return how the files are read and what keeping them comes to, in the order of their names; keep nothing.

        Raises
        ------
        InvalidInput
            If a name says no symbol or timeframe, two files hold the same series, or bars break a rule of the gate;
            the message has a line for every file that is refused.
        DataNotFound, Conflict, Unavailable
            As the ports say.
        """
        files = self._reader.files(request.path)
        if len(files) > 1 and (request.stated.symbol or request.stated.timeframe):
            raise InvalidInput(f"{request.path}: symbol and timeframe can be given for one file; found {len(files)}")
        read: dict[tuple[str, Timeframe], Bars] = {}
        understood: list[Understood] = []
        refused: list[InvalidInput] = []
        for path in files:
            try:
                understood += self._series(path, request, read)
            except InvalidInput as error:
                refused.append(error)
        if refused:
            raise refused[0] if len(refused) == 1 else RefusedFiles(refused)
        return tuple(understood)

    def _series(
        self, path: Path, request: ImportRequest, read: dict[tuple[str, Timeframe], Bars]
    ) -> Iterator[Understood]:
        for bars in self._reader.read(path, request.stated):
            earlier = read.setdefault((bars.symbol.removeprefix("^"), bars.timeframe), bars)
            if earlier is not bars:
                raise InvalidInput(f"{path}: {earlier.source} holds {bars.timeframe} bars of {bars.symbol} already")
            yield self._understood(path, bars, request)

    def keep(self, understood: Sequence[Understood], request: ImportRequest) -> tuple[SeriesInfo, ...]:
        """Keep what was understood of the files of a request; return what is now there.

        Raises
        ------
        Conflict, Unavailable
            As the store says.
        """
        series = [(one.planned.to_keep, one.planned.news) for one in understood]
        return self._store.save_all(series, replace=request.replace, append=request.append)

    def execute(self, request: ImportRequest) -> tuple[SeriesInfo, ...]:
        """Understand and keep at once.

        Raises
        ------
        InvalidInput, DataNotFound, Conflict, Unavailable
            As the two do.
        """
        return self.keep(self.understand(request), request)

    def _understood(self, path: Path, bars: Bars, request: ImportRequest) -> Understood:
        if not len(bars):
            raise InvalidBars(f"{path}: holds no bars")
        planned = self._store.check(
            bars,
            self._reader.facts(path, bars.symbol),
            replace=request.replace,
            append=request.append,
            drop_unfinished=request.stated.drop_unfinished,
        )
        warnings = *quality_warnings(planned.whole), *unfinished_warnings(planned.whole, self._clock())
        return Understood(planned, warnings)
