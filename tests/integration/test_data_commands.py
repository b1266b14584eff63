"""``ktrdr data``: what it prints, what it writes, and how it ends."""

from __future__ import annotations

import errno
import os
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from shutil import rmtree
from threading import Barrier

import numpy as np
import pytest
from samples.command_line import Command

from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.application.ports.bar_store import Planned
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
from ktrdr.domain.errors import Conflict
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.timeframe import Timeframe

HOUR = Timeframe("1h")
CSV = "time,open,high,low,close,volume\n2024-07-02 13:00,1,2,1,1.5,10\n2024-07-02 14:00,1.5,4,1.5,3,10\n"


@pytest.fixture
def data(ktrdr: Command) -> Command:
    return partial(ktrdr, "data")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    close = np.array([10.0, 11.0, 5.0])
    stamps = from_iso("2024-07-02T13:00:00Z") + HOUR.ns * np.arange(3)
    place = tmp_path / "bars"
    ParquetStore(place).save(Bars("AAPL", HOUR, stamps, close, close + 1, close - 1, close, close))
    return place


def test_list_gives_every_series(data: Command, folder: Path) -> None:
    row = {
        "symbol": "AAPL",
        "timeframe": "1h",
        "rows": 3,
        "first": "2024-07-02T13:00:00Z",
        "last": "2024-07-02T15:00:00Z",
        "source": "AAPL_1h.parquet",
    }
    assert data("list", "--data-dir", folder, "--json").json == {"series": [row], "not_taken": []}
    assert data("list", "--data-dir", folder).stdout.splitlines()[1].split() == [str(value) for value in row.values()]


def test_list_without_a_folder_gives_the_embedded_bars(data: Command) -> None:
    found = {(row["symbol"], row["timeframe"]): row["rows"] for row in data("list", "--json").json["series"]}
    assert found["^GSPC", "1d"] == 5031
    assert found["AAPL", "1d"] == 3270
    assert found["EURUSD", "1h"] == 6225
    assert found["SIM_STOCK", "5m"] > 20_000


def test_show_gives_span_facts_warnings_and_last_bars(data: Command, folder: Path) -> None:
    shown = data("show", "AAPL", "1h", "--data-dir", folder, "--last", 1, "--json").json
    assert (shown["symbol"], shown["timeframe"], shown["rows"]) == ("AAPL", "1h", 3)
    assert shown["characteristics"]["calendar"] == "XNYS"
    assert len(shown["characteristics"]["inferred"]) == 1
    assert shown["warnings"][0].startswith("1 of 3 bars moves by more than half")
    assert shown["bars"] == [
        {
            "timestamp": "2024-07-02T15:00:00Z",
            "known_at": "2024-07-02T16:00:00Z",
            "open": 5.0,
            "high": 6.0,
            "low": 4.0,
            "close": 5.0,
            "volume": 5.0,
        }
    ]
    text = data("show", "AAPL", "1h", "--data-dir", folder).stdout
    assert "AAPL 1h: 3 bars, 2024-07-02T13:00:00Z to 2024-07-02T15:00:00Z, from AAPL_1h.parquet" in text
    assert "note: AAPL is taken for stock" in text
    assert len(text.split("\n\n")[1].splitlines()) == 4


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (("show", "AAPLE", "1h"), 3, "no bars of AAPLE; did you mean 'AAPL'? there is AAPL"),
        (("show", "AAPL", "5m"), 3, "no 5m bars of AAPL; there is 1h (3 bars"),
        (("show", "AAPL", "hourly"), 2, "timeframe 'hourly' is not known"),
        (("list", "--data-dir", "nowhere"), 3, "nowhere: no such folder"),
    ],
)
def test_what_is_not_there_is_said(
    arguments: tuple[str, ...], code: int, message: str, data: Command, folder: Path
) -> None:
    arguments = arguments if "--data-dir" in arguments else (*arguments, "--data-dir", str(folder))
    outcome = data(*arguments)
    assert (outcome.code, outcome.stdout) == (code, "")
    assert message in outcome.stderr
    assert "Traceback" not in outcome.stderr


