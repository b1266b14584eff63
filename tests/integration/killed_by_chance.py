"""Kills imports at random moments, and looks at what is left: ``python killed_by_chance.py FOLDER KILLS SEED OPTION``.

Each import runs in a child of its own, forked once everything is loaded, so that a kill falls into its work.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
from ktrdr.domain.market.timeframe import Timeframe

SYMBOLS = ("AAA", "BBB", "CCC")
OLD, NEW = (1, 2, 3, 4, 7, 8), (7, 8, 9, 10, 11, 14)
"""Days of October 2024."""
DAY = Timeframe("1d")


def write(folder: Path, days: tuple[int, ...], level: int) -> None:
    """Write a file of each symbol."""
    folder.mkdir()
    for symbol in SYMBOLS:
        rows = "".join(f"2024-10-{day:02},{level},{level},{level},{level},{day}\n" for day in days)
        (folder / f"{symbol}_1d.csv").write_text(f"time,open,high,low,close,volume\n{rows}")


def bring(folder: Path, name: str, **options: bool) -> None:
    ImportBars(FileReader(), ParquetStore(folder / "kept"), time.time_ns).execute(
        ImportRequest(folder / name, **options)
    )


def state_of(folder: Path, symbol: str) -> list[tuple[float, float]]:
    bars = repository_of("folder", folder / "kept").load(symbol, DAY)
    return list(zip(bars.close.tolist(), bars.volume.tolist(), strict=True))


def in_child(act: Callable[[], object], after: float | None = None) -> int:
    """Run something in a child, and kill it after some seconds, if given; return how it ended."""
    child = os.fork()
    if not child:
        try:
            act()
        except BaseException as error:
            sys.stderr.write(repr(error))
            sys.stderr.flush()
            os._exit(1)
        os._exit(0)
    if after is not None:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def main(folder: Path, kills: int, seed: int, option: str) -> None:
    """Kill so many imports in their work, and print how many tries that took; end with an error if anything is lost."""
    append, random = option == "append", Random(seed)
    level = 1 if append else 2
    write(folder / "old", OLD, 1)
    write(folder / "new", NEW, level)
    assert in_child(lambda: bring(folder, "old")) == 0
    shutil.copytree(folder / "kept", folder / "template")
    before = [(1.0, float(day)) for day in OLD]
    after = [(level, float(day)) for day in (sorted({*OLD, *NEW}) if append else NEW)]

    def run() -> None:
        bring(folder, "new", **{option: True})

    def look(*allowed: list[tuple[float, float]]) -> None:
        for symbol in SYMBOLS:
            found = state_of(folder, symbol)
            assert found in allowed, (symbol, found)

    started = time.perf_counter()
    assert in_child(run) == 0
    lasts, killed, tries = time.perf_counter() - started, 0, 0
    while killed < kills:
        tries += 1
        shutil.rmtree(folder / "kept")
        shutil.copytree(folder / "template", folder / "kept")
        killed += in_child(run, random.uniform(0, lasts)) == -signal.SIGKILL
        assert in_child(lambda: look(before, after)) == 0
        assert in_child(run) == 0
        assert in_child(lambda: look(after)) == 0
        assert {path.name for path in (folder / "kept").iterdir()} == {f"{symbol}_1d.parquet" for symbol in SYMBOLS}
    sys.stdout.write(str(tries))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
