"""Texts with what people leave in them: lines before, between and after the bars, encodings, pages."""

from __future__ import annotations

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ktrdr.adapters.data.any_file import read_bars
from ktrdr.adapters.data.spans import span
from ktrdr.domain.errors import InvalidBars, InvalidInput
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.reading import Reading, Stated
from ktrdr.domain.market.timeframe import Timeframe

DAY = Stated("X", Timeframe("1d"))
HEADER = "Date,Open,High,Low,Close,Volume\n"
BODY = "2024-01-02,10.5,12,10,11.25,1200\n2024-01-03,11.25,11.5,9.75,10,800\n"
BARS = [[10.5, 12.0, 10.0, 11.25, 1200.0], [11.25, 11.5, 9.75, 10.0, 800.0]]


def read(folder: Path, text: str | bytes, name: str = "X_1d.csv", stated: Stated = DAY) -> Bars:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    (bars,) = read_bars(path, stated)
    return bars


def values_of(bars: Bars) -> list[list[float]]:
    return [list(row) for row in zip(*(getattr(bars, name).tolist() for name in BAR_COLUMNS), strict=True)]


def understood(bars: Bars) -> Reading:
    assert bars.reading is not None
    return bars.reading


@pytest.mark.parametrize(
    ("text", "remark"),
    [
        ("# from somewhere\n\nexported 2024\n" + HEADER + BODY, None),
        (HEADER + BODY + "\nData without warranty by Example Ltd\n", "the line 'Data without warranty by Example Ltd'"),
        (HEADER + BODY[:33] + HEADER + BODY[33:], "row 1 is a header once more and is left out"),
        (HEADER + BODY + ",,,,,\n", "row 2 has no values and is left out"),
        (
            HEADER + BODY[:33] + "2024-01-02,null,null,null,null,null\n" + BODY[33:],
            "row 1 has no values and is left out",
        ),
        (HEADER + BODY + BODY[33:], "row 2 repeats the row before and is left out"),
        (HEADER + BODY[33:] + BODY[:33], None),
        ('"Date","Open","High","Low","Close","Volume"\n' + BODY, None),
    ],
)
def test_what_is_no_bar_is_left_out_and_said(text: str, remark: str | None, tmp_path: Path) -> None:
    bars = read(tmp_path, text)
    assert values_of(bars) == BARS
    assert [remark] if remark else [said[: len(remark or "")] for said in understood(bars).remarks] == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEADER + BODY[:33] + "an odd line\n" + BODY[33:], "row 1: not a table of 6 columns; found 1 in 'an odd line'"),
        (HEADER + BODY[:33] + "2024-01-03,1,2\n", "row 1: not a table of 6 columns; found 3 in '2024-01-03,1,2'"),
        (HEADER + BODY.replace("1200", "1200,"), "row 0: not a table of 6 columns; found 7 in"),
        (HEADER + ",USD,USD,USD,USD,\n" + BODY, "row 0: open 'USD' is not a number"),
        (HEADER + BODY.replace(",800", ","), "row 1 at 2024-01-03T00:00:00Z: volume must be a finite number"),
        ("<!DOCTYPE html>\n<html>Open High Low</html>\n", "holds a page in place of bars; it begins with '<!DOCTYPE"),
        ("", "no header with the names of the columns"),
        (b"\x00\x01\x02" * 99, "no header with the names"),
        (b"Date\x00" + HEADER.encode(), "not a text file"),
        (HEADER + BODY + BODY[:33], "row 2 at 2024-01-02T00:00:00Z: time stamps must ascend and be unique"),
        (
            HEADER + BODY[33:] + BODY[:33] + BODY[:33].replace("01-02", "01-01") + BODY[:33].replace("01-02", "01-09"),
            "row 3 at 2024-01-09T00:00:00Z: rows come from new to old, but this one stands after 2024-01-01T00:00:00Z",
        ),
    ],
)
def test_what_cannot_be_told_is_refused_with_row_and_text(text: str | bytes, message: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidBars) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith("X_1d.csv: ")
    assert message in str(caught.value)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "latin-1"])