def test_import_keeps_a_checked_parquet_file(data: Command, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(CSV)
    outcome = data("import", "export.csv", "--symbol", "MSFT", "--timeframe", "1h", "--out", "kept", "--json")
    assert outcome.code == 0
    assert [(row["symbol"], row["rows"], row["source"]) for row in outcome.json["series"]] == [
        ("MSFT", 2, "MSFT_1h.parquet")
    ]
    assert "warning: export.csv: 1 of 2 bars moves by more than half" in outcome.stderr
    assert repository_of("folder", tmp_path / "kept").load("MSFT", HOUR).close.tolist() == [1.5, 3.0]
    assert data("list", "--data-dir", "kept").code == 0


def test_import_reads_a_folder_and_overwrites_nothing_unasked(data: Command, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "AAPL_1h.csv").write_text(CSV)
    (tmp_path / "given" / "BRK.B_1h.txt").write_text(CSV)
    before = (folder / "AAPL_1h.parquet").read_bytes()
    outcome = data("import", "given", "--out", folder, "--json")
    assert (outcome.code, outcome.json) == (
        4,
        {"error": {"family": "conflict", "message": outcome.json["error"]["message"]}},
    )
    assert (folder / "AAPL_1h.parquet").read_bytes() == before
    outcome = data("import", "given", "--data-dir", folder, "--replace", "--json")
    assert [row["symbol"] for row in outcome.json["series"]] == ["AAPL", "BRK.B"]
    assert data("import", "given", "--out", folder).code == 0


def test_a_conflict_of_the_last_file_leaves_the_first_unimported(data: Command, tmp_path: Path, folder: Path) -> None:
    (tmp_path / "given").mkdir()
    for name in ("AAA_1h.csv", "AAPL_1h.csv"):
        (tmp_path / "given" / name).write_text(CSV)
    outcome = data("import", "given", "--out", folder)
    assert (outcome.code, outcome.stdout) == (4, "")
    assert "AAPL_1h.parquet: is there already, with other bars" in outcome.stderr
    assert [path.name for path in folder.iterdir()] == ["AAPL_1h.parquet"]


@pytest.mark.parametrize("replace", [(), ("--replace",)])
def test_two_spellings_of_an_index_are_one_series(replace: tuple[str, ...], data: Command, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "GSPC_1h.csv").write_text(CSV)
    (tmp_path / "given" / "^GSPC_1h.csv").write_text(CSV.replace("1.5,10", "1.6,10"))
    outcome = data("import", "given", "--out", "kept", *replace)
    assert outcome.code == 2
    assert "^GSPC_1h.csv: GSPC_1h.csv holds 1h bars of ^GSPC already" in outcome.stderr
    assert not (tmp_path / "kept").exists()


@pytest.mark.parametrize(
    ("name", "text", "more", "code", "message"),
    [
        ("export.csv", CSV, (), 2, "its name is not SYMBOL_TIMEFRAME"),
        (
            "X_1h.csv",
            CSV.replace("1,2,1,1.5", "1,2,3,1.5"),
            (),
            2,
            "X_1h.csv: row 0 at 2024-07-02T13:00:00Z: high must",
        ),
        ("X_1h.csv", CSV.splitlines()[0] + "\n", (), 2, "holds no bars"),
        ("X_1h.csv", CSV, ("--timeframe", "1x"), 2, "timeframe '1x' is not known"),
        ("X_1h.pdf", CSV, (), 2, "files of this kind are not read"),
        ("X_1h.csv", None, (), 3, "no such file or folder"),
    ],
)
def test_import_writes_nothing_for_bad_files(
    name: str, text: str | None, more: tuple[str, ...], code: int, message: str, data: Command, tmp_path: Path
) -> None:
    if text is not None:
        (tmp_path / name).write_text(text)
    outcome = data("import", name, *more, "--out", "kept")
    assert outcome.code == code
    assert message in outcome.stderr
    assert not (tmp_path / "kept").exists()


def test_import_keeps_nothing_of_a_folder_with_one_bad_file(data: Command, tmp_path: Path) -> None:
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "A_1h.csv").write_text(CSV)
    (tmp_path / "given" / "B_1h.csv").write_text("nonsense")
    assert data("import", "given", "--out", "kept").code == 2
    assert not (tmp_path / "kept").exists()
    (tmp_path / "given" / "B_1h.csv").rename(tmp_path / "given" / "A_1h.txt")
    (tmp_path / "given" / "A_1h.txt").write_text(CSV)
    outcome = data("import", "given", "--out", "kept")
    assert "A_1h.csv holds 1h bars of A already" in outcome.stderr
    assert "for one file; found 2" in data("import", "given", "--symbol", "X", "--out", "kept").stderr


def test_of_two_imports_at_once_one_is_kept_and_the_other_told(tmp_path: Path) -> None:
    """Both have checked, and found nothing there, before either writes."""
    checked, rows = Barrier(2), len(CSV.splitlines()) - 1

    class Waiting(ParquetStore):
        def check(self, bars: Bars, *facts: SymbolCharacteristics | None, **options: bool) -> Planned:
            planned = super().check(bars, *facts, **options)
            checked.wait(60)
            return planned

    def one(level: int) -> int | None:
        path = tmp_path / str(level) / "AAPL_1h.csv"
        path.parent.mkdir()
        path.write_text(CSV.replace(",10\n", f",{level}\n"))
        with suppress(Conflict):
            ImportBars(FileReader(), Waiting(tmp_path / "kept"), time.time_ns).execute(ImportRequest(path))
            return level
        return None

    for _ in range(5):
        with ThreadPoolExecutor(2) as importers:
            told = list(importers.map(one, (11, 12)))
        (kept,) = [level for level in told if level is not None]
        assert repository_of("folder", tmp_path / "kept").load("AAPL", HOUR).volume.tolist() == [kept] * rows
        assert [path.name for path in (tmp_path / "kept").iterdir()] == ["AAPL_1h.parquet"]
        for name in ("11", "12", "kept"):
            rmtree(tmp_path / name)


