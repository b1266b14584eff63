"""Series beside the bars: what a file may hold, and what counts from when."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ktrdr.adapters.data.context_folder import read_context
from ktrdr.domain.errors import DataNotFound, InvalidBars, Unavailable
from ktrdr.domain.market.bars import iso
from ktrdr.domain.market.context_series import ContextSeries


def write(folder: Path, text: str, name: str = "DGS10.csv") -> Path:
    path = folder / "context" / "fred" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def read(folder: Path, text: str) -> list[tuple[str, float]]:
    write(folder, text)
    series = read_context(folder, "fred", "DGS10")
    return [(iso(known), value) for known, value in zip(series.known_at, series.columns["close"], strict=True)]


def test_a_value_counts_from_its_publication(tmp_path: Path) -> None:
    text = "Known_At,series,VALUE\n2024-01-03T21:15:00Z,x,3.91\n2024-01-04 16:15:00-05:00,x,3.99\n"
    assert read(tmp_path, text) == [("2024-01-03T21:15:00Z", 3.91), ("2024-01-04T21:15:00Z", 3.99)]


@pytest.mark.parametrize("spelling", ["2024-01-31", "20240131"])
def test_a_date_counts_from_the_end_of_its_day(spelling: str, tmp_path: Path) -> None:
    assert read(tmp_path, f"known_at,value\n{spelling},1.5\n") == [("2024-02-01T00:00:00Z", 1.5)]
    assert read_context(tmp_path, "fred", "DGS10").dated


def test_a_date_among_moments_counts_from_the_end_of_its_own_day(tmp_path: Path) -> None:
    rows = "2024-01-30 08:00,1\n2024-01-31,2\n2024-02-01 09:00,3\n"
    known_at = ["2024-01-30T08:00:00Z", "2024-02-01T00:00:00Z", "2024-02-01T09:00:00Z"]
    assert read(tmp_path, f"known_at,value\n{rows}") == list(zip(known_at, (1.0, 2.0, 3.0), strict=True))
    assert read(tmp_path, 'known_at,value\n"Jan 31, 2024",1\n') == [("2024-02-01T00:00:00Z", 1.0)]


def test_a_parquet_date_counts_from_the_end_of_its_day_and_a_midnight_from_itself(tmp_path: Path) -> None:
    path = write(tmp_path, "").with_suffix(".parquet")
    days = pd.to_datetime(["2024-01-31", "2024-02-01"])
    pd.DataFrame({"known_at": days.date, "value": [1.0, 2.0]}).to_parquet(path)
    assert iso(read_context(tmp_path, "fred", "DGS10").known_at[0]) == "2024-02-01T00:00:00Z"
    pd.DataFrame({"known_at": days, "value": [1.0, 2.0]}).to_parquet(path)
    assert iso(read_context(tmp_path, "fred", "DGS10").known_at[0]) == "2024-01-31T00:00:00Z"


def test_a_revision_counts_from_its_own_publication_while_its_observation_is_the_newest(tmp_path: Path) -> None:
    rows = [
        "known_at,observation,value",
        "2024-02-13T13:30Z,2024-01-01,3.1",
        "2024-03-12T12:30Z,2024-01-01,3.0",
        "2024-03-12T12:30Z,2024-02-01,3.2",
        "2024-03-20T12:30Z,2024-01-01,2.9",
        "2024-03-28T12:30Z,2024-02-01,3.3",
        "2024-04-10T12:30Z,2024-03-01,3.5",
        "2024-04-10T12:30Z,2024-02-01,3.4",
    ]
    assert read(tmp_path, "\n".join(rows)) == [
        ("2024-02-13T13:30:00Z", 3.1),
        ("2024-03-12T12:30:00Z", 3.2),
        ("2024-03-28T12:30:00Z", 3.3),
        ("2024-04-10T12:30:00Z", 3.5),
    ]


@pytest.mark.parametrize(
    ("spelling", "zoneless"),
    [
        ("2024-01-03T21:15:00Z", False),
        ("2024-01-03 16:15:00-05:00", False),
        ("2024-01-03T21:15:00+0000", False),
        ("2024-01-03 21:15 UTC", False),
        ("2024-01-03", False),
        ("1704316500", False),
        ("1704316500000", False),
        ("2024-01-03T21:15:00", True),
        ("2024-01-03 21:15", True),
        ("03.01.2024 21:15", True),
        ("20240103211500", True),
    ],
)
def test_a_time_without_an_offset_is_noticed(spelling: str, zoneless: bool, tmp_path: Path) -> None:
    write(tmp_path, f"known_at,value\n{spelling},1.5\n")
    assert read_context(tmp_path, "fred", "DGS10").zoneless is zoneless


def test_an_observation_without_an_offset_is_noticed_too_and_so_is_a_naive_time_of_parquet(tmp_path: Path) -> None:
    path = write(tmp_path, "known_at,observation,value\n2024-01-03T21:15Z,2024-01-02T08:00,1.5\n")
    assert read_context(tmp_path, "fred", "DGS10").zoneless
    times = pd.to_datetime(["2024-01-31T12:00"])
    seconds, clock = np.array([1.7066e9]), np.array([20240131120000])
    kinds = ((True, times), (False, times.tz_localize("UTC")), (False, seconds), (False, seconds * 1e9), (True, clock))
    for zoneless, written in kinds:
        pd.DataFrame({"known_at": written, "value": [1.0]}).to_parquet(path.with_suffix(".parquet"))
        assert read_context(tmp_path, "fred", "DGS10").zoneless is zoneless


GOOD = "2024-01-03T21:00Z"
BAD = {
    "column 'known_at' is missing; found value": "value\n1\n",
    "there are no rows": "known_at,value\n",
    "row 1: known_at is missing": f"known_at,value\n{GOOD},1\n,2\n",
    "known_at: row 0: 'soon' is not a time": "known_at,value\nsoon,1\n",
    "known_at must not descend": f"known_at,value\n{GOOD},1\n2024-01-02T21:00Z,2\n",
    "known_at must ascend and be unique": f"known_at,value\n{GOOD},1\n{GOOD},2\n",
    "known_at and observation must not repeat": f"known_at,observation,value\n{GOOD},2024-01-01,1\n"
    f"{GOOD},2024-01-01,2\n",
    "known_at lies before its own observation": f"known_at,observation,value\n{GOOD},2024-01-05,1\n",
    "row 1: value 'high' is not a number": f"known_at,value\n{GOOD},1\n2024-01-04T21:00Z,high\n",
    "close must be a finite number": f"known_at,value\n{GOOD},inf\n",
    "row 0: value '.' is not a number": f"known_at,value\n{GOOD},.\n",
    "needs either 'value', or close": f"known_at,price\n{GOOD},1\n",
    "needs either 'value', or close ": f"known_at,value,close\n{GOOD},1,1\n",
    "needs either 'value', or close and any": f"known_at,high,low\n{GOOD},1,1\n",
    "high must not be below low": f"known_at,high,low,close\n{GOOD},1,2,1\n",
    "column 'value' is there twice": f"known_at,value,Value\n{GOOD},1,1\n",
    "not a whole csv file": "",
    "row 0, known at 2024-01-03T21:00:00Z: close must be a finite number": f"known_at,value\n{GOOD},nan\n",
}


@pytest.mark.parametrize(("rule", "text"), BAD.items(), ids=BAD.keys())
def test_what_breaks_a_rule_is_refused_with_file_and_rule(rule: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidBars) as caught:
        read(tmp_path, text)
    assert str(caught.value).startswith("context/fred/DGS10.csv: ")
    assert rule in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_parquet_is_refused_in_one_line(tmp_path: Path) -> None:
    write(tmp_path, "known_at", "DGS10.parquet")
    with pytest.raises(InvalidBars, match=r"^context/fred/DGS10\.parquet: not a whole parquet file"):
        read_context(tmp_path, "fred", "DGS10")


def test_a_file_that_cannot_be_read_is_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    write(tmp_path, "known_at,value\n")
    monkeypatch.setattr("pyarrow.csv.read_csv", refuse)
    with pytest.raises(Unavailable, match=r"DGS10\.csv: cannot be read \(Permission denied\)"):
        read_context(tmp_path, "fred", "DGS10")


@pytest.mark.parametrize("name", ["../../secret", "a/b", ".hidden", "EURO FX"])
def test_a_name_stays_one_file_in_its_folder(name: str, tmp_path: Path) -> None:
    write(tmp_path, "known_at,value\n2024-01-01T00:00Z,1\n", "../../../secret.csv") if ".." in name else None
    with pytest.raises(DataNotFound) as caught:
        read_context(tmp_path, "cftc_cot", name)
    assert repr(name) in str(caught.value)
    looked_for = str(caught.value).split(" looked for at ")[1].split(" or .csv")[0]
    assert Path(looked_for).parent == tmp_path / "context" / "cftc_cot"


def test_a_fingerprint_knows_every_value() -> None:
    known = np.array([1, 2, 3], dtype=np.int64)
    one, other, later = (
        ContextSeries("fred", "X", known + shift, {"close": np.array([1.0, 2.0, last])})
        for shift, last in ((0, 3.0), (0, 4.0), (1, 3.0))
    )
    prints = {series.fingerprint().sha256 for series in (one, other, later)}
    assert len(prints) == 3
    assert (one.fingerprint().symbol, one.fingerprint().timeframe, one.fingerprint().rows) == ("fred/X", "context", 3)


def test_columns_must_be_known_and_of_one_length() -> None:
    known = np.array([1, 2], dtype=np.int64)
    with pytest.raises(InvalidBars, match="needs close"):
        ContextSeries("fred", "X", known, {"open": np.ones(2)})
    with pytest.raises(InvalidBars, match="close has 3 values for 2 rows"):
        ContextSeries("fred", "X", known, {"close": np.ones(3)})
