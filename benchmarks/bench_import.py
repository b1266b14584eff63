"""Importing a million rows of CSV against pyarrow's reader alone, its memory, and listing ten thousand files."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pyarrow.csv as arrow_csv
import pytest

from ktrdr.adapters.data.simulation import simulate
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.domain.market.timeframe import Timeframe

ROWS, ROUNDS, FILES = 1_000_000, 5, 10_000
IMPORT = """
import json, resource, sys, time
from pathlib import Path
import pyarrow.compute, pyarrow.csv, pyarrow.parquet
from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
ImportBars(FileReader(), ParquetStore(Path(sys.argv[2])), time.time_ns).execute(ImportRequest(Path(sys.argv[1])))
seconds = time.perf_counter() - start
print(json.dumps([seconds, 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)]))
"""


@pytest.fixture(scope="module")
def csv(tmp_path_factory):
    path = tmp_path_factory.mktemp("csv") / "SIM_STOCK_5m.csv"
    simulate("SIM_STOCK", Timeframe("5m"), ROWS, seed=1).to_frame().to_csv(path, index=False)
    return path


def clocked(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def test_import(csv, tmp_path, benchmark):
    ratios, memory = [], []
    for number in range(ROUNDS):
        theirs = clocked(lambda: arrow_csv.read_csv(csv, arrow_csv.ReadOptions(use_threads=False)))
        command = [sys.executable, "-c", IMPORT, csv, tmp_path / str(number)]
        ours, grown = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
        ratios.append(theirs / ours)
        memory.append(grown / csv.stat().st_size)
    print(
        f"\nimport of {ROWS:,} rows: {np.median(ratios):.2f}x the speed of pyarrow's reader on one thread "
        f"({min(ratios):.2f} to {max(ratios):.2f}), memory {max(memory):.1f} times the file"
    )
    benchmark.pedantic(lambda: None, rounds=1)


def test_list(tmp_path, benchmark):
    bars = simulate("SIM_STOCK", Timeframe("1h"), 60, seed=1)
    ParquetStore(tmp_path).save(bars)
    content = (tmp_path / "SIM_STOCK_1h.parquet").read_bytes()
    for number in range(FILES):
        (tmp_path / f"S{number}_1h.parquet").write_bytes(content)
    command = [Path(sys.executable).with_name("ktrdr"), "data", "list", "--data-dir", tmp_path]
    seconds = [clocked(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(ROUNDS)]
    print(f"\ndata list of {FILES:,} files: {np.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})")
    benchmark.pedantic(lambda: None, rounds=1)
