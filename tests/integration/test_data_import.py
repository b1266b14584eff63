"""``ktrdr data import``: what it says of files before it keeps them, the question, and series that grow."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shutil import rmtree

import numpy as np
import pytest
from samples.command_line import Command

from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.adapters.files.holding import holding
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import from_iso
from ktrdr.domain.market.timeframe import Timeframe

DAY = Timeframe("1d")
HEADER = "time,open,high,low,close,volume\n"
JANUARY = "".join(f"2024-01-{day:02},{day},{day},{day},{day},1\n" for day in (2, 3, 4, 5, 8, 9, 10))


@pytest.fixture
def data(ktrdr: Command) -> Command:
    return partial(ktrdr, "data")


@pytest.fixture
def take(data: Command, tmp_path: Path) -> Command:
    """Import rows of daily bars of A into the folder ``kept``."""

    def command(rows: str, *options: str) -> object:
        (tmp_path / "A_1d.csv").write_text(HEADER + rows)
        return data("import", "A_1d.csv", "--out", "kept", *options)

    return command


def closes(folder: Path) -> list[float]:
    return repository_of("folder", folder / "kept").load("A", DAY).close.tolist()


def test_what_is_understood_stands_on_stderr_and_what_is_kept_on_stdout(take: Command) -> None:
    outcome = take(JANUARY)
    said = outcome.stderr.splitlines()
    assert said[0] == "A_1d.csv: A 1d"
    for line in (
        "venue  stock, exchange XNYS, calendar XNYS (America/New_York), guessed",
        "bars   7, 2024-01-02T00:00:00Z to 2024-01-10T00:00:00Z",
        "known  the first at 2024-01-02T21:00:00Z, the last at 2024-01-10T21:00:00Z",
        "kept   as a new series",
    ):
        assert any(line.split() == found.split() for found in said), line
    shown = [line.split()[0] for line in said if line.startswith("2024")]
    assert [stamp[8:10] for stamp in shown] == ["02", "03", "04", "08", "09", "10"]
    assert outcome.stdout.splitlines()[1].split()[:3] == ["A", "1d", "7"]


def test_the_same_as_json(take: Command) -> None:
    (one,) = take(JANUARY, "--json").json["understood"]
    assert (one["symbol"], one["timeframe"], one["rows"], one["source"]) == ("A", "1d", 7, "A_1d.csv")
    assert (one["effect"], one["growth"], one["venue"]["calendar"]) == ("new", None, "XNYS")
    assert [bar["close"] for bar in (*one["first_bars"], *one["last_bars"])] == [2, 3, 4, 8, 9, 10]
    assert one["last_bars"][-1]["known_at"] == "2024-01-10T21:00:00Z"


@pytest.mark.parametrize(("rows", "first", "last"), [(1, [2], []), (4, [2, 3, 4], [5]), (5, [2, 3, 4], [5, 8])])
def test_a_short_file_shows_no_bar_twice(rows: int, first: list[float], last: list[float], take: Command) -> None:
    (one,) = take("".join(JANUARY.splitlines(True)[:rows]), "--json").json["understood"]
    assert [[bar["close"] for bar in one[name]] for name in ("first_bars", "last_bars")] == [first, last]


def test_of_several_files_each_has_a_line_and_what_they_share_is_said_once(data: Command, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    for symbol in "AB":
        (tmp_path / "given" / f"{symbol}_1d.csv").write_text(HEADER + JANUARY)
    (tmp_path / "given" / "C_1d.csv").write_text(HEADER.replace(",", ";") + JANUARY.replace(",", ";"))
    said = data("import", "given", "--out", "kept").stderr.splitlines()
    places = [said.index("2 series, read alike"), said.index("C_1d.csv: C 1d")]
    lines = [next(row for row, line in enumerate(said) if line.startswith(f"{name}_1d.csv  {name} ")) for name in "ABC"]
    assert places[0] < lines[0] < lines[1] < places[1] < lines[2]
    assert said[lines[0]].split() == [
        *("A_1d.csv", "A", "1d", "7", "2024-01-02T00:00:00Z", "2024-01-10T00:00:00Z", "2024-01-10T21:00:00Z", "new"),
    ]
    assert sum("its venue is guessed" in line for line in said) == 1
    assert any(line.startswith("note: A_1d.csv and 1 more: its venue is guessed") for line in said)


def test_a_folder_is_imported_into_itself_again_and_again(data: Command, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    (folder / "A_1d.csv").write_text(HEADER + "".join(JANUARY.splitlines(True)[:3]))
    for rows, options in ((3, ()), (3, ()), (7, ("--append",))):
        (folder / "A_1d.csv").write_text(HEADER + "".join(JANUARY.splitlines(True)[:rows]))
        assert data("import", folder, "--out", folder, *options).code == 0
        assert len(repository_of("folder", folder).load("A", DAY)) == rows


def test_what_symbols_yaml_beside_a_file_says_counts_and_is_kept(data: Command, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "A_1d.csv").write_text(HEADER + JANUARY)
    (tmp_path / "given" / "symbols.yaml").write_text(
        "A: {asset_class: stock, exchange: XTKS, calendar: XTKS, time_zone: Asia/Tokyo, tick_size: 0.5}\n"
    )
    (tmp_path / "given" / "A_1d.csv").write_text(HEADER + "2024-01-04,1,1,1,1,1\n2024-01-05,1,1,1,1,1\n")
    outcome = data("import", "given/A_1d.csv", "--out", "kept")
    assert "note: A_1d.csv: what symbols.yaml beside it says of its symbol is kept too" in outcome.stderr
    repository = repository_of("folder", tmp_path / "kept")
    assert repository.load("A", DAY).known_at[0] == from_iso("2024-01-04T06:00:00Z")
    assert repository.characteristics("A").tick_size == 0.5
    (tmp_path / "given" / "symbols.yaml").write_text("A: {\n")
    assert data("import", "given/A_1d.csv", "--out", "kept").code == 0, "what is said where bars are kept comes first"


def test_the_zone_of_clock_times_is_that_of_symbols_yaml_or_as_stated(data: Command, tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "symbols.yaml").write_text(
        "A: {asset_class: stock, exchange: XNYS, calendar: XNYS, time_zone: America/New_York, "
        "stamp_zone: Europe/Athens}\n"
    )
    rows = "".join(f"2024-01-03 {hour}:00,1,1,1,1,1\n" for hour in (17, 18, 19))
    (tmp_path / "A_1h.csv").write_text(HEADER + rows)
    for options, first in (((), "15:00"), (("--time-zone", "Europe/Paris", "--replace"), "16:00")):
        (one,) = data("import", "A_1h.csv", "--out", "kept", *options, "--json").json["understood"]
        assert one["first"] == f"2024-01-03T{first}:00Z"
        assert one["reading"]["zone_from"] == "stated"
    (tmp_path / "kept" / "A_1h.parquet").unlink()
    (tmp_path / "kept" / "A_1h.csv").write_text(HEADER + rows)
    bars = repository_of("folder", tmp_path / "kept").load("A", Timeframe("1h"))
    assert bars.stamps[0] == from_iso("2024-01-03T15:00:00Z")


def answered(answer: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run an import on a terminal where somebody types."""
    (folder / "A_1d.csv").write_text(HEADER + JANUARY)
    ours, theirs = pty.openpty()
    os.write(ours, answer.encode())
    command = [str(Path(sys.executable).with_name("ktrdr")), "data", "import", "A_1d.csv", "--out", "kept"]
    done = subprocess.run(
        command, cwd=folder, stdin=theirs, stderr=theirs, stdout=subprocess.PIPE, text=True, check=False
    )
    os.close(theirs)
    os.close(ours)
    return done


