"""How bars were understood comes back from the file that they are kept in."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.data.kept_reading import noted, noted_reading
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.data.store import ParquetStore
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.reading import Reading
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

DAY = Timeframe("1d")
READING = Reading(
    "yahoo", "csv", ",", ".", "", "dates", "America/New_York", "stated", True, "splits", {"time": "Date"}, ("a",)
)


def bars(reading: Reading | None) -> Bars:
    ones = np.ones(3)
    return replace(Bars("A", DAY, 19_000 * NS_PER_DAY + NS_PER_DAY * np.arange(3), *[ones] * 5), reading=reading)


def test_it_is_loaded_with_the_bars_and_its_adjustment_is_a_fact_of_the_symbol(tmp_path: Path) -> None:
    ParquetStore(tmp_path).save(bars(READING))
    repository = repository_of("folder", tmp_path)
    assert repository.load("A", DAY).reading == READING
    assert repository.characteristics("A").adjustment == "splits"
    (tmp_path / "symbols.yaml").write_text(
        "A: {asset_class: stock, exchange: XNYS, calendar: XNYS, time_zone: America/New_York, adjustment: dividends}\n"
    )
    assert repository_of("folder", tmp_path).characteristics("A").adjustment == "dividends"


def test_where_nothing_is_noted_the_file_itself_is_understood(tmp_path: Path) -> None:
    ParquetStore(tmp_path).save(bars(None))
    reading = repository_of("folder", tmp_path).load("A", DAY).reading
    assert reading is not None
    assert (reading.kind, reading.adjustment) == ("parquet", "")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"7", b'{"reading": 7}', b'{"reading": {"remarks": 7}}'])
def test_what_nobody_can_read_does_not_stand_in_the_way_of_the_bars(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "A_1d.parquet"
    ParquetStore(tmp_path).save(bars(None))
    pq.write_table(pq.read_table(path).replace_schema_metadata({b"ktrdr": content}), path)
    loaded = repository_of("folder", tmp_path).load("A", DAY)
    assert len(loaded) == 3
    assert loaded.reading is not None
    assert loaded.reading.kind == "parquet"


TEXTS = st.text(max_size=5)


@given(
    st.builds(
        Reading,
        layout=TEXTS,
        delimiter=TEXTS,
        times=TEXTS,
        zone_from=st.sampled_from(["file", "stated", "assumed"]),
        newest_first=st.booleans(),
        adjustment=TEXTS,
        columns=st.dictionaries(TEXTS, TEXTS),
        remarks=st.lists(TEXTS).map(tuple),
    )
)
@settings(max_examples=examples(100))
def test_any_reading_comes_back(reading: Reading) -> None:
    assert noted_reading(noted(reading)) == reading
