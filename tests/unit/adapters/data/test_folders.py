"""What a folder's names say: which files are its series, and why the others are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ktrdr.adapters.data.bar_files import name_of, split_name
from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.folder_listing import not_taken
from ktrdr.adapters.data.sources import repository_of
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe

ROWS = "time,open,high,low,close\n2024-01-02,1,2,1,1\n"
DAY = Timeframe("1d")


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("SPY_1d.csv", ("SPY", "1d")),
        ("SPY_1D.csv", ("SPY", "1d")),
        ("SPY_4H.Parquet", ("SPY", "4h")),
        ("SPY_1W.csv.gz", ("SPY", "1w")),
        ("BRK.B_5m.TSV", ("BRK.B", "5m")),
        ("SPY_1d.csv.zip", ("SPY", "1d")),
        ("A_1h_5m.zip", ("A_1h", "5m")),
        ("BTC%2FUSDT_1h.feather", ("BTC/USDT", "1h")),
        ("SPY_1M.csv", None),
        ("SPY_1day.csv", None),
        ("SPY.csv", None),
        ("SPY_0d.csv", None),
        ("%00_1d.csv", None),
        ("SPY_1d.csv~", None),
        ("SPY_1d.png", None),
        ("SPY_1d", None),
        ("_1d.csv", None),
    ],
)
def test_names(name: str, said: tuple[str, str] | None) -> None:
    found = name_of(Path(name))
    assert (found and (found[0], str(found[1]))) == said


def test_the_longest_ending_counts() -> None:
    assert split_name("A_1d.CSV.GZ") == ("A_1d", ".csv.gz")
    assert split_name("A_1d.gz") == ("A_1d.gz", "")


def test_what_lies_beside_a_file_under_its_name_is_no_rival(tmp_path: Path) -> None:
    for name in ("SPY_1d.csv", "SPY_1d.csv~", "SPY_1d.md", "_1d.csv"):
        (tmp_path / name).write_text(ROWS)
    assert len(repository_of("folder", tmp_path).load("SPY", DAY)) == 1
    assert [(entry.file, entry.why[:30]) for entry in not_taken(tmp_path)] == [
        ("SPY_1d.csv~", "files of this kind are not rea"),
        ("SPY_1d.md", "files of this kind are not rea"),
        ("_1d.csv", "its name holds no symbol that "),
    ]


def test_what_is_not_taken_is_named_with_the_reason(tmp_path: Path) -> None:
    for name in ("SPY_1d.csv", "symbols.yaml", ".hidden.csv", ".symbols.lock", "SPY.csv", "X_5M.csv", "notes.pdf"):
        (tmp_path / name).write_text(ROWS)
    (tmp_path / "context").mkdir()
    (tmp_path / "more").mkdir()
    os.mkfifo(tmp_path / "pipe")
    helps = "or import it with --symbol and --timeframe"
    assert [(entry.file, entry.why) for entry in not_taken(tmp_path)] == [
        ("SPY.csv", f"no timeframe in its name; rename it SPY_1d.csv, say, {helps}"),
        (
            "X_5M.csv",
            f"5M in its name may be minutes or months; rename it X_5m.csv if they are minutes, {helps}",
        ),
        ("more", "is a folder"),
        ("notes.pdf", "files of this kind are not read"),
        ("pipe", "files of this kind are not read"),
    ]
    assert not_taken(None) == ()


@pytest.mark.parametrize("other", ["A_1D.csv", "A_1d.txt", "^A_1d.csv"])
def test_of_two_files_of_one_series_none_is_read_and_both_are_named(other: str, tmp_path: Path) -> None:
    for name in ("A_1d.csv", other):
        (tmp_path / name).write_text(ROWS)
    repository = repository_of("folder", tmp_path)
    (info,) = repository.series()
    with pytest.raises(InvalidInput) as refused:
        repository.load("A", DAY)
    for said in (info.described, str(refused.value)):
        assert "A_1d.csv" in said
        assert other in said
        assert "keep one of them here" in said


def test_a_parquet_file_is_preferred_and_that_is_said(tmp_path: Path) -> None:
    import pandas as pd

    (tmp_path / "A_1d.csv").write_text(ROWS)
    times = pd.DatetimeIndex(["2024-01-02", "2024-01-03"], tz="UTC", name="time")
    pd.DataFrame(1.0, times, ["open", "high", "low", "close"]).to_parquet(tmp_path / "A_1d.parquet")
    os.utime(tmp_path / "A_1d.csv", (1e9, 1e9))
    repository = repository_of("folder", tmp_path)
    assert [(info.source, info.rows) for info in repository.series()] == [("A_1d.parquet", 2)]
    bars = repository.load("A", DAY)
    assert len(bars) == 2
    assert bars.reading is not None
    assert bars.reading.remarks[-1] == "A_1d.parquet is read, and not A_1d.csv beside it"
    (entry,) = not_taken(tmp_path)
    assert (entry.file, entry.why) == ("A_1d.csv", "A_1d.parquet holds this series, and is preferred")
    os.utime(tmp_path / "A_1d.csv", (4e9, 4e9))
    (entry,) = not_taken(tmp_path)
    assert entry.why.endswith("this one is newer: import it, with --append or --replace")


def test_symbols_that_only_the_file_says_have_their_own_clocks(tmp_path: Path) -> None:
    zones = {"A": ", stamp_zone: Asia/Tokyo", "B": ", stamp_zone: America/New_York", "C": ""}
    entry = "{{asset_class: stock, exchange: XNYS, calendar: XNYS, time_zone: America/New_York{}}}"
    catalogue = "".join(f"{symbol}: {entry.format(zone)}\n" for symbol, zone in zones.items())
    (tmp_path / "symbols.yaml").write_text(catalogue)
    rows = "".join(f"{symbol},2024-03-07 {hour}:00,1,1,1,1\n" for hour in (10, 11) for symbol in zones)
    (tmp_path / "long.csv").write_text("symbol,date,open,high,low,close\n" + rows)
    found = FileReader().read(tmp_path / "long.csv", Stated(timeframe=Timeframe("1h")))
    assert {bars.symbol: iso(bars.stamps[0])[11:16] for bars in found} == {"A": "01:00", "B": "15:00", "C": "10:00"}
