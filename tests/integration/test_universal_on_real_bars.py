"""Pools of real bars: many stocks, currencies that trade alike, and a stock beside a coin that never sleeps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from dependency_injector import providers
from samples.documents import changed
from samples.prepared import prepare_pool

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.model_storage import MemoryStorage
from ktrdr.adapters.memory.model_trainer import PriorTrainer
from ktrdr.application.preparing.pool import Prepared
from ktrdr.application.use_cases.train import TrainingRequest
from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.labelset import NO_LABEL
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse
from ktrdr.domain.training.request import Mode
from ktrdr.entrypoints.container import make_container

BARS = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(
    not BARS.is_dir(), reason="the developers' real market data is not here (../shared/data)"
)
STOCKS = (
    "AAPL", "BAC", "COP", "CVX", "GOOGL", "GS", "HD", "JNJ", "JPM", "MCD", "META", "MSFT", "NKE", "NVDA", "PFE", "SPY",
    "UNH", "V", "WMT", "XOM",
)  # fmt: skip
POOLS = {
    "1d": STOCKS,
    "1h": ("EURUSD", "GBPUSD", "USDJPY"),
    "5m": ("AAPL", "BTCUSDT"),
}


def document(timeframe: str, **data: Any) -> dict[str, Any]:
    written = changed("training_data", {"symbols": list(POOLS[timeframe]), "timeframes": timeframe} | data)
    written["indicators"] = {"rsi_a": {"type": "rsi"}, "roc_a": {"type": "roc"}}
    written["fuzzy_sets"] = {"rsi": {"indicator": "rsi_a", "low": [0, 20, 40], "high": [60, 80, 100]}}
    written["nn_inputs"] = [{"fuzzy_set": "rsi"}, {"raw_indicator": "roc_a", "normalization": "zscore"}]
    written["training"]["labels"] = {"source": "direction", "horizon": 5, "neutral_band": 0.002}
    return written


@pytest.fixture(scope="module", params=POOLS)
def prepared(request: pytest.FixtureRequest) -> tuple[str, Prepared]:
    strategy, data = parse(document(request.param)), repository_of("folder", BARS)
    pool = prepare_pool(data, TalibFeatureEngineer(), strategy, POOLS[request.param])
    return request.param, pool


def test_every_symbol_keeps_all_its_rows_and_its_own_labels(prepared: tuple[str, Prepared]) -> None:
    timeframe, found = prepared
    strategy, data, pool = parse(document(timeframe)), repository_of("folder", BARS), found.pool
    for symbol in POOLS[timeframe]:
        bars = data.load(symbol, Timeframe(timeframe))
        rows = pool.rows_of(symbol)
        warm = len(bars) - (rows.stop - rows.start)
        assert warm < 20
        np.testing.assert_array_equal(pool.stamps[rows], bars.stamps[warm:])
        own = label(bars, strategy.labels.source, strategy.labels.parameters, {})
        np.testing.assert_array_equal(pool.label_end[rows] != NO_LABEL, own.defined[warm:])
        defined = np.flatnonzero(own.defined[warm:])
        np.testing.assert_array_equal(pool.labels_of(rows)[defined], own.values[warm:][defined])


def test_no_train_row_of_any_symbol_looks_past_the_cut(prepared: tuple[str, Prepared]) -> None:
    timeframe, found = prepared
    pool, split, data = found.pool, found.split, repository_of("folder", BARS)
    assert set(found.seen) == set(POOLS[timeframe])
    for symbol in POOLS[timeframe]:
        known_at = data.load(symbol, Timeframe(timeframe)).known_at
        for name, limit in (("train", split.cuts[0]), ("validation", split.cuts[1])):
            rows = split.of(pool.rows_of(symbol), name)
            ends = known_at[pool.base_rows[rows].astype(np.int64) + 5]  # the label's horizon
            assert (ends < limit).all()


def test_hours_in_common_are_those_of_the_stock() -> None:
    data = repository_of("folder", BARS)
    strategy = parse(document("5m", alignment="common_hours"))
    found = prepare_pool(data, TalibFeatureEngineer(), strategy, POOLS["5m"], calendar=sessions_for)
    pool = found.pool
    learnt = {symbol: pool.known_at[found.split.of(pool.rows_of(symbol), "train")] for symbol in POOLS["5m"]}
    stock = pool.known_at[pool.rows_of("AAPL")]
    within = learnt["BTCUSDT"] >= stock[0]
    assert within.sum() > 1000
    assert np.isin(learnt["BTCUSDT"][within], stock).all()
    local = pd.to_datetime(learnt["BTCUSDT"][~within], utc=True).tz_convert("America/New_York")
    minutes = local.hour * 60 + local.minute
    assert ((local.day_of_week < 5) & (minutes > 9 * 60 + 30) & (minutes <= 16 * 60)).all()
    assert not {"2024-07-04", "2024-12-25", "2025-01-01"} & set(local.strftime("%Y-%m-%d"))
    (note,) = [text for text in found.notes if "common_hours keeps" in text]
    assert "BTCUSDT" in note


def test_twenty_stocks_are_published_and_judged() -> None:
    container = make_container()
    container.data_repository.override(providers.Object(repository_of("folder", BARS)))
    container.model_storage.override(providers.Object(MemoryStorage()))
    container.model_trainer.override(providers.Object(PriorTrainer()))
    request = TrainingRequest(parse(document("1d")), importance=False, mode=Mode.UNIVERSAL, hold_out=("JNJ", "NVDA"))
    (model,) = container.training_orchestrator().execute(request).models
    rows = model.report["by_symbol"]["symbols"]
    assert {row["symbol"] for row in rows if not row["seen"]} == {"JNJ", "NVDA"}
    assert len(rows) == 20
    assert all(row["baseline"]["interval"] is not None and "loss" in row["alone"] for row in rows)
