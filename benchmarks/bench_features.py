"""Feature preparation against the bare kernels, interleaved in one run: rsi and adx with six triangular memberships.

Preparation is everything from bars to a checked matrix with the
contract and its hash; the bare kernels are TA-Lib's RSI and ADX on the same bars and nothing else.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import talib

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.domain.features.contract import contract_hash, feature_contract
from ktrdr.domain.features.feature import Feature, Membership, Source
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

ROWS = 1_000_000
ROUNDS = 9
TARGET = 6_000_000  # rows a second on one core

RSI = Source("rsi", {"period": 14, "source": "close"}, "", "5m")
ADX = Source("adx", {"period": 14}, "adx", "5m")
FEATURES = tuple(
    Feature(f"5m_{name}", "membership", source, Membership("triangular", parameters))
    for name, source, parameters in (
        ("rsi_oversold", RSI, (0.0, 20.0, 35.0)),
        ("rsi_neutral", RSI, (30.0, 50.0, 70.0)),
        ("rsi_overbought", RSI, (65.0, 80.0, 100.0)),
        ("adx_weak", ADX, (0.0, 0.0, 25.0)),
        ("adx_moderate", ADX, (20.0, 30.0, 45.0)),
        ("adx_strong", ADX, (40.0, 60.0, 100.0)),
    )
)


def walk() -> Bars:
    draw = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(draw.normal(0, 0.001, ROWS)))
    high, low = close * (1 + draw.exponential(0.0005, ROWS)), close * (1 - draw.exponential(0.0005, ROWS))
    stamps = np.arange(ROWS, dtype=np.int64) * Timeframe("5m").ns
    return Bars("WALK", Timeframe("5m"), stamps, close, high, low, close, np.ones(ROWS))


def prepare(bars: Bars) -> tuple[FeatureMatrix, str]:
    engineer = TalibFeatureEngineer()
    matrix = engineer.engineer(FEATURES, {"5m": bars}, "5m")
    return matrix, contract_hash(feature_contract(FEATURES, engineer.kernels(FEATURES)))


def bare_kernels(bars: Bars) -> None:
    talib.RSI(bars.close, 14)
    talib.ADX(bars.high, bars.low, bars.close, 14)


def seconds(run: Callable[[Bars], object], bars: Bars) -> float:
    start = time.perf_counter()
    run(bars)
    return time.perf_counter() - start


def test_feature_preparation(benchmark):
    bars = walk()
    matrix, _ = prepare(bars)
    assert matrix.values.shape == (ROWS - 27, 6)
    rounds = [(seconds(prepare, bars), seconds(bare_kernels, bars)) for _ in range(ROUNDS)]
    ours, bare = (ROWS / min(column) for column in zip(*rounds, strict=True))
    ratios = [one / other for one, other in rounds]
    print(
        f"\nfeature preparation: {ours:,.0f} rows/s (at least {TARGET:,} is asked); bare kernels {bare:,.0f} rows/s; "
        f"{np.median(ratios):.2f}x as long as its kernels ({min(ratios):.2f} to {max(ratios):.2f} over {ROUNDS} rounds)"
    )
    benchmark.pedantic(prepare, args=(bars,), rounds=1)
