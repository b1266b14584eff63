"""Every indicator of the catalogue over 1,000,000 bars, against bare TA-Lib calls where TA-Lib has it, in one run.

An indicator is timed from bars to its outputs, price columns included, in processor time, so that other programs hardly
count. `BARE` calls TA-Lib as a user without ktrdr would: the function itself, or those that all outputs take. The run
fails where a target is missed.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import talib

from ktrdr.adapters.features.kernels import KERNELS, LIBRARY
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe

ROWS = 1_000_000
ROUNDS = 7
TARGET_NS = 400  # per bar and output, where TA-Lib does not have the function
TARGET_RATIO = 4  # times as long as the bare calls, where it has
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3

BARE: Mapping[str, Callable[[Bars], object]] = {
    "sma": lambda b: talib.SMA(b.close, 20),
    "ema": lambda b: talib.EMA(b.close, 20),
    "macd": lambda b: talib.MACD(b.close, 12, 26, 9),
    "adx": lambda b: [call(b.high, b.low, b.close, 14) for call in (talib.ADX, talib.PLUS_DI, talib.MINUS_DI)],
    "wma": lambda b: talib.WMA(b.close, 20),
    "dema": lambda b: talib.DEMA(b.close, 20),
    "tema": lambda b: talib.TEMA(b.close, 20),
    "kama": lambda b: talib.KAMA(b.close, 10),
    "hma": lambda b: talib.HMA(b.close, 20),
    "trix": lambda b: talib.TRIX(b.close, 15),
    "linearregressionslope": lambda b: talib.LINEARREG_SLOPE(b.close, 14),
    "vortex": lambda b: talib.VORTEX(b.high, b.low, b.close, 14),
    "aroon": lambda b: talib.AROON(b.high, b.low, 14),
    "parabolicsar": lambda b: talib.SAR(b.high, b.low, 0.02, 0.2),
    "ichimoku": lambda b: [talib.MIDPRICE(b.high, b.low, period) for period in (9, 26, 52)],
    "supertrend": lambda b: talib.SUPERTREND(b.high, b.low, b.close, 10, 3.0),
    "rsi": lambda b: talib.RSI(b.close, 14),
    "roc": lambda b: talib.ROC(b.close, 10),
    "momentum": lambda b: talib.MOM(b.close, 10),
    "stochastic": lambda b: talib.STOCH(b.high, b.low, b.close, 14, 3, 0, 3),
    "williamsr": lambda b: talib.WILLR(b.high, b.low, b.close, 14),
    "cci": lambda b: talib.CCI(b.high, b.low, b.close, 20),
    "stochrsi": lambda b: talib.STOCHRSI(b.close, 14, 14, 3),
    "ultimateoscillator": lambda b: talib.ULTOSC(b.high, b.low, b.close, 7, 14, 28),
    "ppo": lambda b: talib.EMA(talib.PPO(b.close, 12, 26, 1), 9),
    "tsi": lambda b: talib.EMA(talib.TSI(b.close, 25, 13), 13),
    "awesomeoscillator": lambda b: talib.AO(b.high, b.low, 5, 34),
    "cmo": lambda b: talib.CMO(b.close, 14),
    "atr": lambda b: talib.ATR(b.high, b.low, b.close, 14),
    "bbands": lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0),
    "keltnerchannels": lambda b: talib.KC(b.high, b.low, b.close, 20, 10, 2.0),
    "donchianchannels": lambda b: talib.DONCHIAN(b.high, b.low, 20),
    "natr": lambda b: talib.NATR(b.high, b.low, b.close, 14),
    "standarddeviation": lambda b: talib.STDDEV(b.close, 20),
    "truerange": lambda b: talib.TRANGE(b.high, b.low, b.close),
    "chaikinvolatility": lambda b: talib.CVI(b.high, b.low, 10, 10),
    "bollingerbandwidth": lambda b: talib.BBANDS(b.close, 20, 2.0, 2.0),
    "squeezeintensity": lambda b: (talib.KC(b.high, b.low, b.close, 20, 20, 2.0), talib.STDDEV(b.close, 20)),
    "mfi": lambda b: talib.MFI(b.high, b.low, b.close, b.volume, 14),
    "obv": lambda b: talib.OBV(b.close, b.volume),
    "adline": lambda b: talib.AD(b.high, b.low, b.close, b.volume),
    "forceindex": lambda b: talib.EFI(b.close, b.volume, 13),
    "volumepricetrend": lambda b: talib.PVT(b.close, b.volume),
    "nvi": lambda b: talib.NVI(b.close, b.volume),
    "pvi": lambda b: talib.PVI(b.close, b.volume),
    "cmf": lambda b: talib.CMF(b.high, b.low, b.close, b.volume, 21),
    "pvo": lambda b: talib.EMA(talib.PVO(b.volume, 12, 26, 1), 9),
    "returns": lambda b: talib.ROCP(b.close, 1),
    "efficiencyratio": lambda b: talib.ER(b.close, 10),
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


def _defaults(name: str) -> dict[str, object]:
    return {item.name: item.default for item in INDICATORS[name].parameters}


def keep_freed_memory():
    """Let neither side pay for pages that the C library would hand back to the system and fetch again; glibc only."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    for option in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD) if tune else ():
        tune(option, 2**30)


def seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def test_indicators(benchmark):
    of_ta_lib = {name for name, kernels in KERNELS.items() if all(item.name.startswith(LIBRARY) for item in kernels)}
    assert of_ta_lib <= set(BARE)
    keep_freed_memory()
    bars = walk()
    lines = []
    for name, spec in INDICATORS.items():
        bare = BARE.get(name)
        rounds = [
            (seconds(partial(whole, name, bars)), seconds(partial(bare, bars)) if bare else np.nan)
            for _ in range(ROUNDS)
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
    assert slowest[2] <= TARGET_NS
    assert furthest[3] <= TARGET_RATIO
