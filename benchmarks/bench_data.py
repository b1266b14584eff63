"""Loading, resampling and simulating a million bars: time, and the ratio to pandas doing the same, in one run."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

ROWS, ROUNDS = 1_000_000, 5
FIVE = Timeframe("5m")
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}


@pytest.fixture(scope="module")
def bars():
    return simulate("SIM_STOCK", FIVE, ROWS, seed=1)


@pytest.fixture(scope="module")
def folder(bars, tmp_path_factory):
    place = tmp_path_factory.mktemp("bars")
    ParquetStore(place).save(bars)
    bars.to_frame().to_csv(place / "SIM_STOCK_5m.csv", index=False)
    return place


def clocked(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def report(name, ours, theirs):
    """Print our median time and the median ratio of interleaved rounds."""
    seconds, ratios = [], []
    for _ in range(ROUNDS):
        seconds.append(clocked(ours))
        ratios.append(clocked(theirs) / seconds[-1])
    print(
        f"\n{name}: {np.median(seconds):.3f} s for {ROWS:,} bars, {np.median(ratios):.2f}x pandas' speed "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


@pytest.mark.parametrize(("target", "rule"), [("1h", "h"), ("1d", "D")])
def test_resample(bars, benchmark, target, rule):
    local = bars.to_frame()
    local.index = pd.DatetimeIndex(local.pop("timestamp")).tz_convert("America/New_York").tz_localize(None)

    def by_pandas():
        return local.groupby(local.index.floor(rule)).agg(HOW)

    ours, theirs = resample(bars, Timeframe(target)), by_pandas()
    assert np.array_equal(ours.close, theirs["close"][: len(ours)])
    report(f"5m to {target}", lambda: resample(bars, Timeframe(target)), by_pandas)
    benchmark.pedantic(lambda: resample(bars, Timeframe(target)), rounds=1)


def test_load_parquet_with_gate_and_sessions(folder, benchmark):
    repository = repository_of("folder", folder)
    repository.load("SIM_STOCK", FIVE)
    path = folder / "SIM_STOCK_5m.parquet"
    report("parquet", lambda: repository.load("SIM_STOCK", FIVE), lambda: pd.read_parquet(path))
    benchmark.pedantic(lambda: repository.load("SIM_STOCK", FIVE), rounds=1)


def test_load_csv_with_gate_and_sessions(folder, benchmark):
    repository = repository_of("folder", folder)
    repository.load("SIM_STOCK", FIVE)
    path = folder / "SIM_STOCK_5m.csv"
    report("csv", lambda: repository.load("SIM_STOCK", FIVE), lambda: pd.read_csv(path, parse_dates=["timestamp"]))
    benchmark.pedantic(lambda: repository.load("SIM_STOCK", FIVE), rounds=1)


def test_simulated_five_minutes(benchmark):
    repository_of("simulated").load("SIM_STOCK", FIVE)
    seconds = [clocked(lambda: repository_of("simulated").load("SIM_STOCK", FIVE)) for _ in range(ROUNDS)]
    print(f"\nsimulated 20,000 bars of 5m: {np.median(seconds):.3f} s")
    benchmark.pedantic(lambda: repository_of("simulated").load("SIM_STOCK", FIVE), rounds=1)
