"""Folders of parquet files."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.catalogue import adding_to_catalogue
from ktrdr.adapters.data.columns import find_columns
from ktrdr.adapters.data.folder import FolderRepository, file_name, nanoseconds
from ktrdr.adapters.data.replacing import replacing
from ktrdr.adapters.data.times import join_date_and_clock, utc_times
from ktrdr.application.ports.bar_store import BarStore
from ktrdr.domain.arrays import Int64s
from ktrdr.domain.errors import Conflict, InvalidBars, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.series import SeriesInfo


class ParquetRepository(FolderRepository, BarStore):
    """One file ``{SYMBOL}_{timeframe}.parquet`` per series.

    The time may be a column or the index, in any unit and zone; times without a zone are taken as UTC.
    """

    suffix = ".parquet"

    def save(
        self, bars: Bars, characteristics: SymbolCharacteristics | None = None, *, replace: bool = False
    ) -> SeriesInfo:
        """See the port; an index's ``^`` is left out of the file's name, characteristics go to ``symbols.yaml``."""
        if not replace:
            self.require_no_other(bars)
        path, known = self._path(bars), {bars.symbol: characteristics} if characteristics else {}
        with _writing(path):
            self._folder.mkdir(parents=True, exist_ok=True)
            catalogue = adding_to_catalogue(self._folder, known) if known else nullcontext()
            with catalogue, replacing(path) as beside:
                bars.to_frame().to_parquet(beside, engine="pyarrow", compression="zstd", index=False)
        span = (int(bars.stamps[0]), int(bars.stamps[-1])) if len(bars) else (0, 0)
        return SeriesInfo(bars.symbol, bars.timeframe, len(bars), *span, path.name)

    def require_no_other(self, bars: Bars) -> None:
        """See the port."""
        path = self._path(bars)
        with _writing(path):
            if path.exists() and not self._read(path).equals(bars.to_frame()):
                raise Conflict(f"{path}: is there already, with other bars; replace it, or write elsewhere")

    def _path(self, bars: Bars) -> Path:
        return self._folder / file_name(bars.symbol, bars.timeframe, self.suffix)

    def _read(self, path: Path) -> pd.DataFrame:
        return read_parquet(path)

    def _read_stamps(self, path: Path) -> pd.Series:
        with _opened(path) as file:
            times = find_columns(file.schema_arrow.names, path.name).times
            return _times(_columns(file, [*times]), times, path)

    def _read_span(self, path: Path) -> tuple[int, Int64s]:
        with _opened(path) as file:
            rows, span = file.metadata.num_rows, _statistics(file, path)
        return super()._read_span(path) if span is None else (rows, nanoseconds(utc_times(span, path.name)))


def read_parquet(path: Path) -> pd.DataFrame:
    """Return timestamp (UTC), open, high, low, close, volume of a file.

    Raises
    ------
    InvalidBars
        If it is no whole parquet file, a column is missing, or its times cannot be read.
    Unavailable
        If the file cannot be opened.
    """
    with _opened(path) as file:
        names = file.schema_arrow.names
        columns = find_columns(names, path.name)
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise InvalidBars(f"{path.name}: column {repeated[0]!r} is there twice")
        raw = _columns(file, [*columns.times, *columns.values.values()])
    frame = pd.DataFrame({"timestamp": _times(raw, columns.times, path)})
    for role in BAR_COLUMNS:
        frame[role] = raw[names[columns.values[role]]] if role in columns.values else 0.0
    return frame


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written ({error.strerror or error})") from error


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(path) as file:
            yield file
    except (FileNotFoundError, PermissionError) as error:
        raise Unavailable(f"{path.name}: cannot be read ({error.strerror or error})") from error
    except (pa.ArrowException, OSError) as error:
        raise InvalidBars(f"{path.name}: not a whole parquet file ({str(error).splitlines()[0]})") from error


def _columns(file: pq.ParquetFile, positions: list[int]) -> pd.DataFrame:
    names = [file.schema_arrow.names[position] for position in positions]
    frame: pd.DataFrame = file.read(columns=names).to_pandas(ignore_metadata=True, date_as_object=False)
    return frame


def _times(raw: pd.DataFrame, positions: tuple[int, ...], path: Path) -> pd.Series:
    parts = [raw.iloc[:, place] for place in range(len(positions))]
    return utc_times(parts[0] if len(parts) == 1 else join_date_and_clock(*parts), path.name)


def _statistics(file: pq.ParquetFile, path: Path) -> pd.Series | None:
    """Return least and greatest time by the file's own statistics, or None where it has none."""
    times = find_columns(file.schema_arrow.names, path.name).times
    if len(times) > 1 or not pa.types.is_timestamp(file.schema_arrow.field(times[0]).type):
        return None
    groups = range(file.metadata.num_row_groups)
    found = [file.metadata.row_group(group).column(times[0]).statistics for group in groups]
    if not found or not all(statistics is not None and statistics.has_min_max for statistics in found):
        return None
    return pd.Series([min(pd.Timestamp(s.min) for s in found), max(pd.Timestamp(s.max) for s in found)])
