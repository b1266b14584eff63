"""Every sentence of the BarSource port, over every source; memory first."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from ktrdr.adapters.data.sources import SOURCES
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.memory.bar_source import MemorySource
from ktrdr.application.ports.bar_source import BarSource
from ktrdr.domain.errors import DataNotFound
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, from_iso
from ktrdr.domain.market.context_source import ContextSource
from ktrdr.domain.market.timeframe import Timeframe

DAY, HOUR = Timeframe("1d"), Timeframe("1h")


def bars(symbol: str, timeframe: Timeframe, count: int) -> Bars:
    stamps = from_iso("2024-07-01T00:00:00Z") + timeframe.ns * np.arange(count, dtype=np.int64)
    close = 100.0 + np.arange(count)
    return Bars(symbol, timeframe, stamps, close, close + 1, close - 1, close, np.full(count, 5.0))


GIVEN = (bars("^GSPC", DAY, 4), bars("BTCUSD", HOUR, 9), bars("AAPL", HOUR, 6), bars("AAPL", DAY, 3))


def in_memory(_: Path) -> BarSource:
    return MemorySource(GIVEN)


def as_parquet(folder: Path) -> BarSource:
    for one in GIVEN:
        ParquetStore(folder).save(one)
    return source_of("folder", folder)


def as_csv(folder: Path) -> BarSource:
    for one in GIVEN:
        name = f"{one.symbol.removeprefix('^')}_{one.timeframe}.csv"
        one.to_frame().to_csv(folder / name, index=False)
    return source_of("folder", folder)


def source_of(name: str, *arguments: object) -> BarSource:
    module, _, kind = SOURCES[name].partition(":")
    source: BarSource = getattr(import_module(module), kind)(*arguments)
    return source


FILLED = {"memory": in_memory, "parquet": as_parquet, "csv": as_csv}
MADE: dict[str, Callable[[Path], BarSource]] = {
    **FILLED,
    "sample": lambda _: source_of("sample"),
    "simulated": lambda _: source_of("simulated", ("SIM_STOCK", "SIM_CRYPTO"), Timeframe("15m"), 400),
}


@pytest.fixture(params=MADE)
def source(request: pytest.FixtureRequest, tmp_path: Path) -> BarSource:
    return MADE[request.param](tmp_path)


@pytest.fixture(params=FILLED)
def filled(request: pytest.FixtureRequest, tmp_path: Path) -> BarSource:
    return FILLED[request.param](tmp_path)


def test_every_source_of_the_table_is_tried_here() -> None:
    assert {*MADE, "folder"} == {"memory", "parquet", "csv", *SOURCES}


def test_series_are_sorted_and_say_what_is_read(source: BarSource) -> None:
    found = source.series()
    keys = [(info.symbol, info.timeframe) for info in found]
    assert keys == sorted(set(keys))
    for info in found:
        read = source.read(info.symbol, info.timeframe)
        assert (read.symbol, read.timeframe, len(read)) == (info.symbol, info.timeframe, info.rows)
        assert (info.first, info.last, info.problem) == (read.stamps[0], read.stamps[-1], "")


def test_bars_come_as_they_are_written(filled: BarSource) -> None:
    for given in GIVEN:
        read = filled.read(given.symbol, given.timeframe)
        for name in ("stamps", *BAR_COLUMNS):
            assert np.array_equal(getattr(read, name), getattr(given, name))
        assert read.sessions is None


def test_an_index_goes_by_either_spelling(source: BarSource) -> None:
    info = source.series()[0]
    plain = info.symbol.removeprefix("^")
    for spelling in (plain, f"^{plain}"):
        assert source.series(spelling) == source.series(info.symbol)
        assert source.read(spelling, info.timeframe).symbol == spelling
        facts = source.facts(spelling)
        assert facts is None or facts.symbol == spelling


def test_what_is_not_there_names_what_is(source: BarSource) -> None:
    info = source.series()[0]
    assert source.series("NO_SUCH") == ()
    with pytest.raises(DataNotFound, match=r"no bars of NO_SUCH.* there is "):
        source.read("NO_SUCH", DAY)
    with pytest.raises(DataNotFound, match=rf"no 7m bars of .*{info.timeframe} \({info.rows} bars"):
        source.read(info.symbol, Timeframe("7m"))


def test_sources_say_what_they_know_of_a_symbol_and_nothing_else(source: BarSource, filled: BarSource) -> None:
    assert all(filled.facts(one.symbol) is None for one in GIVEN)
    for info in source.series():
        facts = source.facts(info.symbol)
        assert facts is None or facts.inferred == ()


def test_a_context_series_that_is_not_there_is_not_found(source: BarSource) -> None:
    with pytest.raises(DataNotFound, match="no context series 'DGS10' of provider 'fred'"):
        source.context(ContextSource("rates", "fred", "DGS10"))