def test_the_same_bars_at_once_are_no_conflict(tmp_path: Path) -> None:
    (tmp_path / "AAPL_1h.csv").write_text(CSV)

    def one(_: int) -> int:
        (imported,) = ImportBars(FileReader(), ParquetStore(tmp_path / "kept"), time.time_ns).execute(
            ImportRequest(tmp_path / "AAPL_1h.csv")
        )
        return imported.rows

    with ThreadPoolExecutor(4) as importers:
        assert list(importers.map(one, range(8))) == [2] * 8


def test_a_folder_without_permission_is_unavailable(
    data: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "AAPL_1h.csv").write_text(CSV)
    (tmp_path / "kept").mkdir()

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    monkeypatch.setattr(os, "open", refuse)
    outcome = data("import", "AAPL_1h.csv", "--out", "kept", "--json")
    assert (outcome.code, outcome.json["error"]["family"]) == (5, "unavailable")
    assert "AAPL_1h.parquet: cannot be written (Permission denied)" in outcome.json["error"]["message"]


def test_the_list_has_a_line_for_each_file_whatever_is_in_them(data: Command, folder: Path) -> None:
    (folder / "QUOTE_1h.csv").write_text(CSV + '2024-07-02 15:00,"1,2\n' + "2024-07-02 16:00,1,2,1,1.5,10\n" * 50)
    os.mkfifo(folder / "PIPE_1h.csv")
    (folder / "GONE_1h.parquet").symlink_to("nowhere")
    (folder / "INNER_1h.parquet").mkdir()
    outcome = data("list", "--data-dir", folder)
    assert outcome.code == 0
    assert [line.split()[0] for line in outcome.stdout.splitlines()] == [
        *("symbol", "AAPL", "GONE", "INNER", "PIPE", "QUOTE"),
    ]
    for name, problem in (
        ("GONE_1h.parquet", "is a link that leads to no file"),
        ("INNER_1h.parquet", "must be a plain file, is a folder"),
        ("PIPE_1h.csv", "must be a plain file, is a pipe"),
        ("QUOTE_1h.csv", "row 2: not a table of 6 columns; found 2 in "),
    ):
        assert f"{name} (cannot be read: {problem}" in outcome.stdout


@pytest.mark.parametrize(("path", "kind"), [("pipe_1h.csv", "pipe"), ("/dev/zero", "device")])
def test_import_says_what_is_no_file(path: str, kind: str, data: Command, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe_1h.csv")
    outcome = data("import", path, "--out", "kept")
    assert (outcome.code, outcome.stderr) == (2, f"error: {Path(path).name}: must be a plain file, is a {kind}\n")


def test_writing_needs_a_folder(data: Command, tmp_path: Path) -> None:
    (tmp_path / "X_1h.csv").write_text(CSV)
    for outcome in (data("import", "X_1h.csv"), data("simulate", "--symbols", "X")):
        assert (outcome.code, outcome.stderr) == (
            2,
            "error: there is no folder to write to; say --out DIR, or --data-dir DIR\n",
        )


def test_simulate_writes_bars_that_say_what_they_are(data: Command, tmp_path: Path) -> None:
    outcome = data("simulate", "--symbols", "AAA,B_CRYPTO", "--bars", 300, "--seed", 3, "--out", "made", "--json")
    assert [(row["symbol"], row["timeframe"], row["rows"]) for row in outcome.json["series"]] == [
        ("AAA", "5m", 300),
        ("B_CRYPTO", "5m", 300),
    ]
    shown = data("show", "B_CRYPTO", "5m", "--data-dir", "made", "--json").json
    assert shown["characteristics"]["simulated"] is True
    assert shown["characteristics"]["calendar"] == "24/7"
    assert "simulated crypto" in data("show", "B_CRYPTO", "5m", "--data-dir", "made").stdout
    again = [(path.name, path.read_bytes()) for path in sorted((tmp_path / "made").iterdir())]
    assert data("simulate", "--symbols", "AAA,B_CRYPTO", "--bars", 300, "--seed", 3, "--out", "made").code == 0
    assert [(path.name, path.read_bytes()) for path in sorted((tmp_path / "made").iterdir())] == again
    assert data("simulate", "--symbols", "AAA", "--bars", 300, "--seed", 4, "--out", "made").code == 4
    assert data("simulate", "--symbols", "A,AAA", "--bars", 300, "--seed", 4, "--out", "made").code == 4
    assert [(path.name, path.read_bytes()) for path in sorted((tmp_path / "made").iterdir())] == again


def test_listing_imports_no_calendars(data: Command, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "exchange_calendars", None)
    assert data("list", "--data-dir", folder).code == 0
