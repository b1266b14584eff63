"""Bars kept as parquet files."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import replace as with_values
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.arrow import column_of
from ktrdr.adapters.data.bar_files import file_name
from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.catalogue import adding_to_catalogue
from ktrdr.adapters.data.kept_reading import noted
from ktrdr.adapters.data.sources.folder import FolderSource
from ktrdr.adapters.files.folders import make_folder
from ktrdr.adapters.files.holding import holding
from ktrdr.adapters.files.replacing import replacing
from ktrdr.application.ports.bar_store import BarStore, Effect, Planned
from ktrdr.application.preparing.sessioned import SessionedRepository
from ktrdr.domain.errors import Conflict, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.growing import Growth, grown, growth_of, with_gap
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.series import SeriesInfo

_TIME = pa.timestamp("ns", "UTC")


class ParquetStore(BarStore):
    """One file ``{SYMBOL}_{timeframe}.parquet`` per series; an index's ``^`` is left out of the file's name.

    How the bars were understood stands in the file's metadata.

    Parameters
    ----------
    folder : Path
        Made by the first `save`; characteristics go to its ``symbols.yaml``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._source = FolderSource(folder)
        self._repository = SessionedRepository(self._source, sessions_for)

    def check(
        self,
        bars: Bars,
        facts: SymbolCharacteristics | None = None,
        *,
        replace: bool = False,
        append: bool = False,
        drop_unfinished: bool = False,
    ) -> Planned:
        """See the port."""
        path, news = self._path(bars), None if self._source.facts(bars.symbol) else facts
        if append and not facts and os.path.lexists(path):
            facts = self._repository.characteristics(bars.symbol)  # a few bars more tell less of a venue
        given = self._repository.admitted(bars, drop_unfinished, facts)
        with _writing(path):
            kept = None if replace and not append else _kept(path, given.kept)
        if kept is None:
            effect: Effect = "replaced" if os.path.lexists(path) else "new"
            return Planned(given.bars, given.kept, given.facts, news, effect, given.bars)
        if not append:
            _require_equal(path, kept, given.kept)
            return Planned(given.bars, given.kept, given.facts, news, "same", given.bars)
        growth = _growth(path, kept, given.kept, replace)
        whole = self._repository.admitted(grown(kept, given.kept), facts=facts).bars
        effect = "same" if growth.nothing_new else "grown"
        growth = with_gap(growth, kept, given.kept, whole)
        return Planned(given.bars, given.kept, given.facts, news, effect, whole, growth)

    def save_all(
        self,
        series: Sequence[tuple[Bars, SymbolCharacteristics | None]],
        *,
        replace: bool = False,
        append: bool = False,
    ) -> tuple[SeriesInfo, ...]:
        """See the port."""
        known = {bars.symbol: facts for bars, facts in series if facts}
        with _writing(self._path(series[0][0]) if series else self._folder):
            make_folder(self._folder)
            with adding_to_catalogue(self._folder, known) if known else nullcontext():
                return tuple(self._save(bars, replace, append) for bars, _ in series)

    def _save(self, bars: Bars, replace: bool, append: bool) -> SeriesInfo:
        path = self._path(bars)
        with _writing(path):
            there = _add(bars, path, replace) if append else _put(bars, path, replace)
        return SeriesInfo.of(with_values(there, source=path.name))

    def _path(self, bars: Bars) -> Path:
        return self._folder / file_name(bars.symbol, bars.timeframe, ".parquet")


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written ({error.strerror or error})") from error


def _put(bars: Bars, path: Path, replace: bool) -> Bars:
    """Look whether a file is there and put it there in one step, so that no other writer comes between."""
    with holding(path) if replace else nullcontext():
        try:
            _write(bars, path, new=not replace)
        except FileExistsError:
            _require_equal(path, _kept(path, bars), bars)
    return bars


def _add(bars: Bars, path: Path, replace: bool) -> Bars:
    """Add bars to those of a file, which nobody else changes meanwhile."""
    while True:
        with holding(path) as there:  # what comes after that is not held
            kept = _kept(path, bars) if there else None
            if kept is not None:
                whole = grown(kept, bars)
                if not _growth(path, kept, bars, replace).nothing_new:
                    _write(whole, path, new=False)
                return whole
            try:
                _write(bars, path, new=True)
                return bars
            except FileExistsError:
                continue


def _write(bars: Bars, path: Path, new: bool) -> None:
    with replacing(path, new=new) as file:
        pq.write_table(_table(bars), file, compression="zstd", use_dictionary=list(BAR_COLUMNS))


def _kept(path: Path, like: Bars) -> Bars | None:
    """Return the bars that a file has of a series, None where there is no file."""
    if not os.path.lexists(path):
        return None
    (bars,) = read_bars(path, Stated(like.symbol, like.timeframe))
    return bars


def _growth(path: Path, kept: Bars, given: Bars, replace: bool) -> Growth:
    growth = growth_of(kept, given)
    if growth.revised and not replace:
        raise Conflict(
            f"{given.source}: tells the history that {path} keeps otherwise: {growth.revisions}; nothing is kept; "
            "--append --replace takes what the file says over its whole span"
        )
    return growth


def _require_equal(path: Path, kept: Bars | None, bars: Bars) -> None:
    same = kept is not None and all(
        np.array_equal(getattr(kept, name), getattr(bars, name)) for name in ("stamps", *BAR_COLUMNS)
    )
    if not same:
        raise Conflict(f"{path}: is there already, with other bars; --replace overwrites them, --append adds to them")


def _table(bars: Bars) -> pa.Table:
    columns = {"timestamp": column_of(bars.stamps, _TIME)}
    columns |= {name: column_of(getattr(bars, name), pa.float64()) for name in BAR_COLUMNS}
    return pa.Table.from_arrays(list(columns.values()), names=list(columns), metadata=noted(bars.reading))
