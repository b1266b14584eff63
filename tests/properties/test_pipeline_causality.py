"""Law 2 through the whole preparation: resampling, alignment and features of several timeframes together."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.data_repository import MemoryRepository
from ktrdr.application.preparing.market_data import gather
from ktrdr.application.preparing.rows import compute_features
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import Strategy
from ktrdr.domain.strategy.reading.parse import parse

FINEST = Timeframe("5m")
DOCUMENT: dict[str, Any] = {
    "name": "causal",
    "training_data": {
        "symbols": "X",
        "timeframes": {"mode": "multi_timeframe", "list": ["15m", "5m", "1h", "1d"], "base_timeframe": "15m"},
    },
    "indicators": {
        "fast": {"type": "roc", "period": 2},
        "rsi": {"type": "rsi", "period": 3},
        "ma": {"type": "ema", "period": 3},
    },
    "fuzzy_sets": {"rsi": {"indicator": "rsi", "low": [0, 25, 50], "high": [50, 75, 100]}},
    "nn_inputs": [{"fuzzy_set": "rsi"}, {"raw_indicator": "fast"}, {"raw_indicator": "ma"}],
    "model": {
        "type": "mlp",
        "features": {
            "include_price_context": True,
            "include_volume_context": True,
            "include_time_context": True,
            "include_session_context": True,
            "lookback_periods": 2,
        },
    },
    "decisions": {},
    "training": {},
}


@cache
def strategy() -> Strategy:
    return parse(DOCUMENT)


@cache
def fine_bars(symbol: str) -> Bars:
    bars = repository_of("simulated").load(symbol, FINEST)
    sessions_of_bars = bars.sessions.locate(bars.stamps, FINEST) if bars.sessions is not None else None
    assert sessions_of_bars is not None
    return bars.take(sessions_of_bars < sessions_of_bars[0] + 12)


def prepare(bars: Bars) -> FeatureMatrix:
    market = gather(MemoryRepository([bars]), strategy().training_data, bars.symbol)
    return compute_features(TalibFeatureEngineer(), resolve(strategy()), market)


@cache
def whole(symbol: str) -> FeatureMatrix:
    return prepare(fine_bars(symbol))


def same_until(one: FeatureMatrix, other: FeatureMatrix, moment: int) -> int:
    """Assert that rows known by `moment` are bit-identical; return how many there are."""
    first, second = (matrix.take(matrix.known_at <= moment) for matrix in (one, other))
    np.testing.assert_array_equal(first.stamps, second.stamps)
    np.testing.assert_array_equal(first.known_at, second.known_at)
    assert first.values.tobytes() == second.values.tobytes()
    return len(first)


@pytest.mark.parametrize("symbol", ["SIM_STOCK", "SIM_FOREX", "SIM_CRYPTO"])
@settings(max_examples=examples(25))
@given(data=st.data())
def test_the_first_bars_alone_give_the_first_rows(symbol: str, data: st.DataObject) -> None:
    bars = fine_bars(symbol)
    count = data.draw(st.integers(len(bars) * 3 // 4, len(bars) - 1))
    prefix = bars.take(slice(0, count))
    assert same_until(whole(symbol), prepare(prefix), int(prefix.known_at[-1])) > 50


@pytest.mark.parametrize("symbol", ["SIM_STOCK", "SIM_FOREX", "SIM_CRYPTO"])
@settings(max_examples=examples(25))
@given(data=st.data())
def test_later_bars_may_be_anything(symbol: str, data: st.DataObject) -> None:
    bars = fine_bars(symbol)
    count = data.draw(st.integers(len(bars) * 3 // 4, len(bars) - 1))
    factor = data.draw(st.floats(0.01, 100))
    spoiled = {name: getattr(bars, name).copy() for name in BAR_COLUMNS}
    for values in spoiled.values():
        values[count:] = np.abs(values[count:] * factor) + 1
    spoiled["high"] = np.maximum(spoiled["high"], spoiled["low"])
    moment = int(bars.known_at[count - 1])
    assert same_until(whole(symbol), prepare(replace(bars, **spoiled)), moment) > 50


def test_each_timeframe_contributes_its_latest_known_bar() -> None:
    """Against a plain loop over rows, with pandas' own resampling of one session-less day after another."""
    bars = fine_bars("SIM_CRYPTO")
    market = gather(MemoryRepository([bars]), strategy().training_data, bars.symbol)
    matrix = compute_features(TalibFeatureEngineer(), resolve(strategy()), market)
    frame = bars.to_frame().set_index("timestamp")
    hourly = frame["close"].resample("1h").last()
    change = hourly.pct_change(2) * 100
    column = matrix.ids.index("1h_fast_raw")
    for row in range(0, len(matrix), 97):
        moment = np.datetime64(int(matrix.known_at[row]), "ns")
        known = change[(change.index + np.timedelta64(1, "h")).tz_localize(None).to_numpy() <= moment]
        assert matrix.values[row, column] == pytest.approx(known.iloc[-1], rel=1e-5, abs=1e-6)
