"""Files without a header: an odd row is named, and empty columns do not count."""

from __future__ import annotations

from pathlib import Path

import pytest

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe

DAY, HOUR = Stated("X", Timeframe("1d")), Stated("X", Timeframe("1h"))
KRAKEN = [f"{1704204000 + 3600 * row},10.5,12,10,11.25,{1200 + row},{7 + row}" for row in range(12)]
REPLY = [f"{1704204000 + 3600 * row},10.5,12,10,11.25,11.1,{1200 + row},{7 + row}" for row in range(12)]


def read(folder: Path, lines: list[str], stated: Stated = HOUR) -> Bars:
    path = folder / "X.csv"
    path.write_text("".join(f"{line}\n" for line in lines))
    (bars,) = read_bars(path, stated)
    return bars


def layout_of(bars: Bars) -> str:
    assert bars.reading is not None
    return bars.reading.layout


@pytest.mark.parametrize("row", [0, 4, 11])
@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (",10,12,9,11,1200", "timestamp is missing"),
        ("2024-02-30,10,12,9,11,1200", "2024-02-30"),
        ("yesterday,10,12,9,11,1200", "yesterday"),
        ("2024-01-30,10,12,9,11", "found 5 in '2024-01-30,10,12,9,11'"),
        ("2024-01-30,10,12,9,11,1200,1", "found 7 in '2024-01-30,10,12,9,11,1200,1'"),
    ],
)
def test_the_one_row_that_is_unlike_the_others_is_named(text: str, shown: str, row: int, tmp_path: Path) -> None:
    lines = [f"2024-01-{day:02},10,12,9,11,1200" for day in range(1, 13)]
    lines[row] = text
    with pytest.raises(InvalidBars, match=rf"row {row}: .*{shown}"):
        read(tmp_path, lines, DAY)


def test_a_word_among_epochs_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidBars, match=r"row 5: 'yesterday' is not a time"):
        read(tmp_path, [*KRAKEN[:5], KRAKEN[5].replace("1704222000", "yesterday"), *KRAKEN[6:]])


@pytest.mark.parametrize("around", ["{},", "{},,", ",{}", ",{},"])
def test_columns_that_are_empty_in_every_row_do_not_count(around: str, tmp_path: Path) -> None:
    bars = read(tmp_path, [around.format(line) for line in KRAKEN])
    assert layout_of(bars) == "kraken"
    assert bars.volume.tolist() == [1200.0 + row for row in range(12)]
    assert bars.close.tolist() == [11.25] * 12


def test_a_column_that_is_filled_later_is_named(tmp_path: Path) -> None:
    lines = [f"{1704204000 + 3600 * row},10.5,12,10,11.25,1200,7," for row in range(50)]
    lines[40] += "17"
    with pytest.raises(InvalidBars, match=r"row 40: has '17' in column 8, which is empty in the first rows"):
        read(tmp_path, lines)


def test_an_average_price_lies_within_high_and_low(tmp_path: Path) -> None:
    bars = read(tmp_path, [*REPLY, "1704247200,10.5,12,10,11.25,0.0,0,0"])
    assert layout_of(bars) == "kraken-api"
    assert bars.volume.tolist() == [*(1200.0 + row for row in range(12)), 0.0]
    with pytest.raises(InvalidBars, match=r"row 3: the average price 12.5 lies outside high and low"):
        read(tmp_path, [*REPLY[:3], REPLY[3].replace("11.1", "12.5"), *REPLY[4:]])
