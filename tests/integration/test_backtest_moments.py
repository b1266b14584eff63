"""What a backtest may know at which moment: of the models, of the symbol, and of the bars around its start and end."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from samples.backtests import DOCUMENT, FREE, M5, container_of, run, train, walk
from samples.documents import changed

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.application.use_cases.backtest import BacktestReport
from ktrdr.application.use_cases.load_model import LoadRequest
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import from_iso, iso
from ktrdr.domain.market.timeframe import Timeframe


@pytest.fixture(scope="module")
def similar() -> MemoryStorage:
    storage = MemoryStorage()
    for number, (name, spread) in enumerate({"CALM": 0.001, "WILD": 0.006}.items()):
        train(storage, walk(name, number, spread).take(slice(0, 1000)))
    return storage


@pytest.mark.parametrize("dates", [{}, {"start": "2024-01-05"}, {"start": "2024-01-02", "in_sample": True}])
def test_bars_after_the_end_have_no_part_in_the_choice_of_the_model(
    similar: MemoryStorage, dates: dict[str, Any]
) -> None:
    calm, wild = (walk("NEW", 7, spread) for spread in (0.0015, 0.03))
    end = int(np.searchsorted(calm.known_at, from_iso("2024-01-05T04:00:00Z"), side="right"))
    columns = ("open", "high", "low", "close", "volume")
    later = {name: np.concatenate((getattr(calm, name)[:end], getattr(wild, name)[end:])) for name in columns}
    changes = replace(calm, **later)
    found = [run(similar, bars, end="2024-01-05T04:00Z", **dates) for bars in (calm, changes)]
    assert [done.model.reference for done in found] == ["small/CALM_5m_v1"] * 2
    assert found[0].as_dict() == found[1].as_dict()
    today = container_of([changes], similar).load_model().execute(LoadRequest("small", "NEW", "5m"))
    assert today.reference == "small/WILD_5m_v1"  # by all bars


def test_a_symbol_of_which_nothing_was_known_then_is_similar_to_none(similar: MemoryStorage) -> None:
    late = walk("NEW", 7, 0.0015).take(slice(1100, None))
    with pytest.raises(LookupError, match="the volatility of NEW is not known"):
        run(similar, late)
    assert run(similar, late, start=iso(late.stamps[100])).model.reference == "small/CALM_5m_v1"


def test_a_symbol_that_was_neither_chosen_nor_judged_by_is_told_so(similar: MemoryStorage) -> None:
    manifest = similar.load("small/CALM_5m_v1").manifest
    done = run(similar, walk("NEW", 7, 0.0015))
    assert done.span.marks == ("already judged",)
    notes = "; ".join(done.notes)
    assert f"bars of CALM up to {manifest.selected_until} chose the model" in notes
    assert "up to which the model's verdict rests on bars of CALM" in notes
    assert "verdict rests on 1" not in notes


def same(one: BacktestReport, other: BacktestReport) -> bool:
    return one.model.reference == other.model.reference and one.result.signals.equals(other.result.signals)


@pytest.mark.parametrize("offset", [0, 7])
@pytest.mark.parametrize("kind", ["SIM_CRYPTO", "SIM_FOREX"])
def test_the_start_that_is_the_default_may_be_given(kind: str, offset: int) -> None:
    made = simulate(kind, M5, 1800, 4)
    bars = replace(made, stamps=made.stamps + offset, known_at=made.known_at + offset)
    storage = MemoryStorage()
    manifest = train(storage, bars.take(slice(0, 1400)), document=DOCUMENT)
    default = run(storage, bars)
    first = default.result.bars.stamps[0]
    assert from_iso(manifest.selected_until) == first  # the bar before it ends where it begins
    assert same(run(storage, bars, start=iso(first)), default)
    assert same(run(storage, bars, start=iso(first), model=f"small/{kind}_5m_v1"), default)
    for named in ({}, {"model": f"small/{kind}_5m_v1"}):
        with pytest.raises(InvalidInput, match="--in-sample"):
            run(storage, bars, start=iso(first - M5.ns), **named)


def test_days_of_a_week_round_the_clock_may_start_while_another_market_is_open() -> None:
    days = replace(walk("PAIR", 3, 0.01, 700), timeframe=Timeframe("1d"))
    stamps = from_iso("2020-01-01T00:00:00Z") + np.arange(700) * Timeframe("1d").ns
    days = replace(days, stamps=stamps, known_at=stamps + Timeframe("1d").ns)
    storage = MemoryStorage()
    daily = changed("training_data.timeframes", "1d", FREE)
    train(storage, replace(days, known_at=days.known_at - 3 * 3600 * 10**9), document=daily)
    default = run(storage, days)
    assert iso(default.result.bars.stamps[0])[11:] == "00:00:00Z"
    assert from_iso(default.manifest.selected_until) > default.result.bars.stamps[0]
    assert same(run(storage, days, start=iso(default.result.bars.stamps[0])[:10]), default)


def test_a_moment_as_the_end_takes_bars_that_are_known_by_then_and_a_day_counts_whole() -> None:
    bars, storage = walk("NEW", 5, 0.002), MemoryStorage()
    train(storage, bars.take(slice(0, 800)))
    ends = {
        "2024-01-05T10:00Z": "2024-01-05T09:55:00Z",
        "2024-01-05T10:04:59.999999999Z": "2024-01-05T09:55:00Z",
        "2024-01-05T10:05Z": "2024-01-05T10:00:00Z",
        "2024-01-05T12:05+02:00": "2024-01-05T10:00:00Z",
        "2024-01-05": "2024-01-05T23:55:00Z",
        "2024-01-05T00:00": "2024-01-04T23:55:00Z",
    }
    whole = run(storage, bars).result.signals
    for end, last in ends.items():
        cut = run(storage, bars, end=end).result
        assert iso(cut.bars.stamps[-1]) == last
        assert cut.signals.equals(whole[: len(cut.bars)])
    assert len(run(storage, bars, start="2024-01-05T10:00", end="2024-01-05").result.bars) == 14 * 12


def test_few_bars_are_said_to_be_few() -> None:
    bars, storage = walk("NEW", 5, 0.002), MemoryStorage()
    train(storage, bars.take(slice(0, 800)))
    for count, few in ((29, True), (30, False)):
        done = run(storage, bars, start=iso(bars.stamps[1000]), end=iso(bars.known_at[1000 + count - 1]))
        assert len(done.result.bars) == count
        assert any(f"{count} bars are few" in note for note in done.notes) == few


def test_a_start_behind_the_bars_is_said_to_be_just_that() -> None:
    bars, storage = walk("NEW", 5, 0.002), MemoryStorage()
    train(storage, bars.take(slice(0, 800)))
    with pytest.raises(
        InvalidInput, match=r"from 2030-01-01T00:00:00Z needs 2 bars.* end at 2024-01-06.*earlier --start"
    ):
        run(storage, bars, start="2030-01-01")
