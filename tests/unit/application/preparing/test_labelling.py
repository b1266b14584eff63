"""Labels as the use cases make them: the other symbol's bars loaded, recorded and named."""

from dataclasses import replace

import numpy as np
import pytest
from samples.documents import changed
from samples.prepared import prepare_one, prepare_pool

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.strategy.reading.parse import parse

MINUTES = 5 * 60 * 10**9


def walk(symbol, timeframe, step, n, seed=0, scale=0.002, first=0):
    close = 30 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, scale, n)))
    opens = np.append(30.0, close[:-1])
    high, low = np.maximum(opens, close) * 1.0005, np.minimum(opens, close) * 0.9995
    stamps = np.int64(18_000) * NS_PER_DAY + first + np.arange(n, dtype=np.int64) * step
    return Bars(
        symbol, Timeframe(timeframe), stamps, opens, high, low, close, np.full(n, 100.0), source=f"{symbol}.csv"
    )


PRICES = walk("X", "5m", MINUTES, 4000)
HOURLY = walk("^VIX", "1h", 12 * MINUTES, 400, seed=1, scale=0.02)
DAILY = walk("^VIX", "1d", NS_PER_DAY, 20, seed=2, scale=0.05)
FINE = walk("^VIX", "5m", MINUTES, 4000, seed=3)


def strategy_of(**labels):
    document = changed("training_data.symbols", "X")
    given = labels if "source" in labels else {"source": "market_regime", "slow": 60, **labels}
    return parse(changed("training.labels", given, document))


def prepared_of(*others, **labels):
    return prepare_one(MemoryRepository([PRICES, *others]), TalibFeatureEngineer(), strategy_of(**labels), "X")


@pytest.mark.parametrize(
    ("others", "timeframe"), [([DAILY], "1d"), ([DAILY, HOURLY], "1h"), ([DAILY, HOURLY, FINE], "5m")]
)
def test_the_index_is_read_in_the_base_timeframe_or_the_finest_there_is(others, timeframe):
    prepared = prepared_of(*others)
    assert [(item.symbol, item.timeframe) for item in prepared.market.loaded] == [("X", "5m"), ("^VIX", timeframe)]
    (note,) = (note for note in prepared.notes if note.startswith("labels:"))
    assert f"^VIX ({timeframe}, ^VIX.csv) decides" in note


def test_without_an_index_realised_volatility_stands_in_and_is_said():
    prepared = prepared_of()
    assert [item.symbol for item in prepared.market.loaded] == ["X"]
    assert any("no bars of ^VIX" in note for note in prepared.notes)
    other = prepared_of(HOURLY, vol_symbol="^VXN")
    assert any("no bars of ^VXN" in note for note in other.notes)


def test_the_index_decides_labels_and_its_fingerprint():
    calm = prepared_of(HOURLY, high=1000.0)
    wild = prepared_of(HOURLY, high=1.0)
    assert calm.only.labels.class_shares()["high_volatility"] == 0
    assert wild.only.labels.class_shares()["high_volatility"] == 1
    shifted = prepared_of(replace(HOURLY, close=HOURLY.close * 1.0001, high=HOURLY.high * 1.01))
    prints = [item.market.loaded[1].sha256 for item in (calm, wild, shifted)]
    assert prints[0] == prints[1] != prints[2]


def test_the_index_is_read_over_the_strategys_span_only():
    document = changed("training_data.symbols", "X")
    document = changed("training_data.end_date", "2019-04-24", document)
    document = changed("training.labels", {"source": "market_regime", "slow": 60}, document)
    prepared = prepare_one(MemoryRepository([PRICES, HOURLY]), TalibFeatureEngineer(), parse(document), "X")
    own, other = prepared.market.loaded
    assert own.last < "2019-04-25"
    assert other.last < "2019-04-25"
    assert other.rows < len(HOURLY)


SHORT = walk("^VIX", "1h", 12 * MINUTES, 100, seed=1, scale=0.02, first=-11 * NS_PER_DAY)
"""Ends seven days before the prices begin."""


def test_too_few_labels_for_want_of_the_index_name_it_and_both_spans():
    with pytest.raises(InvalidInput, match="labelled rows are too few") as caught:
        prepared_of(SHORT)
    assert str(caught.value).endswith(
        "of 4,000 bars (2019-04-14T00:00:00Z to 2019-04-27T21:15:00Z) have no label for want of a fresh value of "
        "^VIX: ^VIX.csv (1h) goes from 2019-04-03T00:00:00Z to 2019-04-07T03:00:00Z"
    )


def test_a_pool_names_the_index_with_each_symbol_that_lacks_it():
    data = MemoryRepository([PRICES, replace(PRICES, symbol="Y"), SHORT])
    with pytest.raises(InvalidInput, match=r"; X: 3,\d\d\d of 4,000 bars .* of \^VIX: .*; Y: 3,\d\d\d of 4,000 bars"):
        prepare_pool(data, TalibFeatureEngineer(), strategy_of(), ["X", "Y"])


def test_too_few_labels_for_want_of_events_say_how_many_there_are():
    with pytest.raises(InvalidInput, match=r"too few .*; the CUSUM filter selects 18 of 4,000 bars"):
        prepared_of(source="triple_barrier", cusum_threshold=0.04)
