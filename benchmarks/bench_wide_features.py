"""Preparing 32 features on two timeframes over 1,000,000 base bars: speed on one core, and memory beyond the bars.

Preparation is resampling to the second timeframe, every indicator and membership, alignment, the check of every value
and the hash of the contract. Memory is the highest sum of arrays alive at once during the preparation.
"""

from __future__ import annotations

import time
import tracemalloc

from bench_features import ROWS, walk

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.domain.features.contract import contract_hash, feature_contract
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.resolver import resolve
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.reading.parse import parse

TARGET = 1_000_000  # base bars a second on one core
MOST_MEMORY = 3.0  # times the finished matrix
ROUNDS = 5
THIRDS = {"low": [0, 20, 40], "middle": [30, 50, 70], "high": [60, 80, 100]}
STRATEGY = parse(
    {
        "name": "wide",
        "training_data": {
            "symbols": "WALK",
            "timeframes": {"mode": "multi_timeframe", "list": ["5m", "1h"], "base_timeframe": "5m"},
        },
        "indicators": {
            "rsi": {"type": "rsi"},
            "stoch": {"type": "stochastic"},
            "adx": {"type": "adx"},
            "mfi": {"type": "mfi"},
            "macd": {"type": "macd"},
            "atr": {"type": "atr"},
            "cci": {"type": "cci"},
        },
        "fuzzy_sets": {name: {"indicator": name, **THIRDS} for name in ("rsi", "stoch", "adx", "mfi")}
        | {"trend": {"indicator": "macd.histogram", "falling": [-1, -1, 0, 0.1], "rising": [-0.1, 0, 1, 1]}},
        "nn_inputs": [
            *({"fuzzy_set": name, "timeframes": "all"} for name in ("rsi", "stoch", "adx", "mfi", "trend")),
            {"raw_indicator": "atr", "timeframes": "all"},
            {"raw_indicator": "cci", "timeframes": "5m"},
            {"raw_indicator": "macd.line", "timeframes": "5m"},
        ],
        "model": {"type": "mlp"},
        "training": {},
        "decisions": {"output_format": "classification"},
    }
)
FEATURES = resolve(STRATEGY)


def prepare(bars: Bars) -> tuple[FeatureMatrix, str]:
    engineer = TalibFeatureEngineer()
    series = {"5m": bars, "1h": resample(bars, Timeframe("1h"))}
    matrix = engineer.engineer(FEATURES, series, "5m")
    return matrix, contract_hash(feature_contract(FEATURES, engineer.kernels(FEATURES)))


def seconds(bars: Bars) -> float:
    start = time.perf_counter()
    prepare(bars)
    return time.perf_counter() - start


def peak_memory(bars: Bars) -> int:
    tracemalloc.start()
    prepare(bars)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_wide_preparation(benchmark):
    bars = walk()
    matrix, _ = prepare(bars)
    assert matrix.values.shape[1] == 32
    speeds = [ROWS / seconds(bars) for _ in range(ROUNDS)]
    memory = peak_memory(bars) / matrix.values.nbytes
    print(
        f"\n32 features, 2 timeframes: {max(speeds):,.0f} base bars/s (at least {TARGET:,} is asked); "
        f"peak memory {memory:.2f}x the matrix (at most {MOST_MEMORY:g}x)"
    )
    benchmark.pedantic(prepare, args=(bars,), rounds=1)
