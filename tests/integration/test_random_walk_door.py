"""On a random walk no way of writing a file makes a verdict better than its baselines: it is read right, or refused."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dependency_injector import providers
from samples.documents import small
from samples.exports import DATES, MOMENTS, Spelling, clock, epoch, own_midnight
from samples.markets import VENUES, Bar, decimal, times, walk
from samples.sheets import LAYOUTS, Marks, sheet

from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.models.torch.trainer import TorchTrainer
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.application.use_cases.import_bars import ImportRequest
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.errors import KtrdrError
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.entrypoints.container import make_container

NOT_BETTER = ("not_distinguishable", "worse", "too_little_data")
CERTIFIED = ("better", "look_for_a_leak")
VENUE = {venue.symbol: venue for venue in VENUES}
OFFSET, NEW_YORK = "%Y-%m-%d %H:%M:%S%:z", "America/New_York"
SIXTEEN = timedelta(hours=16)

Put = Callable[[list[Bar]], str]
"""Bars to the text of their file."""


def plain(spelling: Spelling) -> Put:
    """Return the writer of a plain CSV file."""
    return lambda bars: sheet(bars, LAYOUTS["plain"], spelling, "", Marks(), ",").written()


def with_a_live_row(bars: list[Bar]) -> str:
    made = sheet(bars, LAYOUTS["plain"], DATES["iso"], "", Marks(), ",")
    made.rows[-1][0] += " 15:10:03"
    return made.written()


def in_two_units(bars: list[Bar]) -> str:
    """Binance without header, milliseconds in the first half, microseconds in the second."""
    made = sheet(bars, LAYOUTS["bare"], epoch("ms"), "", Marks(), ",")
    for row in made.rows[len(bars) // 2 :]:
        row[0] += "000"
    return made.written()


def with_commas(bars: list[Bar]) -> str:
    """Decimal commas between tabs, and zeros at the end left away: 10,5 beside 11,25."""
    made = sheet(bars, LAYOUTS["plain"], DATES["iso"], "", Marks(","), "\t")
    made.rows = [[cell.rstrip("0").rstrip(",") if "," in cell else cell for cell in row] for row in made.rows]
    return made.written()


@dataclass(frozen=True)
class Story:
    """One walk in the files of one or two timeframes, the coarser one or the only one written in a way of its own.

    `called` is the timeframe that the name of a single file says; `moved` how late the coarser bars begin.
    """

    symbol: str
    put: Put
    other: str = ""
    base: str = "1h"
    called: str = ""
    moved: timedelta = timedelta()

    def bars(self) -> dict[str, list[Bar]]:
        venue = VENUE[self.symbol]
        base = walk(times(venue, self.base, 0, 6000), 3, 11, 4, True)
        if not self.other:
            return {self.called or self.base: base}
        return {
            self.base: base,
            self.other: coarser(base, [at + self.moved for at, _ in times(venue, self.other, 0, 6000)]),
        }

    def write(self, folder: Path) -> list[str]:
        """Write the files, and return their timeframes, the base first."""
        if VENUE[self.symbol].entry:
            (folder / "symbols.yaml").write_text(VENUE[self.symbol].entry)
        bars = self.bars()
        for timeframe, made in bars.items():
            plainly = timeframe == self.base and len(bars) == 2
            (folder / f"{self.symbol}_{timeframe}.csv").write_text((plain(MOMENTS["Z"]) if plainly else self.put)(made))
        return list(bars)


def coarser(bars: list[Bar], stamps: list[datetime]) -> list[Bar]:
    """Return one bar for the bars from each stamp on until the next; known when the last of them is."""
    made = []
    for place, run in groupby(bars, lambda bar: bisect_right(stamps, bar.stamp) - 1):
        own = list(run)
        columns = list(zip(*(map(float, bar.texts) for bar in own), strict=True))
        prices = (columns[0][0], max(columns[1]), min(columns[2]), columns[3][-1])
        texts = (*(decimal(round(price * 10**4), 4) for price in prices), str(int(sum(columns[4]))))
        if place >= 0:
            made.append(Bar(stamps[place], own[-1].known, texts))  # type: ignore[arg-type]
    return made


def tokyo(spelling: Spelling, **more: Any) -> Story:
    return Story("7203.T", plain(spelling), **more)


STORIES = {
    "Tokyo's midnights": tokyo(own_midnight(OFFSET, "Asia/Tokyo"), other="1d"),
    "Tokyo's midnights, counted": tokyo(epoch("ms", "Asia/Tokyo"), other="1d"),
    "Tokyo's weeks": tokyo(own_midnight(OFFSET, "Asia/Tokyo"), other="1w", base="1d"),
    "Hong Kong's midnights": Story("0700.HK", plain(own_midnight(OFFSET, "Asia/Hong_Kong")), "1d"),
    "London's midnights": Story("VOD.L", plain(own_midnight(OFFSET, "Europe/London")), "1d"),
    "Paris' midnights": Story("MC.PA", plain(own_midnight(OFFSET, "Europe/Paris")), "1d"),
    "days from 16:00": Story("COIN", plain(MOMENTS["Z"]), "1d", "4h", moved=SIXTEEN),
    "days from 16:00, counted": Story("BTCUSDT", plain(epoch("ms")), "1d", "4h", moved=SIXTEEN),
    "New York by Singapore's midnights": Story("AAA", plain(epoch("s", "Asia/Singapore")), "1d"),
    "a live row": Story("SPY", with_a_live_row, "1d"),
    "a clock that says no zone": Story("SPY", plain(clock("%Y-%m-%d %H:%M:%S", NEW_YORK)), "4h"),
    "decimal commas": Story("AAA", with_commas, base="1d"),
    "milliseconds, then microseconds": Story("COIN", in_two_units),
    "five minutes called an hour": Story("COIN", plain(MOMENTS["Z"]), base="5m", called="1h"),
}
REFUSED = (
    "New York by Singapore's midnights",
    "a live row",
    "a clock that says no zone",
    "five minutes called an hour",
)


def document(symbol: str, base: str, *others: str) -> dict[str, Any]:
    """The last change of every timeframe, and whether prices are higher soon after."""
    written = small()
    frames = {"mode": "multi_timeframe", "list": [base, *others], "base_timeframe": base, "source": "native"}
    written["training_data"] = {"symbols": symbol, "timeframes": frames if others else base, "history_required": 50}
    written["indicators"] = {"change": {"type": "roc", "period": 1}}
    written["fuzzy_sets"] = {"change": {"indicator": "change", "down": [-5, -1, 0], "up": [0, 1, 5]}}
    raw = {"raw_indicator": "change", "normalization": "zscore", "timeframes": "all"}
    written["nn_inputs"] = [{"fuzzy_set": "change", "timeframes": "all"}, raw]
    labels = {"source": "direction", "horizon": 2 if others else 1, "neutral_band": 0.0}
    split = {"train": 0.5, "validation": 0.1, "test": 0.4}
    training = {"labels": labels, "data_split": split, "epochs": 15, "batch_size": 64, "learning_rate": 0.01, "seed": 1}
    return written | {"training": training}


def verdict(data: DataRepository, *what: str) -> str:
    container = make_container()
    container.data_repository.override(providers.Object(data))
    container.model_trainer.override(providers.Factory(TorchTrainer, "cpu"))
    container.model_storage.override(providers.Object(MemoryStorage()))
    request = TrainingRequest(parse(document(*what)), importance=False)
    result = container.training_orchestrator().execute(request)
    assert not result.failures, result.failures
    return str(result.models[0].report["verdict"]["outcome"])


def opened(folder: Path, door: str) -> DataRepository:
    """Return the bars of a folder as they are, or imported into another."""
    if door == "straight":
        return make_container(data_dir=folder).data_repository()
    kept = folder / "kept"
    kept.mkdir()
    for catalogue in folder.glob("symbols.yaml"):
        (kept / catalogue.name).write_text(catalogue.read_text())
    container = make_container(data_dir=kept)
    for path in sorted(folder.glob("*.csv")):
        container.import_bars().execute(ImportRequest(path))
    return make_container(data_dir=kept).data_repository()


@pytest.mark.parametrize("door", ["straight", "import"])
@pytest.mark.parametrize("name", STORIES)
def test_a_walk_is_no_better_for_the_way_it_is_written(name: str, door: str, tmp_path: Path) -> None:
    story = STORIES[name]
    timeframes = story.write(tmp_path)
    try:
        found = verdict(opened(tmp_path, door), story.symbol, *timeframes)
    except KtrdrError as error:
        found = f"refused: {error}"
    assert found in NOT_BETTER or (name in REFUSED and found.startswith("refused"))


@pytest.mark.parametrize("hours", [0, 9])
def test_a_close_that_is_known_early_would_be_found(hours: int) -> None:
    """The stories can end badly: the same walk whose days are known nine hours early is certified."""
    bars = []
    for timeframe, made in STORIES["Tokyo's midnights"].bars().items():
        values = np.array([[float(text) for text in bar.texts] for bar in made]).T.copy()
        stamps, known = (np.array([int(at.timestamp()) * 10**9 for at in moments]) for moments in _moments(made))
        early = hours * 3600 * 10**9 if timeframe == "1d" else 0
        bars.append(Bars("7203.T", Timeframe(timeframe), stamps, *values, known_at=known - early))
    assert verdict(MemoryRepository(bars), "7203.T", "1h", "1d") in (CERTIFIED if hours else NOT_BETTER)


def _moments(bars: list[Bar]) -> tuple[list[datetime], list[datetime]]:
    return [bar.stamp for bar in bars], [bar.known for bar in bars]
