"""Which file each timeframe comes from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.preparing.market_data import gather
from ktrdr.domain.errors import DataNotFound
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import SymbolChoice, TimeframeChoice, TrainingData

START = from_iso("2024-01-01T00:00:00Z")
DAY = 86_400 * 10**9


def series(timeframe: str, days: int = 10, first_day: int = 0, level: float = 100.0) -> Bars:
    step = Timeframe(timeframe).ns
    stamps = np.arange(START + first_day * DAY, START + (first_day + days) * DAY, step, dtype=np.int64)
    close = level + np.arange(len(stamps)) * 0.01
    volume = np.ones(len(stamps))
    return Bars("X", Timeframe(timeframe), stamps, close, close + 1, close - 1, close, volume, source=timeframe)


def wanted(*timeframes: str, base: str | None = None, source: str = "resampled", **span: str) -> TrainingData:
    frames = TimeframeChoice(timeframes, base or timeframes[0], source)
    return TrainingData(SymbolChoice("single", ("X",)), frames, **span)


def test_other_timeframes_are_resampled_from_the_finest_file_although_they_have_their_own() -> None:
    data = MemoryRepository([series("5m"), series("15m", level=500), series("1h", level=900)])
    market = gather(data, wanted("5m", "1h"), "X")
    assert market.origins == {"5m": "native", "1h": "5m"}
    assert market.bars["1h"].high.max() < 200
    assert any("1h bars are resampled from 5m bars" in note for note in market.notes)


def test_native_reads_each_timeframe_from_its_own_file() -> None:
    data = MemoryRepository([series("5m"), series("1h", level=900)])
    market = gather(data, wanted("5m", "1h", source="native"), "X")
    assert market.origins == {"5m": "native", "1h": "native"}
    assert market.bars["1h"].low.min() > 800


def test_a_finer_timeframe_than_the_base_is_read_and_the_base_stays_its_own_file() -> None:
    data = MemoryRepository([series("5m"), series("1h", level=900)])
    market = gather(data, wanted("5m", "1h", base="1h"), "X")
    assert market.origins == {"1h": "native", "5m": "native"}
    assert market.base_bars.low.min() > 800


def test_a_base_without_a_file_is_resampled() -> None:
    market = gather(MemoryRepository([series("5m")]), wanted("1h"), "X")
    assert market.origins == {"1h": "5m"}
    assert len(market.base_bars) == 240


def test_a_finer_file_that_covers_little_of_the_base_is_passed_over() -> None:
    data = MemoryRepository([series("1m", days=2, first_day=8), series("5m"), series("1h", level=900)])
    assert gather(data, wanted("5m", "1h"), "X").origins["1h"] == "5m"


def test_a_file_of_its_own_serves_where_no_finer_one_covers_the_base() -> None:
    data = MemoryRepository([series("5m", days=1), series("1h"), series("4h", level=900)])
    assert gather(data, wanted("1h", "4h"), "X").origins["4h"] == "1h"
    data = MemoryRepository([series("5m", days=1), series("4h", level=900), series("1d")])
    assert gather(data, wanted("1d", "4h"), "X").origins["4h"] == "native"


def test_origins_of_the_training_are_obeyed() -> None:
    data = MemoryRepository([series("5m"), series("15m"), series("1h", level=900)])
    origins = {"15m": "native", "1h": "15m"}
    market = gather(data, wanted("15m", "1h"), "X", origins)
    assert market.origins == origins
    assert {item.timeframe for item in market.loaded} == {"15m"}
    with pytest.raises(DataNotFound):
        gather(MemoryRepository([series("5m")]), wanted("15m", "1h"), "X", origins)


def test_the_end_date_is_a_whole_day() -> None:
    market = gather(MemoryRepository([series("1h")]), wanted("1h", start="2024-01-03", end="2024-01-04"), "X")
    assert len(market.base_bars) == 48
    exact = wanted("1h", start="2024-01-03T05:00:00", end="2024-01-03T07:00:00")
    assert len(gather(MemoryRepository([series("1h")]), exact, "X").base_bars) == 3


def test_a_timeframe_that_ends_early_is_said_aloud() -> None:
    data = MemoryRepository([series("1h", days=60), series("4h", days=5)])
    notes = gather(data, wanted("1h", "4h", source="native"), "X").notes
    assert any(note.startswith("4h bars end early") for note in notes)


def test_a_finer_file_that_does_not_divide_the_timeframe_is_passed_over() -> None:
    data = MemoryRepository([series("7m"), series("30m")])
    assert gather(data, wanted("1h"), "X").origins == {"1h": "30m"}


def test_the_finest_file_is_found_before_1970_too() -> None:
    data = MemoryRepository([old(series("5m", days=1)), old(series("1h")), old(series("1d"))])
    assert gather(data, wanted("1d", "4h"), "X").origins["4h"] == "1h"


def old(bars: Bars) -> Bars:
    return replace(bars, stamps=bars.stamps - 60 * 366 * DAY, known_at=np.empty(0, dtype=np.int64))


def test_bars_that_make_no_whole_coarser_one_are_not_found() -> None:
    for timeframes in (("1w",), ("1h", "1w")):
        with pytest.raises(DataNotFound, match=r"24 1h bars \(1h\) make no 1w bar"):
            gather(MemoryRepository([series("1h", days=1)]), wanted(*timeframes), "X")


def test_what_cannot_be_made_is_not_found() -> None:
    with pytest.raises(DataNotFound):
        gather(MemoryRepository([series("1h")]), wanted("1h", "5m"), "X")
    with pytest.raises(DataNotFound):
        gather(MemoryRepository([series("1h")]), wanted("1h"), "Y")
