"""Labels as the use cases make them: the other symbol's bars loaded, recorded and named."""

from dataclasses import replace

import numpy as np
import pytest
from samples.documents import changed

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.preparing.rows import prepare
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe
from ktrdr.domain.strategy.reading.parse import parse

MINUTES = 5 * 60 * 10**9


def walk(symbol, timeframe, step, n, seed=0, scale=0.002):
    close = 30 * np.exp(np.cumsum(np.random.default_rng(seed).normal(0, scale, n)))
    opens = np.append(30.0, close[:-1])
    high, low = np.maximum(opens, close) * 1.0005, np.minimum(opens, close) * 0.9995
    stamps = np.int64(18_000) * NS_PER_DAY + np.arange(n, dtype=np.int64) * step
    return Bars(
        symbol, Timeframe(timeframe), stamps, opens, high, low, close, np.full(n, 100.0), source=f"{symbol}.csv"
    )


PRICES = walk("X", "5m", MINUTES, 4000)
HOURLY = walk("^VIX", "1h", 12 * MINUTES, 400, seed=1, scale=0.02)
DAILY = walk("^VIX", "1d", NS_PER_DAY, 20, seed=2, scale=0.05)
FINE = walk("^VIX", "5m", MINUTES, 4000, seed=3)


def strategy_of(**labels):
    document = changed("training_data.symbols", "X")
    return parse(changed("training.labels", {"source": "market_regime", "slow": 60, **labels}, document))


def prepared_of(*others, **labels):
    return prepare(MemoryRepository([PRICES, *others]), TalibFeatureEngineer(), strategy_of(**labels), "X")


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
    assert calm.labels.class_shares()["high_volatility"] == 0
    assert wild.labels.class_shares()["high_volatility"] == 1
    shifted = prepared_of(replace(HOURLY, close=HOURLY.close * 1.0001, high=HOURLY.high * 1.01))
    prints = [item.market.loaded[1].sha256 for item in (calm, wild, shifted)]
    assert prints[0] == prints[1] != prints[2]


def test_the_index_is_read_over_the_strategys_span_only():
    document = changed("training_data.symbols", "X")
    document = changed("training_data.end_date", "2019-04-24", document)
    document = changed("training.labels", {"source": "market_regime", "slow": 60}, document)
    prepared = prepare(MemoryRepository([PRICES, HOURLY]), TalibFeatureEngineer(), parse(document), "X")
    own, other = prepared.market.loaded
    assert own.last < "2019-04-25"
    assert other.last < "2019-04-25"
    assert other.rows < len(HOURLY)