def test_on_a_terminal_it_asks(tmp_path: Path) -> None:
    done = answered("n\n", tmp_path)
    assert (done.returncode, done.stdout.strip()) == (130, "")
    assert not (tmp_path / "kept").exists()
    assert answered("y\n", tmp_path).returncode == 0
    assert closes(tmp_path) == [2, 3, 4, 5, 8, 9, 10]
    assert answered("", tmp_path).returncode == 0, "there is nothing to ask about"


def test_a_series_grows_at_its_end_and_at_its_beginning(take: Command, tmp_path: Path) -> None:
    rows = JANUARY.splitlines(True)
    take("".join(rows[2:4]), "--append")
    outcome = take("".join(rows[3:]), "--append")
    assert "adds 3 after the 2 that are there; 1 is there already, with equal values" in outcome.stderr
    assert closes(tmp_path) == [4, 5, 8, 9, 10]
    (one,) = take("".join(rows[:3]), "--append", "--json").json["understood"]
    assert one["effect"] == "grown"
    assert (one["growth"]["before"], one["growth"]["after"], one["growth"]["overlap"]) == (2, 0, 1)
    assert closes(tmp_path) == [2, 3, 4, 5, 8, 9, 10]


def test_a_file_that_brings_nothing_new_says_so_and_touches_nothing(take: Command, tmp_path: Path) -> None:
    take(JANUARY)
    before = (tmp_path / "kept" / "A_1d.parquet").stat()
    outcome = take("".join(JANUARY.splitlines(True)[1:3]), "--append")
    assert "nothing changes: all 2 bars are among the 7 that are there already" in outcome.stderr
    assert outcome.stdout.splitlines()[1].split()[:3] == ["A", "1d", "7"]
    after = (tmp_path / "kept" / "A_1d.parquet").stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_history_that_is_told_otherwise_is_refused_and_taken_only_when_asked(take: Command, tmp_path: Path) -> None:
    take(JANUARY)
    before = (tmp_path / "kept" / "A_1d.parquet").read_bytes()
    other = "2024-01-09,9,9.9,9,9,1\n2024-01-10,10,10,10,10,1\n2024-01-11,11,11,11,11,1\n"
    outcome = take(other, "--append")
    assert outcome.code == 4
    assert (
        "1 bar has other values, first 2024-01-09T00:00:00Z; the largest difference is in high at 2024-01-09T00:00:00Z:"
        " 9 is kept, 9.9 given (0.9, 10.000%); nothing is kept"
    ) in outcome.stderr
    assert (tmp_path / "kept" / "A_1d.parquet").read_bytes() == before
    outcome = take(other, "--append", "--replace")
    assert outcome.code == 0
    assert "history is overwritten: 1 bar has other values" in outcome.stderr
    bars = repository_of("folder", tmp_path / "kept").load("A", DAY)
    assert (bars.close.tolist(), bars.high.max()) == ([2, 3, 4, 5, 8, 9, 10, 11], 11)
    assert bars.high[5] == 9.9


