"""Parquet files as other tools write them, broken ones, and keeping bars."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.domain.errors import Conflict, DataNotFound, InvalidBars, InvalidInput, Unavailable
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.series import SeriesInfo
from ktrdr.domain.market.timeframe import Timeframe

HOUR = Timeframe("1h")
START = from_iso("2024-07-02T13:00:00Z")


def bars(symbol: str = "AAPL", level: float = 100.0) -> Bars:
    stamps = START + HOUR.ns * np.arange(5)
    close = level + np.arange(5.0)
    return Bars(symbol, HOUR, stamps, close, close + 1, close - 1, close, np.arange(5.0))


def frame() -> pd.DataFrame:
    return bars().to_frame()


FORMS = {
    "other names": lambda f: f.rename(columns=str.title).rename(columns={"Timestamp": "Date"}),
    "time as the index": lambda f: f.set_index("timestamp"),
    "time as an index without a name": lambda f: f.set_index("timestamp").rename_axis(None),
    "milliseconds": lambda f: f.assign(timestamp=f["timestamp"].astype("datetime64[ms, UTC]")),
    "microseconds": lambda f: f.assign(timestamp=f["timestamp"].astype("datetime64[us, UTC]")),
    "no zone": lambda f: f.assign(timestamp=f["timestamp"].dt.tz_localize(None)),
    "another zone": lambda f: f.assign(timestamp=f["timestamp"].dt.tz_convert("America/New_York")),
    "epoch seconds": lambda f: f.assign(timestamp=f["timestamp"].astype("int64") // 10**9),
    "texts": lambda f: f.assign(timestamp=f["timestamp"].dt.strftime("%Y-%m-%d %H:%M")),
    "whole numbers and more columns": lambda f: f.assign(volume=f["volume"].astype("int32"), trades=7, note="x"),
    "single precision": lambda f: f.astype(dict.fromkeys(["open", "high", "low", "close"], "float32")),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
def test_common_forms_are_read(form: object, tmp_path: Path) -> None:
    form(frame()).to_parquet(tmp_path / "AAPL_1h.parquet")  # type: ignore[operator]
    repository = repository_of("folder", tmp_path)
    loaded = repository.load("AAPL", HOUR)
    pd.testing.assert_frame_equal(loaded.to_frame(), frame())
    (info,) = repository.series()
    assert (info.rows, info.first, info.last) == (5, START, START + 4 * HOUR.ns)


def test_no_volume_is_zero_volume(tmp_path: Path) -> None:
    frame().drop(columns="volume").to_parquet(tmp_path / "AAPL_1h.parquet")
    assert repository_of("folder", tmp_path).load("AAPL", HOUR).volume.tolist() == [0.0] * 5


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (b"", "not a whole parquet file"),
        (b"PAR1 this is not parquet PAR1", "not a whole parquet file"),
        ("cut", "not a whole parquet file"),
        ("column", "no column for low; found timestamp, open, high, close, volume"),
        ("text", "row 0: low 'cheap' is not a number"),
        ("missing", "row 2: timestamp is missing"),
    ],
)
def test_a_broken_file_is_listed_as_such_and_refused_without_harm_to_others(
    damage: bytes | str, message: str, tmp_path: Path
) -> None:
    path = tmp_path / "BAD_1h.parquet"
    ParquetStore(tmp_path).save(bars())
    if damage == "cut":
        path.write_bytes((tmp_path / "AAPL_1h.parquet").read_bytes()[:-50])
    elif damage == "column":
        frame().drop(columns="low").to_parquet(path)
    elif damage == "text":
        frame().assign(low="cheap").to_parquet(path)
    elif damage == "missing":
        frame().assign(timestamp=frame()["timestamp"].where(frame()["volume"] != 2)).to_parquet(path)
    else:
        path.write_bytes(damage)
    repository = repository_of("folder", tmp_path)
    good, bad = repository.series()
    assert (good.symbol, good.rows) == ("AAPL", 5)
    assert bad.symbol == "BAD"
    if damage not in {"text", "missing"}:
        assert bad.rows == 0
        assert bad.described.startswith("BAD_1h.parquet (cannot be read: ")
    with pytest.raises(InvalidBars) as caught:
        repository.load("BAD", HOUR)
    assert str(caught.value).startswith("BAD_1h.parquet: ")
    assert message in str(caught.value)
    assert len(repository.load("AAPL", HOUR)) == 5


def test_other_files_and_folders_are_passed_over(tmp_path: Path) -> None:
    ParquetStore(tmp_path).save(bars())
    for name in ("notes.parquet", "AAPL_hourly.parquet", "AAPL_1h.pdf", "%00_1h.parquet"):
        (tmp_path / name).write_text("x")
    (tmp_path / "MSFT").mkdir()
    assert [info.symbol for info in repository_of("folder", tmp_path).series()] == ["AAPL"]


def test_symbols_with_slashes_and_dots_come_back(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    for symbol in ("BTC/USDT", "BRK.B", "../up", "A_1h"):
        assert store.save(bars(symbol)).symbol == symbol
    repository = repository_of("folder", tmp_path)
    assert [info.symbol for info in repository.series()] == sorted(["BTC/USDT", "BRK.B", "../up", "A_1h"])
    assert repository.load("../up", HOUR).symbol == "../up"
    assert all(path.parent == tmp_path for path in tmp_path.rglob("*"))


def test_no_such_folder(tmp_path: Path) -> None:
    for place in (tmp_path / "nowhere", tmp_path / "file"):
        (tmp_path / "file").touch()
        with pytest.raises(DataNotFound, match=f"{place}: no such folder"):
            repository_of("folder", place).series()
        with pytest.raises(DataNotFound, match=f"{place}: no such folder"):
            repository_of("folder", place).load("AAPL", HOUR)


def test_a_changed_file_is_listed_anew(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    store.save(bars())
    assert listed(tmp_path)[0].rows == 5
    store.save(bars().take(slice(0, 3)), replace=True)
    assert listed(tmp_path)[0].rows == 3


def test_the_same_bars_again_change_nothing_and_others_are_a_conflict(tmp_path: Path) -> None:
    store = ParquetStore(tmp_path)
    assert store.save(bars()) == store.save(bars()) == listed(tmp_path)[0]
    before = (tmp_path / "AAPL_1h.parquet").read_bytes()
    with pytest.raises(Conflict, match=r"AAPL_1h.parquet: is there already, with other bars"):
        store.save(bars(level=50.0))
    assert (tmp_path / "AAPL_1h.parquet").read_bytes() == before
    store.save(bars(level=50.0), replace=True)
    assert repository_of("folder", tmp_path).load("AAPL", HOUR).close[0] == 50.0


def listed(folder: Path) -> tuple[SeriesInfo, ...]:
    return repository_of("folder", folder).series()


def test_a_failed_write_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    monkeypatch.setattr(os, "link", fail)
    for replace in (False, True):
        with pytest.raises(Unavailable, match="cannot be written \\(No space left on device\\)"):
            ParquetStore(tmp_path).save(bars(), replace=replace)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot be written"):
        ParquetStore(tmp_path / "file").save(bars())


FACTS = SymbolCharacteristics("AAPL", "stock", "XNAS", "XNAS", "America/New_York")


def break_the_catalogue(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "symbols.yaml").write_text("AAPL: {\n")


def hide_the_catalogue(folder: Path, patch: pytest.MonkeyPatch) -> None:
    (folder / "symbols.yaml").mkdir()


def fill_the_disk_for_the_catalogue(folder: Path, patch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    patch.setattr(os, "fsync", fail)


def fill_the_disk_for_the_bars(folder: Path, patch: pytest.MonkeyPatch) -> None:
    def fail(table: object, file: BinaryIO, **_: object) -> None:
        file.write(b"PAR1")
        raise OSError(28, "No space left on device")

    patch.setattr(pq, "write_table", fail)


HINDRANCES = {
    break_the_catalogue: (InvalidInput, "symbols.yaml, line 2, column 1: not valid YAML"),
    hide_the_catalogue: (InvalidInput, "symbols.yaml: must be a plain file, is a folder"),
    fill_the_disk_for_the_catalogue: (Unavailable, "AAPL_1h.parquet: cannot be written .No space left on device"),
    fill_the_disk_for_the_bars: (Unavailable, "AAPL_1h.parquet: cannot be written .No space left on device"),
}


@pytest.mark.parametrize("known", [False, True], ids=["new", "replaced"])
@pytest.mark.parametrize("hinder", HINDRANCES, ids=lambda hinder: hinder.__name__)
def test_bars_and_what_is_known_of_them_are_kept_together_or_not_at_all(
    hinder: object, known: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ParquetStore(tmp_path)
    if known:
        store.save(bars())
    family, message = HINDRANCES[hinder]  # type: ignore[index]
    hinder(tmp_path, monkeypatch)  # type: ignore[operator]
    before = contents(tmp_path)
    with pytest.raises(family, match=message):
        store.save(bars(level=50.0), FACTS, replace=True)
    assert contents(tmp_path) == before


def test_facts_are_not_kept_where_a_folder_stands_in_the_way_of_the_bars(tmp_path: Path) -> None:
    (tmp_path / "AAPL_1h.parquet").mkdir()
    with pytest.raises(Unavailable, match=r"AAPL_1h.parquet: cannot be written"):
        ParquetStore(tmp_path).save(bars(), FACTS, replace=True)
    assert contents(tmp_path) == {"AAPL_1h.parquet": b""}


@pytest.mark.parametrize("kept", [bars(), bars().take(slice(0, 3)), None], ids=["same", "other", "none"])
def test_a_conflict_can_be_asked_for_before_anything_is_kept(kept: Bars | None, tmp_path: Path) -> None:
    store = ParquetStore(tmp_path / "place")
    if kept is not None:
        store.save(kept)
    if kept is None or len(kept) == len(bars()):
        store.check(bars())
    else:
        with pytest.raises(Conflict, match=r"AAPL_1h.parquet: is there already, with other bars"):
            store.check(bars())
    assert (tmp_path / "place").exists() == (kept is not None)


def contents(folder: Path) -> dict[str, bytes]:
    """Return what lies in a folder, but for the empty file by which writers wait for each other."""
    found = {path.name: path.read_bytes() if path.is_file() else b"" for path in folder.iterdir()}
    return {name: content for name, content in found.items() if name != ".symbols.lock"}


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    times = pa.array(pd.date_range("2024-01-01", periods=2, tz="UTC"))
    values = pa.array([1.0, 2.0])
    names = ["timestamp", "open", "high", "low", "close", "close"]
    pq.write_table(pa.table([times, *[values] * 5], names=names), tmp_path / "A_1d.parquet")
    with pytest.raises(InvalidBars, match="columns 'close' and 'close' are one name twice"):
        repository_of("folder", tmp_path).load("A", Timeframe("1d"))


def test_a_folder_is_listed_again_only_once_it_has_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = ParquetStore(tmp_path)
    for symbol in ("A", "B", "C"):
        store.save(bars(symbol))
    os.utime(tmp_path, (1e9, 1e9))
    repository, looks, look = repository_of("folder", tmp_path), [], os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: looks.append(path) or look(path))
    for symbol in ("A", "B", "C"):
        repository.load(symbol, HOUR)
        repository.characteristics(symbol)
        assert len(repository.series(symbol)) == 1
    assert looks == [tmp_path]
    store.save(bars("D"))
    assert len(repository.load("D", HOUR)) == 5
    (tmp_path / "A_1h.parquet").unlink()
    assert [info.symbol for info in repository.series()] == ["B", "C", "D"]


def test_a_folder_that_has_just_changed_is_not_taken_for_known(tmp_path: Path) -> None:
    repository, store = repository_of("folder", tmp_path), ParquetStore(tmp_path)
    for count, symbol in enumerate("ABCDEFGH", start=1):
        store.save(bars(symbol))
        assert len(repository.series()) == count


def test_parts_of_killed_writers_are_swept_from_the_folder_by_the_next_of_any_series(tmp_path: Path) -> None:
    left = [tmp_path / f".AAPL_1h.parquet.{number}.part" for number in (17, 4_194_304)]
    left.append(tmp_path / ".symbols.yaml.99.part")
    for path in left:
        path.write_bytes(b"PAR1")
    ParquetStore(tmp_path).save(bars("MSFT"))
    assert [path.name for path in tmp_path.iterdir()] == ["MSFT_1h.parquet"]


def test_decimals_come_out_as_the_nearest_floats(tmp_path: Path) -> None:
    texts = ["293.15", "302.28", "297.34", "0.1", "1.005"]
    price = pa.array(texts).cast(pa.decimal128(12, 3))
    stamps = pa.array(pd.date_range("2024-07-02", periods=5, freq="h", tz="UTC"))
    columns = {"timestamp": stamps, **dict.fromkeys(["open", "high", "low", "close", "volume"], price)}
    pq.write_table(pa.table(columns), tmp_path / "AAPL_1h.parquet")
    assert repository_of("folder", tmp_path).load("AAPL", HOUR).close.tolist() == [float(text) for text in texts]
