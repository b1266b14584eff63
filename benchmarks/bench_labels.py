"""Labels of a million bars: time, peak memory, and the ratio to the usual way of computing them, in one run."""

from __future__ import annotations

import time
import tracemalloc

import numpy as np
import pandas as pd
import pytest

from ktrdr.domain.labels.labelers import label
from ktrdr.domain.labels.zigzag_lookahead import zigzag_lookahead
from ktrdr.domain.labels.zigzag_segments import find_pivots
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.training.weights import sequential_bootstrap, uniqueness_weights

ROWS, ROUNDS = 1_000_000, 5
CONFIGURATIONS = {
    "lookahead, share": ("zigzag", {}),
    "lookahead 500, atr": ("zigzag", {"zigzag_threshold": {"atr": 2}, "label_lookahead": 500}),
    "segments, 400 pivots": ("zigzag", {"method": "segments"}),
    "segments, 200,000 pivots": ("zigzag", {"method": "segments", "zigzag_threshold": 0.001}),
    "segments, atr": ("zigzag", {"method": "segments", "zigzag_threshold": {"atr": 3}}),
    "forward return": ("forward_return", {}),
    "triple barrier": ("triple_barrier", {}),
    "triple barrier, both sides, 10,000 bars": ("triple_barrier", {"side": "both", "max_holding_period": 10_000}),
    "triple barrier, 650,000 events": ("triple_barrier", {"cusum_threshold": 0.0005}),
    "triple barrier, 50 events": ("triple_barrier", {"cusum_threshold": 0.2}),
    "direction": ("direction", {}),
    "volatility": ("volatility", {}),
    "context": ("context", {}),
    "regime (3 s are allowed)": ("regime", {}),
    "market regime": ("market_regime", {}),
    "risk adjusted": ("risk_adjusted", {}),
}


@pytest.fixture(scope="module")
def bars():
    rng = np.random.default_rng(0)
    close = 100 * np.exp(np.cumsum(rng.normal(0, 0.001, ROWS)))
    opens = np.append(100.0, close[:-1])
    high, low = np.maximum(opens, close) * 1.0005, np.minimum(opens, close) * 0.9995
    stamps = np.arange(ROWS, dtype=np.int64) * 60 * 10**9
    return Bars("SIMULATED", Timeframe("1m"), stamps, opens, high, low, close, np.zeros(ROWS))


def clocked(function):
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def compared(ours, theirs):
    """Return the ratios theirs / ours of interleaved rounds."""
    return [clocked(theirs)[0] / clocked(ours)[0] for _ in range(ROUNDS)]


def by_pandas(bars, lookahead, threshold):
    """Forward extremes as reversed rolling windows: the usual way."""
    ahead = pd.Series(bars.close).shift(-1)[::-1].rolling(lookahead)
    gain = ahead.max()[::-1].to_numpy() / bars.close - 1
    loss = 1 - ahead.min()[::-1].to_numpy() / bars.close
    return np.where((gain >= threshold) & (gain > loss), 0, np.where((loss >= threshold) & (loss > gain), 2, 1))


def by_loop(close, reversal):
    """One step of a state machine for each bar: the usual way. Finds pivot rows, not their confirmations."""
    found, high, low, sought = [], close[0], close[0], 0
    for row, price in enumerate(close):
        if price > high and sought >= 0:
            high, high_row = price, row
        elif sought >= 0 and price <= high * (1 - reversal):
            found.append(high_row)
            sought, low, low_row = -1, price, row
        if price < low and sought <= 0:
            low, low_row = price, row
        elif sought <= 0 and price >= low * (1 + reversal):
            found.append(low_row)
            sought, high, high_row = 1, price, row
    return found


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_a_million_bars(bars, benchmark, name):
    source, parameters = CONFIGURATIONS[name]
    seconds = [clocked(lambda: label(bars, source, parameters))[0] for _ in range(ROUNDS)]
    tracemalloc.start()
    label(bars, source, parameters)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    print(
        f"\n{name}: {np.median(seconds):.3f} s ({min(seconds):.3f} to {max(seconds):.3f}) for {ROWS:,} bars "
        f"(1 s is allowed), peak {peak:.0f} MiB"
    )
    benchmark.pedantic(lambda: label(bars, source, parameters), rounds=1)


@pytest.mark.parametrize("lookahead", [20, 500])
def test_lookahead_against_rolling_windows(bars, benchmark, lookahead):
    parameters = {"zigzag_threshold": 0.01, "label_lookahead": lookahead, "entry": "close"}
    labels = zigzag_lookahead(bars, parameters)
    agree = (labels.values == by_pandas(bars, lookahead, 0.01))[labels.defined].mean()
    assert agree > 0.999999
    ratios = compared(lambda: zigzag_lookahead(bars, parameters), lambda: by_pandas(bars, lookahead, 0.01))
    print(f"\nlookahead {lookahead}: {np.median(ratios):.2f}x pandas' speed ({min(ratios):.2f} to {max(ratios):.2f})")
    benchmark.pedantic(lambda: zigzag_lookahead(bars, parameters), rounds=1)


@pytest.mark.parametrize("reversal", [0.05, 0.001])
def test_pivots_against_a_loop_over_bars(bars, benchmark, reversal):
    shares, closes = np.full(ROWS, reversal), bars.close.tolist()
    found, looped = find_pivots(bars.close, shares).rows, by_loop(closes, reversal)
    assert np.isin(found, looped).mean() > 0.9999
    ratios = compared(lambda: find_pivots(bars.close, shares), lambda: by_loop(closes, reversal))
    print(
        f"\n{len(found):,} pivots and confirmations: {np.median(ratios):.2f}x the speed of a loop for pivots "
        f"alone ({min(ratios):.2f} to {max(ratios):.2f})"
    )
    benchmark.pedantic(lambda: find_pivots(bars.close, shares), rounds=1)


@pytest.mark.parametrize("rows", [10_000, 100_000, 1_000_000])
def test_sample_weights(benchmark, rows):
    starts = np.arange(rows)
    ends = starts + np.random.default_rng(0).integers(1, 100, rows)
    by_overlap = clocked(lambda: uniqueness_weights(starts, ends))[0]
    by_draw = clocked(lambda: sequential_bootstrap(starts, ends, np.random.default_rng(0)))[0]
    print(f"\n{rows:,} rows: uniqueness {by_overlap:.3f} s, sequential bootstrap {by_draw:.2f} s")
    benchmark.pedantic(lambda: uniqueness_weights(starts, ends), rounds=1)
