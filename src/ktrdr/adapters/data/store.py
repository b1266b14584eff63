"""Bars kept as parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.arrow import column_of
from ktrdr.adapters.data.bar_files import file_name
from ktrdr.adapters.data.catalogue import adding_to_catalogue
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.sources.parquet import read_parquet
from ktrdr.adapters.files.folders import make_folder
from ktrdr.adapters.files.replacing import replacing
from ktrdr.application.ports.bar_store import BarStore
from ktrdr.domain.errors import Conflict, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.series import SeriesInfo

_TIME = pa.timestamp("ns", "UTC")


class ParquetStore(BarStore):
    """One file ``{SYMBOL}_{timeframe}.parquet`` per series; an index's ``^`` is left out of the file's name.

    Parameters
    ----------
    folder : Path
        Made by the first `save`; characteristics go to its ``symbols.yaml``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._repository = repository_of("parquet", folder)

    def check(self, bars: Bars, *, replace: bool = False) -> None:
        """See the port."""
        self._repository.admitted(bars)
        if not replace:
            self._require_no_other(bars)

    def save(
        self, bars: Bars, characteristics: SymbolCharacteristics | None = None, *, replace: bool = False
    ) -> SeriesInfo:
        """See the port."""
        path, known = self._path(bars), {bars.symbol: characteristics} if characteristics else {}
        with _writing(path):
            make_folder(self._folder)
            with adding_to_catalogue(self._folder, known) if known else nullcontext():
                self._write(bars, path, replace)
        first, last = (int(bars.stamps[0]), int(bars.stamps[-1])) if len(bars) else (0, 0)
        return SeriesInfo(bars.symbol, bars.timeframe, len(bars), first, last, path.name)

    def _write(self, bars: Bars, path: Path, replace: bool) -> None:
        """Look whether a file is there and put it there in one step, so that no other writer comes between."""
        try:
            with replacing(path, new=not replace) as file:
                pq.write_table(_table(bars), file, compression="zstd")
        except FileExistsError:
            self._require_no_other(bars)

    def _require_no_other(self, bars: Bars) -> None:
        path = self._path(bars)
        with _writing(path):
            if os.path.lexists(path) and not _equal(read_parquet(path, bars.symbol, bars.timeframe), bars):
                raise Conflict(f"{path}: is there already, with other bars; replace it, or write elsewhere")

    def _path(self, bars: Bars) -> Path:
        return self._folder / file_name(bars.symbol, bars.timeframe, ".parquet")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written ({error.strerror or error})") from error


def _equal(kept: Bars, bars: Bars) -> bool:
    return all(np.array_equal(getattr(kept, name), getattr(bars, name)) for name in ("stamps", *BAR_COLUMNS))


def _table(bars: Bars) -> pa.Table:
    columns = {"timestamp": column_of(bars.stamps, _TIME)}
    columns |= {name: column_of(getattr(bars, name), pa.float64()) for name in BAR_COLUMNS}
    return pa.Table.from_arrays(list(columns.values()), names=list(columns))