def test_sessions_between_what_is_kept_and_what_comes_are_said(take: Command) -> None:
    take(JANUARY)
    outcome = take("2024-01-16,1,1,1,1,1\n", "--append")
    assert "between them 2 sessions are missing" in outcome.stderr, "the 11th and 12th; the 15th is a holiday"


def test_importing_the_same_again_changes_nothing(take: Command, tmp_path: Path) -> None:
    take(JANUARY)
    before = (tmp_path / "kept" / "A_1d.parquet").read_bytes()
    outcome = take(JANUARY)
    assert "nothing changes: these bars are there already" in outcome.stderr
    assert (tmp_path / "kept" / "A_1d.parquet").read_bytes() == before
    assert "in place of the bars that are there" in take(JANUARY.replace("2,2,2,2", "2,2,2,2.0"), "--replace").stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tim=t", "--columns: 'tim' is no role; did you mean 'time'?"),
        ("time=t,open", "--columns: 'open' is not ROLE=NAME"),
        ("time=", "--columns: 'time=' is not ROLE=NAME"),
        ("time=a,time=b", "--columns: time is named twice, 'a' and 'b'"),
    ],
)
def test_columns_are_named_by_role(text: str, message: str, take: Command, tmp_path: Path) -> None:
    outcome = take(JANUARY, "--columns", text)
    assert (outcome.code, outcome.stdout) == (2, "")
    assert message in outcome.stderr
    assert not (tmp_path / "kept").exists()


def test_every_column_of_a_kept_bar_grows(take: Command, tmp_path: Path) -> None:
    take("2024-01-02,1,2,0.5,1.5,7\n")
    take("2024-01-03,3,4,2.5,3.5,9\n", "--append")
    bars = repository_of("folder", tmp_path / "kept").load("A", DAY)
    table = np.column_stack([bars.open, bars.high, bars.low, bars.close, bars.volume])
    assert table.tolist() == [[1, 2, 0.5, 1.5, 7], [3, 4, 2.5, 3.5, 9]]


def test_nothing_is_lost_where_several_add_at_once(tmp_path: Path) -> None:
    """Each adds a beginning of one history; whoever is last, all of it is there."""
    days = JANUARY.splitlines(True)
    for count in range(1, len(days) + 1):
        (tmp_path / str(count)).mkdir()
        (tmp_path / str(count) / "A_1d.csv").write_text(HEADER + "".join(days[:count]))

    def add(count: int) -> None:
        store = ParquetStore(tmp_path / "kept")
        ImportBars(FileReader(), store, time.time_ns).execute(ImportRequest(tmp_path / str(count), append=True))

    for _ in range(4):
        with ThreadPoolExecutor(4) as adders:
            list(adders.map(add, [7, 3, 5, 1, 6, 2, 4]))
        assert closes(tmp_path) == [2, 3, 4, 5, 8, 9, 10]
        rmtree(tmp_path / "kept")


