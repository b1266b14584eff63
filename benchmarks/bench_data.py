"""Loading, resampling and simulating a million bars: time, and the ratio to pandas doing the same, in one run."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from pyarrow import csv as arrow_csv

from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
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
    return place


def shouted(frame):
    """Return a frame with thousands marks and currency signs, as some web pages export it."""
    prices = {name: ("$" + (frame[name] * 30).map("{:,.2f}".format)) for name in ("open", "high", "low", "close")}
    return frame.assign(**prices, volume=frame["volume"].map("{:,.0f}".format))


SPELLINGS = {
    "plain": lambda frame, path: frame.to_csv(path, index=False),
    "decimal commas": lambda frame, path: frame.to_csv(path, index=False, sep=";", decimal=","),
    "thousands and currencies": lambda frame, path: shouted(frame).to_csv(path, index=False),
}


@pytest.fixture(scope="module", params=SPELLINGS)
def written(request, bars, tmp_path_factory):
    path = tmp_path_factory.mktemp("written") / "SIM_STOCK_5m.csv"
    SPELLINGS[request.param](bars.to_frame(), path)
    return request.param, path


def clocked(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def processor(function):
    """Return the processor time of all threads, which says more than a clock on a machine that others use too."""
    start = time.process_time()
    function()
    return time.process_time() - start


def report(name, ours, theirs, whose="pandas", clock=clocked):
    """Print our median time and the median ratio of interleaved rounds."""
    seconds, ratios = [], []
    for _ in range(ROUNDS):
        seconds.append(clock(ours))
        ratios.append(clock(theirs) / seconds[-1])
    print(
        f"\n{name}: {np.median(seconds):.3f} s for {ROWS:,} bars, {np.median(ratios):.2f}x the speed of {whose} "
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

    def bare():
        return [column.to_numpy() for column in pq.read_table(path).columns]

    report("parquet", lambda: repository.load("SIM_STOCK", FIVE), bare, "pyarrow, to arrays of numpy", processor)
    report("parquet", lambda: repository.load("SIM_STOCK", FIVE), lambda: pd.read_parquet(path), clock=processor)
    benchmark.pedantic(lambda: repository.load("SIM_STOCK", FIVE), rounds=1)


def test_read_csv_with_gate(written, benchmark):
    spelling, path = written
    alone = arrow_csv.ReadOptions(use_threads=False)
    mark = arrow_csv.ParseOptions(delimiter=";" if spelling == "decimal commas" else ",")
    theirs = "pyarrow's reader alone on one thread"

    def bare():
        return arrow_csv.read_csv(path, alone, mark)

    report(f"csv, {spelling}", lambda: FileReader().read(path), bare, theirs, processor)
    report(f"import, {spelling}", lambda: import_anew(path), bare, theirs, processor)
    told = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True).stdout
    print(f"csv, {spelling}: at its peak {int(told) / path.stat().st_size:.1f}x the memory of the file")
    benchmark.pedantic(lambda: FileReader().read(path), rounds=1)


def import_anew(path):
    """Read, check, judge and keep, as ``data import`` does, but for the start of a process."""
    with TemporaryDirectory() as place:
        reader, store = FileReader(Path(place)), ParquetStore(Path(place))
        ImportBars(reader, store, time.time_ns).execute(ImportRequest(path))


PEAK = """
import re, sys
from pathlib import Path
from ktrdr.adapters.data.files import FileReader
import pyarrow.csv, pyarrow.compute
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) * 1024
before = peak()
FileReader().read(Path(sys.argv[1]))
print(peak() - before)
"""


def test_simulated_five_minutes(benchmark):
    repository_of("simulated").load("SIM_STOCK", FIVE)
    seconds = [clocked(lambda: repository_of("simulated").load("SIM_STOCK", FIVE)) for _ in range(ROUNDS)]
    print(f"\nsimulated 20,000 bars of 5m: {np.median(seconds):.3f} s")
    benchmark.pedantic(lambda: repository_of("simulated").load("SIM_STOCK", FIVE), rounds=1)
