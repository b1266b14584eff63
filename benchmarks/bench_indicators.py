"""Every indicator of the catalogue over 1,000,000 bars, against the bare TA-Lib calls that it is made of, in one run.

An indicator is timed from bars to its outputs, price columns included. Where its kernel is a function of TA-Lib, that
function alone is the bare call; where ours adds something to functions of TA-Lib, `BARE` names them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np
import talib

from ktrdr.adapters.features.kernels import KERNELS, LIBRARY
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

ROWS = 1_000_000
ROUNDS = 5
TARGET_NS = 400  # per bar and output, where TA-Lib does not have the function
TARGET_RATIO = 4  # times as long as the bare calls, where it has

BARE: Mapping[str, Callable[[Bars], object]] = {
    "aroon": lambda b: talib.AROON(b.high, b.low, 14),
    "parabolicsar": lambda b: talib.SAR(b.high, b.low, 0.02, 0.2),
    "supertrend": lambda b: talib.SUPERTREND(b.high, b.low, b.close, 10, 3.0),
    "bollingerbandwidth": lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0),
    "squeezeintensity": lambda b: (talib.KC(b.high, b.low, b.close, 20, 20, 2.0), talib.STDDEV(b.close, 20)),
    "cmf": lambda b: talib.CMF(b.high, b.low, b.close, b.volume, 21),
}


def walk() -> Bars:
    draw = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(draw.normal(0, 0.001, ROWS)))
    high, low = close * (1 + draw.exponential(0.0005, ROWS)), close * (1 - draw.exponential(0.0005, ROWS))
    stamps = np.arange(ROWS, dtype=np.int64) * Timeframe("5m").ns
    opens = np.concatenate([close[:1], close[:-1]])
    return Bars("WALK", Timeframe("5m"), stamps, opens, high, low, close, draw.lognormal(10, 1, ROWS))


def whole(name: str, bars: Bars) -> None:
    spec, parameters = INDICATORS[name], _defaults(name)
    columns = tuple(price_column(bars, column) for column in spec.columns(parameters))
    for kernel in KERNELS[name]:
        kernel.compute(columns, parameters)


def bare_calls(name: str, bars: Bars) -> Callable[[], object] | None:
    """Return what calls TA-Lib and nothing else, or None where TA-Lib has no such function."""
    if name in BARE:
        return lambda: BARE[name](bars)
    kernels, parameters = KERNELS[name], _defaults(name)
    if not all(kernel.name.startswith(LIBRARY) for kernel in kernels):
        return None
    columns = tuple(price_column(bars, column) for column in INDICATORS[name].columns(parameters))
    return lambda: [kernel.compute(columns, parameters) for kernel in kernels]


def _defaults(name: str) -> dict[str, object]:
    return {item.name: item.default for item in INDICATORS[name].parameters}


def seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def test_indicators(benchmark):
    bars = walk()
    lines = []
    for name, spec in INDICATORS.items():
        bare = bare_calls(name, bars)
        rounds = [
            (seconds(lambda name=name: whole(name, bars)), seconds(bare) if bare else np.nan) for _ in range(ROUNDS)
        ]
        ours, theirs = (min(column) for column in zip(*rounds, strict=True))
        lines.append((name, spec.category, ours / ROWS / len(spec.outputs or ("",)) * 1e9, ours / theirs))
    print(f"\n{'indicator':24}{'category':13}{'ns per bar and output':>22}{'x bare TA-Lib':>15}")
    for name, category, cost, ratio in lines:
        print(f"{name:24}{category:13}{cost:22.1f}{'' if np.isnan(ratio) else f'{ratio:.2f}':>15}")
    slowest = max((line for line in lines if np.isnan(line[3])), key=lambda line: line[2])
    furthest = max((line for line in lines if not np.isnan(line[3])), key=lambda line: line[3])
    print(f"slowest without TA-Lib: {slowest[0]}, {slowest[2]:.0f} ns (at most {TARGET_NS} is asked)")
    print(f"furthest from TA-Lib: {furthest[0]}, {furthest[3]:.2f}x (at most {TARGET_RATIO} is asked)")
    benchmark.pedantic(whole, args=("supertrend", bars), rounds=1)
