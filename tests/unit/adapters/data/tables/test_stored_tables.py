"""Tables of programs: JSON, feather, arrow, Excel."""

from __future__ import annotations

import json
import zipfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import feather
from samples.layouts import BARS

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.spans import span
from ktrdr.domain.errors import InvalidBars, Unavailable
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, iso
from ktrdr.domain.market.reading import Stated
from ktrdr.domain.market.timeframe import Timeframe

DAY = Stated("X", Timeframe("1d"))
DATES = ["2024-01-02", "2024-01-03"]
OBJECTS = [{"date": day, **dict(zip(BAR_COLUMNS, row, strict=True))} for day, row in zip(DATES, BARS, strict=True)]


def values_of(bars: Bars) -> list[list[float]]:
    return [list(row) for row in zip(*(getattr(bars, name).tolist() for name in BAR_COLUMNS), strict=True)]


def read_json(folder: Path, found: Any) -> Bars:
    path = folder / "X_1d.json"
    path.write_text(json.dumps(found))
    (bars,) = read_bars(path, DAY)
    return bars


@pytest.mark.parametrize(
    "found",
    [
        OBJECTS,
        {"status": "ok", "data": OBJECTS},
        {"c": [11.25, 10], "h": [12, 11.5], "l": [10, 9.75], "o": [10.5, 11.25], "s": "ok", "v": [1200, 800]}
        | {"t": [1704153600, 1704240000]},
        {
            "Meta Data": {"2. Symbol": "X"},
            "Time Series (Daily)": {
                day: {
                    f"{at + 1}. {name}": str(value)
                    for at, (name, value) in enumerate(zip(BAR_COLUMNS, row, strict=True))
                }
                for day, row in zip(DATES[::-1], BARS[::-1], strict=True)
            },
        },
        [[1704240000, *map(str, BARS[1])], [1704153600, *map(str, BARS[0])]],
    ],
)
def test_json_by_value(found: Any, tmp_path: Path) -> None:
    bars = read_json(tmp_path, found)
    assert values_of(bars) == BARS
    assert [iso(stamp)[:10] for stamp in bars.stamps] == DATES


def test_rows_of_coinbase_are_told_from_those_of_ccxt_by_their_values(tmp_path: Path) -> None:
    rows = [[1704153600, 10, 12, 10.5, 11.25, 1200], [1704240000, 9.75, 11.5, 11.25, 10, 800]]
    bars = read_json(tmp_path, rows)
    assert values_of(bars) == BARS
    assert bars.reading is not None
    assert bars.reading.layout == "coinbase"
    rows[0][1], rows[0][2] = rows[0][2], rows[0][1]
    with pytest.raises(InvalidBars, match=r"has no header, and taken for .* contradict themselves: row 0"):
        read_json(tmp_path, rows)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([], "must hold rows of bars; found []"),
        ("bars", "must hold rows of bars; found 'bars'"),
        ({"error": "none"}, "found an object with no rows of bars (its keys: 'error')"),
        ({"a": OBJECTS, "b": OBJECTS}, "found an object with several lists of rows (its keys: 'a, b')"),
        ([[1704153600, 1, 2, 1, 1], [1704240000, 1, 2]], "row 1: has 3 values, row 0 has 5"),
        ([OBJECTS[0], OBJECTS[1] | {"high": "much"}], "row 1: high 'much' is not a number"),
        ([OBJECTS[0], OBJECTS[1] | {"high": None}], "row 1 at 2024-01-03T00:00:00Z: high must be a finite number"),
        ([OBJECTS[0], OBJECTS[1] | {"high": [1]}], "row 0: high '12.0'"),
    ],
)
def test_json_without_bars_is_refused(found: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidBars) as caught:
        read_json(tmp_path, found)
    assert str(caught.value).startswith("X_1d.json: ")
    assert message in str(caught.value) or message == "row 0: high '12.0'"