def test_encodings_and_other_languages(encoding: str, tmp_path: Path) -> None:
    text = "Datum;Eröffnung;Hoch;Tief;Schlusskurs;Stücke\n" + BODY.replace(",", ";").replace(".", ",")
    bars = read(tmp_path, text.encode(encoding))
    assert values_of(bars) == BARS
    assert (understood(bars).delimiter, understood(bars).decimal_mark) == (";", ",")


def test_a_letter_of_another_encoding_far_from_the_header(tmp_path: Path) -> None:
    body = "".join(f"2{year:03}-01-02,1,2,1,1,5,{'é' if year == 900 else 'e'}\n" for year in range(1, 250))
    assert len(read(tmp_path, (HEADER.strip() + ",Note\n" + body).encode("latin-1"))) == 249


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("quote", ["", '"'])
def test_delimiters_and_quotes_do_not_count(mark: str, quote: str, tmp_path: Path) -> None:
    lines = [mark.join(f"{quote}{cell}{quote}" for cell in line.split(",")) for line in (HEADER + BODY).splitlines()]
    assert values_of(read(tmp_path, "\n".join(lines))) == BARS


@pytest.mark.parametrize("mark", [";", "\t", "|"])
def test_three_decimals_between_other_marks_may_be_thousands(mark: str, tmp_path: Path) -> None:
    row = ["2024-01-02", "144.065", "144.090", "144.000", "144.010", "1200"]
    with pytest.raises(InvalidBars, match=r"row 0: open '144.065' can be read in two ways"):
        read(tmp_path, HEADER.replace(",", mark) + mark.join(row) + "\n")
    assert read(tmp_path, HEADER + ",".join(row) + "\n").open.tolist() == [144.065]
    row[5] = "1200.5"
    assert read(tmp_path, HEADER.replace(",", mark) + mark.join(row) + "\n").open.tolist() == [144.065]


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_stated_decimal_mark_counts(mark: str, quote: str, tmp_path: Path) -> None:
    row = ["2024-01-02", "144.065", "144.090", "144.000", "144.010", "1200"]
    text = HEADER.replace(",", mark) + mark.join(f"{quote}{cell}{quote}" for cell in row) + "\n"
    assert read(tmp_path, text, stated=replace(DAY, decimal_mark=".")).open.tolist() == [144.065]
    assert read(tmp_path, text, stated=replace(DAY, decimal_mark=",")).open.tolist() == [144065.0]
    with pytest.raises(InvalidBars, match=r"row 0: open '144.06' is not a number, with a decimal comma"):
        read(tmp_path, text.replace("144.065", "144.06"), stated=replace(DAY, decimal_mark=","))
    with pytest.raises(InvalidInput, match=r"the decimal mark must be . or , ; found 'x'"):
        read(tmp_path, text, stated=replace(DAY, decimal_mark="x"))


def test_a_column_of_volume_without_any_is_none(tmp_path: Path) -> None:
    bars = read(tmp_path, HEADER + "2024-01-02,1,2,1,1,-\n2024-01-03,1,2,1,1,N/A\n")
    assert bars.volume.tolist() == [0.0, 0.0]
    assert understood(bars).remarks == ("the column of volume is empty, so there is none",)