def test_what_appears_while_others_look_is_held_before_it_is_added_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    days = JANUARY.splitlines(True)
    for name, lines in (("all", days), ("some", days[:3])):
        (tmp_path / name).mkdir()
        (tmp_path / name / "A_1d.csv").write_text(HEADER + "".join(lines))
    held: list[bool] = []

    def add(name: str) -> None:
        importing = ImportBars(FileReader(), ParquetStore(tmp_path / "kept"), time.time_ns)
        importing.execute(ImportRequest(tmp_path / name, append=True))

    @contextmanager
    def slow(path: Path) -> Iterator[bool]:
        with holding(path) as there:
            held.append(there)
            if len(held) == 1:
                add("all")
            yield there

    monkeypatch.setattr("ktrdr.adapters.data.store.holding", slow)
    add("some")
    assert held == [False, False, True]
    assert closes(tmp_path) == [2, 3, 4, 5, 8, 9, 10]


def test_a_file_of_several_symbols_gives_each_its_series(data: Command, tmp_path: Path) -> None:
    rows = "".join(f"2024-01-{day:02},{name},{day},{day},{day},{day},1\n" for day in (2, 3) for name in ("A", "B"))
    (tmp_path / "all.csv").write_text("date,symbol,open,high,low,close,volume\n" + rows)
    outcome = data("import", "all.csv", "--timeframe", "1d", "--out", "kept", "--json")
    assert [(one["symbol"], one["rows"]) for one in outcome.json["understood"]] == [("A", 2), ("B", 2)]
    (tmp_path / "all.csv").rename(tmp_path / "B_1d.csv")
    bars = repository_of("folder", tmp_path).load("B", DAY)
    assert (bars.symbol, bars.close.tolist()) == ("B", [2, 3])
    (tmp_path / "B_1d.csv").rename(tmp_path / "C_1d.csv")
    with pytest.raises(InvalidInput, match=r"C_1d\.csv: holds 2 symbols"):
        repository_of("folder", tmp_path).load("C", DAY)


def test_a_file_from_new_to_old_says_so_and_is_kept_from_old_to_new(take: Command, tmp_path: Path) -> None:
    outcome = take("".join(reversed(JANUARY.splitlines(True))), "--json")
    assert outcome.json["understood"][0]["reading"]["newest_first"] is True
    assert "from new to old" in outcome.stderr
    assert closes(tmp_path) == [2, 3, 4, 5, 8, 9, 10]
    assert take(JANUARY, "--replace", "--json").json["understood"][0]["reading"]["newest_first"] is False


def test_what_is_added_trades_where_what_is_kept_does(take: Command, tmp_path: Path) -> None:
    """Two weekdays alone would be taken for those of a stock, and their moments for dates of its sessions."""
    rows = [f"2024-01-{day:02} 16:00,{day},{day},{day},{day},1\n" for day in range(1, 25)]
    take("".join(rows[:20]))
    outcome = take("".join(rows[21:23]), "--append")
    assert outcome.code == 0, outcome.stderr
    assert "calendar 24/7" in outcome.stderr
    assert "between them 1 session is missing" in outcome.stderr
    bars = repository_of("folder", tmp_path / "kept").load("A", DAY)
    assert bars.stamps[-2:].tolist() == [from_iso(f"2024-01-{day}T16:00:00Z") for day in (22, 23)]
    assert bars.known_at[-1] == from_iso("2024-01-24T16:00:00Z")


def test_every_file_of_a_folder_that_is_refused_is_named_at_once(data: Command, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    header = "Date,Open,High,Low,Close,Volume\n"
    (tmp_path / "from/AAA_1d.csv").write_text(f"{header}2024-01-02,10,11,9,x,100\n")
    (tmp_path / "from/BBB_1d.csv").write_text(f"{header}2024-01-02,10,11,9,10,100\n")
    (tmp_path / "from/CCC.csv").write_text(f"{header}2024-01-02,10,11,9,10,100\n")
    outcome = data("import", "from", "--out", "kept", "--yes")
    assert outcome.code == 2
    told = outcome.stderr.splitlines()
    assert told[0] == "error: AAA_1d.csv: row 0: close 'x' is not a number"
    assert told[1].startswith("error: CCC.csv: its name is not SYMBOL_TIMEFRAME")
    assert not (tmp_path / "kept").exists()
