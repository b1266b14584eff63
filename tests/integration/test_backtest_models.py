"""Which model a backtest takes, and what is refused or passed over on the way to it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from samples.backtests import FREE, run, train, walk
from samples.documents import changed

from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.storage.filesystem import FileSystemStorage
from ktrdr.application.use_cases.backtest import BacktestRequest
from ktrdr.domain.artifacts.artifact import Artifact
from ktrdr.domain.errors import CorruptArtifact, InvalidInput, ModelNotFound
from ktrdr.domain.market.bars import Bars, from_iso, iso
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

ONE, TWO = walk("ONE", 1, 0.002), walk("TWO", 2, 0.002)


class Scratched(MemoryStorage):
    """Of which some versions are damaged."""

    def __init__(self) -> None:
        super().__init__()
        self.damaged: set[str] = set()

    def load(self, reference: str) -> Artifact:
        if reference in self.damaged:
            raise CorruptArtifact(f"{reference}: history.json is missing")
        return super().load(reference)


def early(bars: Bars) -> Bars:
    return bars.take(slice(0, 1000))


def hourly(document: dict[str, Any], spelling: str = "1h") -> dict[str, Any]:
    return changed("training_data.timeframes", spelling, document)


def test_a_damaged_universal_version_is_passed_over() -> None:
    storage = Scratched()
    for _ in range(2):
        train(storage, early(ONE), early(TWO))
    storage.damaged = {"small/universal_v2"}
    done = run(storage, ONE)
    assert done.model.reference == "small/universal_v1"
    assert any("passed over: small/universal_v2 is damaged" in note for note in done.notes)
    storage.damaged |= {"small/universal_v1"}
    with pytest.raises(InvalidInput, match="do not say for which bars they are"):
        run(storage, ONE)
    with pytest.raises(ModelNotFound, match=r"universal_v2 is damaged.*universal_v1 is damaged"):
        run(storage, ONE, timeframe="5m")


def test_the_only_timeframe_is_that_of_all_versions_universal_ones_too() -> None:
    storage, long = MemoryStorage(), walk("ONE", 1, 0.002, 12_000)
    train(storage, early(ONE), early(TWO))
    train(storage, resample(long, Timeframe("1h")), document=hourly(FREE))
    with pytest.raises(InvalidInput, match=r"models of 'small' are for 5m, 1h bars; give a timeframe"):
        run(storage, ONE)
    assert run(storage, ONE, timeframe="5m").model.reference == "small/universal_v1"
    storage.delete("small/ONE_1h_v1")
    assert run(storage, ONE).model.reference == "small/universal_v1"


def test_timeframes_are_compared_by_their_length() -> None:
    storage, hours = MemoryStorage(), resample(walk("ONE", 1, 0.002, 12_000), Timeframe("1h"))
    train(storage, hours.take(slice(0, 800)), document=hourly(FREE))
    for named in ({}, {"model": "small/ONE_1h_v1"}):
        done = run(storage, hours, timeframe="60m", **named)
        assert done.model.reference == "small/ONE_1h_v1"
        first = iso(done.result.bars.stamps[0])
        assert run(storage, hours, timeframe="60m", start=first, **named).result.bars.stamps[0] == from_iso(first)
    minutes = replace(hours, timeframe=Timeframe("60m"))
    train(storage, minutes.take(slice(0, 800)), document=hourly(FREE, "60m"))
    assert run(storage, hours).model.reference == "small/ONE_1h_v1"


def test_what_contradicts_itself_is_refused() -> None:
    with pytest.raises(InvalidInput, match="prefer chooses among the models of a strategy"):
        BacktestRequest("small", model="small/ONE_5m_v1", prefer="symbol")
    storage = MemoryStorage()
    train(storage, early(ONE))
    for symbol in (None, "ONE"):
        with pytest.raises(InvalidInput, match=r"'small/ONE_5m_v1' is no strategy.*--model"):
            run(storage, ONE, strategy="small/ONE_5m_v1", symbol=symbol)


def test_the_version_itself_is_recorded_not_the_link_that_moves_on(tmp_path: Path) -> None:
    storage = FileSystemStorage(tmp_path / "models")
    train(storage, early(ONE))
    own = tmp_path / "models" / "small" / "ONE_5m_v1"
    moved = tmp_path / "elsewhere"
    names = ["small/ONE_5m_latest", "small/ONE_5m_v1", str(own), str(own.with_name("ONE_5m_latest"))]
    assert [run(storage, ONE, model=name).model.location for name in names] == [str(own)] * 4
    own.parent.rename(moved)
    assert run(storage, ONE, model=str(moved / "ONE_5m_latest")).model.location == str(moved / "ONE_5m_v1")
    assert run(storage, ONE, model=str(moved / "ONE_5m_v1")).model.location == str(moved / "ONE_5m_v1")


def test_what_there_is_of_the_same_strategy_is_listed_first() -> None:
    storage = MemoryStorage()
    other = changed("name", "another", FREE)
    train(storage, early(ONE), document=other)
    train(storage, early(ONE))
    train(storage, early(ONE))
    storage.delete("small/ONE_5m_v2")
    with pytest.raises(ModelNotFound, match=r"no model 'small/ONE_5m_latest' .* there are small/ONE_5m_v1, another/"):
        run(storage, ONE, model="small/ONE_5m_latest")