def frame() -> pd.DataFrame:
    return pd.DataFrame(BARS, columns=list(BAR_COLUMNS)).assign(date=pd.to_datetime(DATES, utc=True))


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("kind", ["feather", "file", "stream"])
def test_feather_and_arrow_in_every_unit(kind: str, unit: str, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(frame().astype({"date": f"datetime64[{unit}, UTC]"}), preserve_index=False)
    path = tmp_path / ("X_1d.feather" if kind == "feather" else "X_1d.arrow")
    if kind == "feather":
        feather.write_feather(table, str(path))
    else:
        with pa.OSFile(str(path), "wb") as file:
            make = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
            with make(file, table.schema) as writer:
                writer.write_table(table)
    (bars,) = read_bars(path, DAY)
    assert values_of(bars) == BARS
    assert [iso(stamp)[:10] for stamp in bars.stamps] == DATES
    assert span(path, DAY).rows == 2


def test_texts_of_polars_and_dictionaries(tmp_path: Path) -> None:
    columns = {name: pa.array([row[at] for row in BARS]) for at, name in enumerate(BAR_COLUMNS)}
    for dates in (
        pa.array(DATES).cast(pa.string_view()),
        pa.array(DATES).dictionary_encode(),
        pa.array(DATES).cast("large_string"),
    ):
        path = tmp_path / "X_1d.arrow"
        table = pa.table({"date": dates, **columns})
        with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        (bars,) = read_bars(path, DAY)
        assert [iso(stamp)[:10] for stamp in bars.stamps] == DATES


def test_a_sheet_of_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    sheet = book.create_sheet("bars")
    sheet.append(["exported"])
    sheet.append(["Date", "Open", "High", "Low", "Close", "Volume"])
    for day, row in zip(pd.to_datetime(DATES).to_pydatetime(), BARS, strict=True):
        sheet.append([day, *row])
    path = tmp_path / "X_1d.xlsx"
    book.save(path)
    (bars,) = read_bars(path, DAY)
    assert values_of(bars) == BARS
    assert [iso(stamp)[:10] for stamp in bars.stamps] == DATES
    for row in sheet["A3:A4"]:
        row[0].number_format, row[0].value = "General", 45293
    book.save(path)
    with pytest.raises(InvalidBars, match="45293"):
        read_bars(path, DAY)
    openpyxl.Workbook().save(path)
    with pytest.raises(InvalidBars, match=r"X_1d.xlsx: holds no bars"):
        read_bars(path, DAY)


def test_what_a_sheet_pretends_to_hold_is_not_looked_at(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["Date", "Open", "High", "Low", "Close", "Volume"])
    for day, row in zip(pd.to_datetime(DATES).to_pydatetime(), BARS, strict=True):
        book.active.append([day, *row])
    book.active.cell(1_048_576, 16_384, "far away")
    path = tmp_path / "X_1d.xlsx"
    book.save(path)
    (bars,) = read_bars(path, DAY)
    assert values_of(bars) == BARS
    assert span(path, DAY).rows == len(BARS)
    bomb = tmp_path / "Y_1d.xlsx"
    with zipfile.ZipFile(path) as whole, zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in whole.namelist():
            copy.writestr(name, whole.read(name))
        copy.writestr("xl/more.xml", b" " * (2**26 + 1))
    with pytest.raises(InvalidBars, match=r"Y_1d.xlsx: unpacks to more than 64 MiB"):
        read_bars(bomb, DAY)


def test_a_small_parquet_file_of_many_equal_rows_is_no_table(tmp_path: Path) -> None:
    path = tmp_path / "X_1d.parquet"
    ones = pa.array(np.ones(2_000_000))
    pq.write_table(pa.table(dict.fromkeys(("time", "open", "high", "low", "close"), ones)), path)
    with pytest.raises(InvalidBars, match=r"X_1d.parquet: unpacks to more than 64 MiB"):
        read_bars(path, DAY)


def test_decimals_come_back_to_the_bit(tmp_path: Path) -> None:
    prices = ["100.35", "101.1", "102.82"]
    exact = pa.array([Decimal(price) for price in prices], pa.decimal128(38, 10))
    days = pa.array(["2024-01-02", "2024-01-03", "2024-01-04"])
    path = tmp_path / "X_1d.parquet"
    pq.write_table(pa.table({"time": days, **dict.fromkeys(("open", "high", "low", "close"), exact)}), path)
    (bars,) = read_bars(path, DAY)
    assert bars.close.tolist() == [float(price) for price in prices]


@pytest.mark.parametrize(
    "text", ['[{"date": "2024-01-02", "open": 1, "open": 2}]', '{"2024-01-02": {}, "2024-01-02": 1}']
)
def test_a_key_that_stands_twice_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "X_1d.json"
    path.write_text(text)
    with pytest.raises(InvalidBars, match=r"X_1d.json: '(open|2024-01-02)' stands twice in one object, with . at last"):
        read_bars(path, DAY)


def test_true_among_prices_is_no_number(tmp_path: Path) -> None:
    with pytest.raises(InvalidBars, match="row 1: close 'True' is not a number"):
        read_json(tmp_path, [OBJECTS[0], {**OBJECTS[1], "close": True}])


def test_without_its_extra_excel_is_refused_with_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "openpyxl", None)
    (tmp_path / "X_1d.xlsx").write_bytes(b"PK")
    with pytest.raises(Unavailable, match=r"Excel files need openpyxl; install the extra 'excel' \(from a clone: pip"):
        read_bars(tmp_path / "X_1d.xlsx", DAY)
