"""Messages name the row of the file, whatever its order and whichever rows were left out before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.files import FileReader
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.growing import grown
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.entrypoints.container import make_container

HEADER = "date,open,high,low,close,volume"
LINES = [f"2024-03-{day:02},10,12,9,11,1200" for day in (15, 14, 13, 12, 11, 8, 7, 6, 5, 4)]
DAY = Stated("AAPL", Timeframe("1d"))


def written(folder: Path, lines: list[str], name: str = "AAPL_1d.csv") -> Path:
    path = folder / name
    path.write_text("\n".join([HEADER, *lines]) + "\n")
    return path


def spoilt(row: int, line: str) -> list[str]:
    return [*LINES[:row], line, *LINES[row + 1 :]]


@pytest.mark.parametrize("row", [0, 3, 9])
@pytest.mark.parametrize(
    ("prices", "rule"),
    [
        ("10,12,9,nan,1", "close must be a finite number"),
        ("inf,12,9,11,1", "open must be a finite number"),
        ("10,9,12,11,1", "high must not be below low"),
        ("10,12,9,11,-1", "volume must not be negative"),
        ("1e30,12,9,11,1", "open must be 0, or of a size"),
    ],
)
def test_rows_from_new_to_old_keep_their_numbers(prices: str, rule: str, row: int, tmp_path: Path) -> None:
    path = written(tmp_path, spoilt(row, f"{LINES[row][:10]},{prices}"))
    with pytest.raises(InvalidBars, match=rf"row {row} at {LINES[row][:10]}T00:00:00Z: {rule}"):
        read_bars(path, DAY)


def test_prices_at_0_are_named_by_the_row_of_the_file(tmp_path: Path) -> None:
    path = written(tmp_path, spoilt(2, "2024-03-13,10,12,0,11,1200"))
    with pytest.raises(InvalidBars, match=r"row 2 at 2024-03-13T00:00:00Z: low 0 is not above 0"):
        FileReader().read(path, DAY)


def test_an_unfinished_row_is_named_by_the_row_of_the_file(tmp_path: Path) -> None:
    written(tmp_path, spoilt(0, "2024-03-15 15:10,10,12,9,11,1200"))
    with pytest.raises(InvalidBars, match=r"row 0 at 2024-03-15T15:10:00Z: unfinished"):
        make_container(data_dir=tmp_path).data_repository().load("AAPL", Timeframe("1d"))


def test_bars_that_are_too_close_are_named_by_the_rows_of_the_file(tmp_path: Path) -> None:
    lines = [f"2024-03-14 {15 - row}:00:00Z,10,12,9,11,1200" for row in range(5)]
    lines.insert(2, "2024-03-14 13:30:00Z,10,12,9,11,1200")
    written(tmp_path, lines, "BTCUSDT_1h.csv")
    with pytest.raises(InvalidBars, match=r"row 2 at 2024-03-14T13:30:00Z lies 30 .* after row 3 at 2024-03-14T13:00"):
        make_container(data_dir=tmp_path).data_repository().load("BTCUSDT", Timeframe("1h"))


@pytest.mark.parametrize("lines", [LINES, LINES[::-1]], ids=["new to old", "old to new"])
def test_rows_that_are_left_out_do_not_shift_the_others(lines: list[str], tmp_path: Path) -> None:
    date = lines[8][:10]
    empty = [lines[0], lines[0], lines[1], "2024-03-01,,,,,", *lines[2:]]
    for line, said in (
        (f"{date},10,12,9,nan,1", "close must be a finite number"),
        (f",{'10,12,9,11,1'}", "timestamp is missing"),
        ("yesterday,10,12,9,11,1", "'yesterday' is not a time"),
    ):
        spoiled = [*empty[:10], line, *empty[11:]]
        with pytest.raises(InvalidBars, match=rf"row 10\b.*{said}"):
            read_bars(written(tmp_path, spoiled), DAY)


def test_a_row_out_of_order_is_named_by_the_row_of_the_file(tmp_path: Path) -> None:
    lines = [LINES[0], LINES[0], *LINES[1:5], LINES[6], LINES[5], *LINES[7:]]
    with pytest.raises(InvalidBars, match=r"row 7 at 2024-03-08T00:00:00Z: rows come from new to old"):
        read_bars(written(tmp_path, lines), DAY)


def test_a_long_file_names_its_own_rows(tmp_path: Path) -> None:
    lines = [f"{symbol},{line}" for line in LINES[::-1] for symbol in ("AAPL", "MSFT")]
    lines[13] = lines[13].replace("12,9", "8,9")
    path = tmp_path / "long.csv"
    path.write_text("\n".join([f"symbol,{HEADER}", *lines]) + "\n")
    with pytest.raises(InvalidBars, match=r"row 13 at .*: high must not be below low"):
        read_bars(path, Stated(timeframe=Timeframe("1d")))


def test_tables_of_types_name_their_own_rows(tmp_path: Path) -> None:
    times = np.array([line[:10] for line in LINES], dtype="datetime64[ns]")
    columns = {name: np.full(10, 10.0) for name in ("open", "high", "low", "close", "volume")}
    columns["high"][1] = 9.0
    pq.write_table(pa.table({"timestamp": times, **columns}), tmp_path / "AAPL_1d.parquet")
    with pytest.raises(InvalidBars, match=r"row 1 at 2024-03-14T00:00:00Z: high must not be below low"):
        read_bars(tmp_path / "AAPL_1d.parquet", DAY)


def test_parts_of_bars_keep_the_rows_of_their_file(tmp_path: Path) -> None:
    (bars,) = read_bars(written(tmp_path, LINES), DAY)
    assert [bars.row_of(bar) for bar in range(10)] == list(range(9, -1, -1))
    part: Bars = bars.take(slice(2, 5))
    assert [part.row_of(bar) for bar in range(3)] == [7, 6, 5]
    (plain,) = read_bars(written(tmp_path, LINES[::-1]), DAY)
    assert plain.file_rows is None


def test_bars_that_are_added_from_new_to_old_have_no_row_of_a_file(tmp_path: Path) -> None:
    (kept,), (given,) = (
        read_bars(written(tmp_path, lines, name), DAY)
        for lines, name in ((LINES[:4:-1], "a.csv"), (LINES[:8], "b.csv"))
    )
    whole = grown(kept, given)
    assert len(whole) == 10
    assert [whole.row_of(bar) for bar in (0, 9)] == [0, 9]
    assert len(whole.take(whole.volume > 0)) == 10