def packed(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in members.items():
            archive.writestr(name.replace("_", "."), text)
    return path


def test_the_one_table_of_an_archive_is_read_and_the_rest_is_named(tmp_path: Path) -> None:
    report = "Report of EURUSD, January 2024\nGap of 61s found between 20240101170212 and 20240101170313.\n"
    path = packed(tmp_path / "X.zip", a_csv="20240102 170000;1.1;1.2;1.0;1.1;0\n", a_txt=report, read_md="{}")
    (bars,) = read_bars(path, Stated("X", Timeframe("1m")))
    assert (len(bars), bars.open[0], bars.close[0]) == (1, 1.1, 1.1)
    assert "a.txt, read.md beside a.csv in the archive is not read" in understood(bars).remarks
    (bars,) = read_bars(packed(tmp_path / "X.zip", a_txt=report, b_txt=HEADER + BODY), DAY)
    assert len(bars) == len(BODY.splitlines())
    for one, text in (("a.txt", report), ("a.csv", HEADER + BODY)):
        unclear = packed(tmp_path / "X.zip", **{one: text, "b.txt": text})
        with pytest.raises(InvalidBars, match=f"X.zip: must hold exactly one table; found {one}, b.txt; unpack"):
            read_bars(unclear, DAY)


def test_archives_hold_one_file_and_are_no_bombs(tmp_path: Path) -> None:
    path = tmp_path / "X.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", HEADER + BODY)
        archive.writestr("b.csv", HEADER + BODY)
    with pytest.raises(InvalidBars, match=r"must hold exactly one table; found a.csv, b.csv; unpack the right one"):
        read_bars(path, DAY)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", HEADER + " " * (2**26 + 1))
    with pytest.raises(InvalidBars, match="unpacks to more than 64 MiB"):
        read_bars(path, DAY)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.exe", "MZ")
    with pytest.raises(InvalidInput, match=r"X.zip: a.exe: files of this kind \('.exe'\) are not read \(known: .csv"):
        read_bars(path, DAY)
    for name in ("X_1d.zip", "X_1d.csv.gz"):
        with pytest.raises(InvalidBars, match=f"{name}: not a whole (zip|gzip) file"):
            read(tmp_path, "no archive", name)


def test_a_row_without_anything_is_left_out_wherever_it_is_looked_at(tmp_path: Path) -> None:
    bars = read(tmp_path, HEADER + BODY + ",,,,,\n")
    assert len(bars) == span(next(tmp_path.iterdir()), DAY).rows == len(BODY.splitlines())


def test_a_layout_without_header_is_refused_for_a_file_with_one(tmp_path: Path) -> None:
    with pytest.raises(InvalidBars, match="is not of the layout mt4, which has no header; found"):
        read(tmp_path, HEADER + BODY, stated=replace(DAY, layout="mt4"))


def test_a_note_beside_the_bars_of_an_archive_is_named_and_not_read(tmp_path: Path) -> None:
    path = tmp_path / "X.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("X/", "X/x.csv", "X/x.txt", "X/.DS_Store", "__MACOSX/X/._x.csv"):
            archive.writestr(name, HEADER + BODY if name == "X/x.csv" else "Gap of 5s found" * (name[-1] != "/"))
    (bars,) = read_bars(path, DAY)
    assert len(bars) == len(BODY.splitlines())
    assert understood(bars).remarks == ("X/x.txt beside X/x.csv in the archive is not read",)


@pytest.mark.parametrize("late", [0, 5000])
def test_whole_numbers_beside_three_decimals_may_be_thousands(late: int, tmp_path: Path) -> None:
    """`977` beside `1.002`: either thousands, or a price that falls a thousandfold."""
    days = [str(np.datetime64("2001-01-01") + day) for day in range(late + 2)]
    rows = [f"{day},1.002,1.003,1.001,1.002,5\n" for day in days[1:]]
    with pytest.raises(InvalidBars, match=r"row 0: open '1.002' can be read in two ways"):
        read(tmp_path, HEADER + "".join(rows) + "2030-01-01,977,980,970,975,5\n")
    bars = read(tmp_path, HEADER + "".join(rows) + "2030-01-01,977,980,970,975.5,5\n")
    assert bars.close[[0, -1]].tolist() == [1.002, 975.5]
    bars = read(tmp_path, HEADER + "".join(rows) + "2030-01-01,144.000,144.100,143.900,144.000,5\n")
    assert bars.close[[0, -1]].tolist() == [1.002, 144.0]
    with pytest.raises(InvalidBars, match=r"row 0: volume '3.801' can be read in two ways"):
        read(tmp_path, HEADER + f"{days[0]},1,1,1,1,3.801\n{days[1]},1,1,1,1,892\n")
