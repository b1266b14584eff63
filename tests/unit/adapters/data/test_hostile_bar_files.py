"""One bad file in a folder: it is named, and nothing else comes to harm."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.application.use_cases.import_bars import ImportBars, ImportRequest
from ktrdr.domain.errors import DataNotFound, InvalidBars, InvalidInput, Unavailable, ran_out_of
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe

DAY = Timeframe("1d")
HEADER = "time,open,high,low,close,volume\n"
DAYS = pa.array([1704153600, 1704240000], pa.timestamp("s"))
ONES = pa.array([1.0, 1.0])


def table(**columns: pa.Array) -> pa.Table:
    return pa.table({"timestamp": DAYS, "open": ONES, "high": ONES, "low": ONES, "close": ONES, **columns})


def good(folder: Path) -> None:
    stamps = from_iso("2024-01-02T00:00:00Z") + DAY.ns * np.arange(3, dtype=np.int64)
    ParquetStore(folder).save(Bars("GOOD", DAY, stamps, *[np.ones(3)] * 5))


def keep(suffix: str, content: bytes | pa.Table) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = folder / f"BAD_1d{suffix}"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            pq.write_table(content, path)
        return path

    return write


UNLISTABLE = {
    "a field above the limit of csv": keep(".csv", b'"' + b"x" * 200_000 + b'",open,high,low,close\n'),
    "a header of one endless line": keep(".csv", b"o" * 3_000_000),
    "bytes of no text": keep(".csv", bytes(range(256)) * 20),
    "nothing": keep(".csv", b""),
    "other columns in a row": keep(".csv", (HEADER + "2024-01-02,1,2\n").encode()),
    "times beyond 64 bits": keep(".parquet", table(timestamp=pa.array([10**13, 10**13], pa.timestamp("s")))),
    "dates beyond 64 bits": keep(".parquet", table(timestamp=pa.array([10**6, 10**6], pa.date32()))),
    "durations for times": keep(".parquet", table(timestamp=pa.array([1, 2], pa.duration("s")))),
    "lists for times": keep(".parquet", table(timestamp=pa.array([[1], [2]]))),
    "no parquet": keep(".parquet", b"PAR1" + b"\xff" * 100 + b"PAR1"),
    "one name twice": keep(".parquet", table(Open=ONES)),
    "a stray offset": keep(".csv", (HEADER + "2024-01-03,1,2,1,1,1\n2024-01-04T05:00+01:00,1,2,1,1,1\n").encode()),
    "a stray offset in texts of parquet": keep(".parquet", table(timestamp=pa.array(["2024-01-03", "2024-01-04T00Z"]))),
    "booleans": keep(".parquet", table(high=pa.array([True, True]))),
    "dates": keep(".parquet", table(high=pa.array([1, 1], pa.date32()))),
    "moments": keep(".parquet", table(volume=DAYS)),
    "durations": keep(".parquet", table(low=pa.array([1, 1], pa.duration("s")))),
    "times of day": keep(".parquet", table(low=pa.array([1, 1], pa.time32("s")))),
    "lists": keep(".parquet", table(close=pa.array([[1.0], [1.0]]))),
    "records": keep(".parquet", table(close=pa.array([{"a": 1.0}, {"a": 1.0}]))),
}
UNLOADABLE = {
    **UNLISTABLE,
    "texts": keep(".parquet", table(close=pa.array(["1.5", "cheap"]))),
    "two bars on a day": keep(".csv", (HEADER + "2024-01-02 15:00,1,2,1,1,1\n2024-01-02 16:00,1,2,1,1,1\n").encode()),
}


@pytest.mark.parametrize("write", UNLISTABLE.values(), ids=UNLISTABLE)
def test_a_file_that_cannot_be_read_is_listed_with_its_problem(write: Callable[[Path], Path], tmp_path: Path) -> None:
    good(tmp_path)
    path = write(tmp_path)
    repository = repository_of("folder", tmp_path)
    assert {info.source for info in repository.series()} == {"GOOD_1d.parquet", path.name}
    for info in repository.series():
        assert (info.source == path.name) == bool(info.problem)
        assert info.rows == (0 if info.problem else 3)
    with pytest.raises(DataNotFound, match=r"no bars of NONE.*cannot be read: BAD_1d"):
        repository.load("NONE", DAY)
    with pytest.raises(DataNotFound, match=r"no 1h bars of BAD; there is 1d \(BAD_1d.* \(cannot be read: "):
        repository.load("BAD", Timeframe("1h"))


@pytest.mark.parametrize("write", UNLOADABLE.values(), ids=UNLOADABLE)
def test_import_and_loading_refuse_the_same_file_by_the_same_words(
    write: Callable[[Path], Path], tmp_path: Path
) -> None:
    store = tmp_path / "kept"
    good(tmp_path)
    path = write(tmp_path)
    with pytest.raises(InvalidInput) as of_import:
        ImportBars(FileReader(), ParquetStore(store), time.time_ns).execute(ImportRequest(path))
    with pytest.raises(InvalidInput) as of_loading:
        repository_of("folder", tmp_path).load("BAD", DAY)
    assert str(of_import.value) == str(of_loading.value)
    assert str(of_import.value).startswith(path.name)
    assert not store.exists()
    assert len(repository_of("folder", tmp_path).load("GOOD", DAY)) == 3


def pipe(path: Path) -> None:
    os.mkfifo(path)


NO_FILES = {
    "must be a plain file, is a pipe": pipe,
    "must be a plain file, is a folder": Path.mkdir,
    "must be a plain file, is a device": lambda path: path.symlink_to("/dev/zero"),
    "is a link that leads to no file (No such file or directory)": lambda path: path.symlink_to("nowhere"),
    "is a link that leads to no file (Too many levels of symbolic links)": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("problem", NO_FILES)
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_what_is_no_file_is_never_opened_and_always_named(suffix: str, problem: str, tmp_path: Path) -> None:
    good(tmp_path)
    path = tmp_path / f"BAD_1d{suffix}"
    NO_FILES[problem](path)
    repository = repository_of("folder", tmp_path)
    assert [info.problem for info in repository.series("BAD")] == [problem]
    with pytest.raises(InvalidInput) as of_loading:
        repository.load("BAD", DAY)
    assert str(of_loading.value) == f"{path.name}: {problem}"
    if "folder" not in problem:
        with pytest.raises(InvalidInput) as of_import:
            ImportBars(FileReader(), ParquetStore(tmp_path / "kept"), time.time_ns).execute(ImportRequest(path))
        assert str(of_import.value) == str(of_loading.value)
    with pytest.raises(InvalidInput, match="must be a plain file, is a device"):
        FileReader().read(Path("/dev/zero"), Stated("BAD", DAY))


FOREIGN = "\n".join(["2024-01-02,\x1b[31m1,2,1,1,1"] * 50)
RAW = {
    "an open quote": keep(".csv", (HEADER + '2024-01-01,"1,2,1,1,1\n' + FOREIGN).encode()),
    "a header of raw bytes": keep(".csv", b"\x1b[31m\x07" * 50),
    "names of raw bytes": keep(".parquet", pa.table({f"a\n\x1b{place}" * 99: ONES for place in range(99)})),
    "a raw name twice": keep(
        ".parquet", table(Open=ONES).rename_columns(["time", "open", "high", "low", "close", "open" + " " * 5000])
    ),
    "a time of raw bytes": keep(
        ".csv", (HEADER + '"2024-01-02\x1b' + "\n" * 3 + "x" * 5000 + '",1,2,1,1,1\n').encode()
    ),
    "a number of raw bytes": keep(".csv", (HEADER + '2024-01-02,"1\x1b' + "x" * 5000 + '",2,1,1,1\n').encode()),
}


@pytest.mark.parametrize("write", RAW.values(), ids=RAW)
def test_what_a_file_holds_comes_cut_and_in_one_line(write: Callable[[Path], Path], tmp_path: Path) -> None:
    write(tmp_path)
    repository = repository_of("folder", tmp_path)
    with pytest.raises(InvalidInput) as caught:
        repository.load("BAD", DAY)
    for said in (str(caught.value), *(info.described for info in repository.series())):
        assert said.isprintable()
        assert len(said) <= 600


def test_metadata_of_pandas_that_is_no_json_is_not_asked(tmp_path: Path) -> None:
    keep(".parquet", table().replace_schema_metadata({"pandas": "{not json"}))(tmp_path)
    assert len(repository_of("folder", tmp_path).load("BAD", DAY)) == 2


@pytest.mark.parametrize(
    ("row", "named"),
    [
        ("1,1e308,1,1,0", "high 1e+308"),
        ("1,2,5e-324,1,0", "low 5e-324"),
        ("1,2,1,1,1e39", "volume 1e+39"),
        ("1,2,-1e30,1,0", "low -1e+30"),
        ("1,2,1,1,inf", "volume inf"),
        ("1,1e400,1,1,0", "high inf"),
    ],
)
def test_values_that_arithmetic_cannot_carry_are_named(row: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "BAD_1d.csv").write_text(f"{HEADER}2024-01-02,1,2,1,1,1\n2024-01-03,{row}\n")
    with pytest.raises(InvalidBars) as caught:
        FileReader().read(tmp_path / "BAD_1d.csv")
    assert str(caught.value).startswith("BAD_1d.csv: row 1 at 2024-01-03T00:00:00Z: ")
    assert named in str(caught.value)


def test_a_frame_of_booleans_dates_or_durations_is_no_prices() -> None:
    frame = table().to_pandas()
    frame["timestamp"] = frame["timestamp"].astype("datetime64[ns]").dt.tz_localize("UTC")
    frame["volume"] = 1.0
    Bars.from_frame(frame, "A", DAY)
    for odd in ([True, False], frame["timestamp"], frame["timestamp"] - frame["timestamp"].min(), [1 + 2j, 3 + 0j]):
        with pytest.raises(InvalidBars, match="volume must be numbers; found "):
            Bars.from_frame(frame.assign(volume=odd), "A", DAY)


SHORTAGES = {
    MemoryError(): "memory",
    pa.ArrowMemoryError("malloc of size 64 failed"): "memory",
    OSError(errno.ENOMEM, "Cannot allocate memory"): "memory",
    OSError(errno.EMFILE, "Too many open files"): "open files",
    OSError(errno.ENFILE, "Too many open files in system"): "open files",
    OSError(errno.EAGAIN, "Resource temporarily unavailable"): "threads or processes",
    RuntimeError("can't start new thread"): "threads or processes",
    pa.ArrowException("Unknown error: Failed to launch worker thread"): "threads or processes",
    ImportError("libx.so: failed to map segment from shared object"): "memory",
    ImportError("libx.so: cannot open shared object file: Too many open files"): "open files",
}


@pytest.mark.parametrize("error", SHORTAGES, ids=repr)
@pytest.mark.parametrize("kind", ["parquet", "csv"])
def test_what_the_machine_lacks_is_unavailable_and_not_the_fault_of_a_file(
    kind: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if kind == "parquet":
        good(tmp_path)
    else:
        (tmp_path / "GOOD_1d.csv").write_text(HEADER + "2024-01-02,1,2,1,1,1\n")
    repository = repository_of("folder", tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pyarrow.parquet.ParquetFile" if kind == "parquet" else "pyarrow.csv.read_csv", fail)
    with pytest.raises(Unavailable, match=f"GOOD_1d.{kind}: cannot be read .the machine has run out of"):
        repository.load("GOOD", DAY)
    (info,) = repository.series()
    assert f"the machine has run out of {SHORTAGES[error]}" in info.problem


@pytest.mark.parametrize("error", [ValueError("out of memory"), OSError(errno.ENOSPC, "full"), RuntimeError("no")])
def test_other_errors_are_no_shortage(error: Exception) -> None:
    assert ran_out_of(error) is None


@pytest.mark.parametrize("error", [ValueError("odd"), KeyError("odd"), OverflowError("odd"), AssertionError("odd")])
def test_whatever_a_reader_raises_is_said_of_its_file(
    error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good(tmp_path)

    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("pyarrow.parquet.ParquetFile.read", fail)
    with pytest.raises(InvalidBars, match=r"GOOD_1d.parquet: not a whole parquet file \('?odd'?\)"):
        repository_of("folder", tmp_path).load("GOOD", DAY)
