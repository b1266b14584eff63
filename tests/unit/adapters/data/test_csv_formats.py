"""CSV files as vendors write them."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.files import FileReader
from ktrdr.adapters.data.sources import repository_of
from ktrdr.domain.errors import DataNotFound, InvalidBars, InvalidInput, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS, iso
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe

EXPECTED_TIMES = ["2024-01-02T09:30:00Z", "2024-01-13T09:35:00Z"]
EXPECTED_VALUES = [[1.5, 2.0, 1.0, 1.75, 1200.0], [1.75, 2.5, 1.5, 2.0, 0.0]]


def written(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "X_5m.csv"
    path.write_text(text, encoding=encoding)
    return path


def read(
    folder: Path, text: str, encoding: str = "utf-8", zone: str | None = None
) -> tuple[list[str], list[list[float]]]:
    (bars,) = read_bars(written(folder, text, encoding), Stated("X", Timeframe("5m"), time_zone=zone))
    columns = (getattr(bars, name).tolist() for name in BAR_COLUMNS)
    return [iso(stamp) for stamp in bars.stamps], [list(row) for row in zip(*columns, strict=True)]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(
            "timestamp,open,high,low,close,volume\n"
            "2024-01-02 09:30:00+00:00,1.5,2,1,1.75,1200\n2024-01-13 09:35:00+00:00,1.75,2.5,1.5,2,0\n",
            id="our own",
        ),
        pytest.param(
            "Datetime,Open,High,Low,Close,Adj Close,Volume\n"
            "2024-01-02 04:30:00-05:00,1.5,2,1,1.75,9,1200\n2024-01-13 04:35:00-05:00,1.75,2.5,1.5,2,9,0\n",
            id="offsets are converted, adjusted close is left alone",
        ),
        pytest.param(
            "Gmt time,Open,High,Low,Close,Volume\n"
            "02.01.2024 09:30:00.000,1.5,2,1,1.75,1200\n13.01.2024 09:35:00.000,1.75,2.5,1.5,2,0\n",
            id="dotted dates have the day first",
        ),
        pytest.param(
            "Local time,Open,High,Low,Close,Volume\n02.01.2024 10:30:00.000 GMT+0100,1.5,2,1,1.75,1200\n"
            "13.01.2024 10:35:00.000 GMT+0100,1.75,2.5,1.5,2,0\n",
            id="GMT offset",
        ),
        pytest.param(
            "<TICKER>,<PER>,<DATE>,<TIME>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>,<OPENINT>\n"
            "X.US,5,20240102,093000,1.5,2,1,1.75,1200,0\nX.US,5,20240113,093500,1.75,2.5,1.5,2,0,0\n",
            id="compact date and time",
        ),
        pytest.param(
            "date,time,open,high,low,close,volume\n20240102,0930,1.5,2,1,1.75,1200\n20240113,0935,1.75,2.5,1.5,2,0\n",
            id="time of day as four digits",
        ),
        pytest.param(
            "Time;Open;High;Low;Close;Volume\n"
            '02/01/2024 09:30;1,5;2,0;1,0;1,75;"1.200"\n13/01/2024 09:35;1,75;2,5;1,5;2,0;0\n',
            id="semicolons and decimal commas, day first",
        ),
        pytest.param(
            "Date|O|H|L|C|V\n1/2/2024 9:30|1.5|2|1|1.75|1200\n1/13/2024 9:35|1.75|2.5|1.5|2|0\n",
            id="pipes, one-letter names, month first",
        ),
        pytest.param(
            'Date,Open,High,Low,Close/Last,Volume\n01/02/2024 9:30:00 AM,1.5,2,1,1.75,"1,200"\n'
            "01/13/2024 9:35:00 AM,1.75,2.5,1.5,2,0\n",
            id="thousands separators, twelve-hour clock",
        ),
        pytest.param(
            "https://www.example.org\nunix,date,symbol,open,high,low,close,Volume BTC,Volume USD\n"
            "1705138500000,x,X,1.75,2.5,1.5,2,0,0\n1704187800000,x,X,1.5,2,1,1.75,1200,9\n".replace(
                "Volume BTC", "volume"
            ),
            id="a line before the header, epoch milliseconds, newest first",
        ),
        pytest.param(
            "time,open,high,low,close,vol\n1704187800,1.5,2,1,1.75,1200\n1705138500,1.75,2.5,1.5,2,0\n",
            id="epoch seconds",
        ),
        pytest.param(
            "TIMESTAMP , Open , High , Low , Close , Volume\n"
            "2024-01-02T09:30:00Z , 1.5 , 2 , 1 , 1.75 , 1200\n2024-01-13T09:35:00Z , 1.75 , 2.5 , 1.5 , 2 , 0\n",
            id="blanks around everything",
        ),
        pytest.param(
            "open_time,open,high,low,close,volume\n"
            "2024-01-02 09:30:00 UTC,1.5,2,1,1.75,1200\n2024-01-13 09:35:00 UTC,1.75,2.5,1.5,2,0\n\n",
            id="UTC written out, empty last line",
        ),
    ],
)
def test_vendors_files_are_read(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text) == (EXPECTED_TIMES, EXPECTED_VALUES)


@pytest.mark.parametrize(
    "text",
    [
        (
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
            "2024.01.02\t11:30:00\t1.5\t2\t1\t1.75\t1200\t0\t3\n2024.01.13\t11:35:00\t1.75\t2.5\t1.5\t2\t0\t0\t3\n"
        ),
        "2024.01.02,11:30,1.5,2,1,1.75,1200\n2024.01.13,11:35,1.75,2.5,1.5,2,0\n",
    ],
    ids=["MetaTrader 5", "MetaTrader 4"],
)
def test_a_brokers_clock_is_read_only_in_a_zone_that_is_said(text: str, tmp_path: Path) -> None:
    assert read(tmp_path, text, zone="Europe/Athens") == (EXPECTED_TIMES, EXPECTED_VALUES)
    with pytest.raises(InvalidBars, match=r"writes its broker's clock without its time zone; say it: --time-zone"):
        read(tmp_path, text)


def test_utf_16_and_byte_order_marks_are_read(tmp_path: Path) -> None:
    text = (
        "timestamp,open,high,low,close,volume\n2024-01-02 09:30,1.5,2,1,1.75,1200\n2024-01-13 09:35,1.75,2.5,1.5,2,0\n"
    )
    for encoding in ("utf-16", "utf-8-sig"):
        assert read(tmp_path, text, encoding) == (EXPECTED_TIMES, EXPECTED_VALUES)


def test_month_names_and_missing_volume(tmp_path: Path) -> None:
    times, values = read(
        tmp_path, 'Date,Open,High,Low,Close\n"Jan 02, 2024",1.5,2,1,1.75\n"Feb 01, 2024",1.75,2.5,1.5,2\n'
    )
    assert times == ["2024-01-02T00:00:00Z", "2024-02-01T00:00:00Z"]
    assert [row[4] for row in values] == [0.0, 0.0]


def test_numbers_are_exact(tmp_path: Path) -> None:
    for text in ("0.1", "117.80000000000001", "118.28", "1e-07", "65432.123456789"):
        _, values = read(tmp_path, f"time,open,high,low,close\n2024-01-02,{text},{text},{text},{text}\n")
        assert values[0][0] == float(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no header with the names of the columns"),
        ("2024-01-02,1,2,1,2,3,4\n", "has no header, and a row of 7 cells is of no known layout ('2024-01-02,1,2"),
        ("time,open,high,close\n2024-01-02,1,2,1\n", "no column for low; found time, open, high, close; needed are"),
        ("open,high,low,close\n1,2,1,1\n", "no column for time; found open"),
        ("time,open,high,low,close\n2024-01-02,1,2,abc,1\n", "row 0: low 'abc' is not a number"),
        ("time,open,high,low,close\n2024-01-02,1,2,1,1\nyesterday,1,2,1,1\n", "row 1: 'yesterday' is not a time"),
        ("time,open,high,low,close\n09:30,1,2,1,1\n", "row 0: '09:30' has no year of four digits"),
        ("time,open,high,low,close\n930,1,2,1,1\n", "row 0: '930' is not a date, nor seconds since 1970"),
        ("time,open,high,low,close\n1/2/24,1,2,1,1\n", "row 0: '1/2/24' has no year of four digits"),
        ("time,open,high,low,close\n1704187800,1,2,1,1\nx,1,2,1,1\n", "row 1: 'x' is not a time"),
        ("time,open,high,low,close\n2024-01-02,1,2,1\n", "not a table of 5 columns"),
        ("time,open,high,low,close\n9999-01-02,1,2,1,1\n", "a time lies outside the years 1678 to 2262"),
        (
            "time,open,high,low,close\n01/02/2024,1,2,1,1\n02/02/2024,1,2,1,1\n",
            "row 0: '01/02/2024' is 2024-02-01 or 2024-01-02: day and month cannot be told apart (no day is above 12)",
        ),
        (
            "time,open,high,low,close\n13/02/2024,1,2,1,1\n02/13/2024,1,2,1,1\n",
            "row 0: '13/02/2024' has the day first and row 1: '02/13/2024' the month: day and month cannot",
        ),
    ],
)
def test_what_cannot_be_read_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidBars) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith("X_5m.csv: ")
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("bare", "stray"),
    [
        ("2024-01-{:02}T00:00:00", "2024-01-{:02}T00:00:00+05:00"),
        ("2024-01-{:02} 00:00", "2024-01-{:02} 00:00Z"),
        ("2024-01-{:02}", "2024-01-{:02}T00:00:00-0500"),
        ("2024-01-{:02} 14:30:00", "2024-01-{:02} 14:30:00 UTC"),
        ("{:02}.01.2024 09:30:00.000", "{:02}.01.2024 09:30:00.000 GMT"),
        ("{:02} Jan 2024 09:30", "{:02} Jan 2024 09:30 +01"),
    ],
)
@pytest.mark.parametrize("others_have_it", [False, True])
@pytest.mark.parametrize("suffix", ["_1d.csv", "_5m.csv", "_1d.parquet", "_5m.parquet"])
def test_times_of_which_some_have_an_offset_and_some_have_none_are_refused(
    bare: str, stray: str, others_have_it: bool, suffix: str, tmp_path: Path
) -> None:
    most, one = (stray, bare) if others_have_it else (bare, stray)
    times = [(one if day == 9 else most).format(day) for day in range(2, 30)]
    path = tmp_path / f"X{suffix}"
    if path.suffix == ".csv":
        path.write_text("time,open,high,low,close\n" + "".join(f"{time},1,2,1,1\n" for time in times))
    else:
        pq.write_table(pa.table({"time": times} | dict.fromkeys(("open", "high", "low", "close"), [1.0] * 28)), path)
    has_none, has_one = (7, 0) if others_have_it else (0, 7)
    with pytest.raises(InvalidBars) as caught:
        FileReader().read(path)
    assert str(caught.value) == (
        f"X{suffix}: some times carry an offset from UTC (row {has_one}: {times[has_one]!r}) and some carry none "
        f"(row {has_none}: {times[has_none]!r}); write it at all of them, or at none, which is UTC"
    )


def test_times_with_several_offsets_are_several_times_of_one_clock(tmp_path: Path) -> None:
    rows = ("2024-03-29 08:00+01:00", "2024-04-01 08:00+02:00", "2024-04-02 06:00Z")
    times, _ = read(tmp_path, "time,open,high,low,close\n" + "".join(f"{time},1,2,1,1\n" for time in rows))
    assert times == ["2024-03-29T07:00:00Z", "2024-04-01T06:00:00Z", "2024-04-02T06:00:00Z"]


def test_missing_cells_are_refused_by_the_gate(tmp_path: Path) -> None:
    reader = FileReader()
    path = written(tmp_path, "time,open,high,low,close\n2024-01-02,1,2,1,1\n2024-01-03,1,2,,1\n")
    with pytest.raises(InvalidBars, match=r"X_5m.csv: row 1 at 2024-01-03T00:00:00Z: low must be a finite number"):
        reader.read(path)
    path = written(tmp_path, "time,open,high,low,close\n2024-01-02,1,2,1,1\n,1,2,1,1\n")
    with pytest.raises(InvalidBars, match=r"X_5m.csv: row 1: timestamp is missing"):
        reader.read(path)


def test_a_header_alone_is_an_empty_series(tmp_path: Path) -> None:
    written(tmp_path, "time,open,high,low,close\n")
    repository = repository_of("folder", tmp_path)
    assert [info.rows for info in repository.series()] == [0]
    with pytest.raises(DataNotFound, match=r"no 5m bars of X; there is 5m \(empty\)"):
        repository.load("X", Timeframe("5m"))


def test_daily_stamps_with_an_offset_become_session_dates(tmp_path: Path) -> None:
    (tmp_path / "AAPL_1d.csv").write_text(
        "Date,Open,High,Low,Close\n2024-01-05 00:00:00-05:00,1,2,1,1\n2024-07-03 00:00:00-04:00,1,2,1,1\n"
    )
    repository = repository_of("folder", tmp_path)
    bars = repository.load("AAPL", Timeframe("1d"))
    assert [iso(stamp) for stamp in bars.stamps] == ["2024-01-05T00:00:00Z", "2024-07-03T00:00:00Z"]
    assert [iso(moment) for moment in bars.known_at] == ["2024-01-05T21:00:00Z", "2024-07-03T17:00:00Z"]
    assert (repository.series()[0].first, repository.series()[0].last) == tuple(bars.stamps)


def test_daily_forex_stamped_at_its_open_gets_the_date_of_the_session(tmp_path: Path) -> None:
    (tmp_path / "EURUSD_1d.csv").write_text(
        "Date,Open,High,Low,Close\n2024-01-07 22:00,1,2,1,1\n2024-01-08 22:00,1,2,1,1\n"
    )
    bars = repository_of("folder", tmp_path).load("EURUSD", Timeframe("1d"))
    assert [iso(stamp)[:10] for stamp in bars.stamps] == ["2024-01-08", "2024-01-09"]
    assert [iso(moment) for moment in bars.known_at] == ["2024-01-09T00:00:00Z", "2024-01-10T00:00:00Z"]


def test_single_files_need_a_name_or_to_be_told(tmp_path: Path) -> None:
    reader = FileReader()
    path = tmp_path / "export.csv"
    path.write_text("time,open,high,low,close\n2024-01-02,1,2,1,1\n")
    with pytest.raises(InvalidInput, match="its name is not SYMBOL_TIMEFRAME"):
        reader.read(path)
    (bars,) = reader.read(path, Stated("BTC/USDT", Timeframe("1d")))
    assert (bars.symbol, str(bars.timeframe), bars.source) == ("BTC/USDT", "1d", "export.csv")
    with pytest.raises(InvalidInput, match=r"files of this kind are not read \(known: .csv, .txt, "):
        reader.read(path.rename(tmp_path / "export.xls"), Stated("X", Timeframe("1d")))
    with pytest.raises(DataNotFound, match="no such file"):
        reader.read(tmp_path / "gone.csv")
    with pytest.raises(Unavailable, match=r"gone.csv: cannot be read"):
        read_bars(tmp_path / "gone.csv", Stated("X", Timeframe("5m")))
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataNotFound, match=r"no .csv, .txt, .* files in it"):
        reader.files(tmp_path / "empty")
    with pytest.raises(DataNotFound, match="no such file or folder"):
        reader.files(tmp_path / "nowhere")


def test_a_folder_that_may_not_be_read_is_not_an_empty_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "listdir", refuse)
    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(Unavailable, match=r"cannot be read .Permission denied"):
        FileReader().files(tmp_path)
