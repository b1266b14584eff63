"""Sums, means, deviations and slopes one value at a time against those of whole series, bit by bit."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.features import same_bits

from ktrdr.domain.market.running import CompensatedSum, RunningDeviation, RunningMean, RunningSlope, RunningSum
from ktrdr.domain.market.windows import window_deviation, window_mean, window_slope, window_sum

DRAW = np.random.default_rng(0)
SERIES = {
    "walk": 100 + DRAW.normal(size=600).cumsum(),
    "volume": np.where(DRAW.random(600) < 0.3, 0.0, DRAW.random(600) * 1e9),
    "few values": DRAW.integers(0, 3, 600).astype(np.float64),
    "zeros of both signs": np.where(DRAW.random(600) < 0.5, -0.0, 0.0),
    "negative": -DRAW.random(600),
    "unknown at first": np.concatenate([np.full(5, np.nan), DRAW.normal(size=600)]),
    "a hole": np.where(np.arange(600) == 300, np.nan, DRAW.normal(size=600)),
    "no number": np.where(np.arange(600) % 70 == 50, np.inf, 1e300 * DRAW.normal(size=600)),
    "from large to small": np.concatenate([DRAW.normal(size=200) * 1e9, DRAW.normal(size=200), np.ones(60)]),
}
PAIRS = {
    "sum": (RunningSum, window_sum),
    "mean": (RunningMean, window_mean),
    "deviation": (RunningDeviation, window_deviation),
    "of a sample": (partial(RunningDeviation, sample=True), partial(window_deviation, sample=True)),
    "slope": (RunningSlope, window_slope),
}


@pytest.mark.filterwarnings("ignore:(overflow|invalid value) encountered")
@pytest.mark.parametrize("opened", [0, 19, 40, 300])
@pytest.mark.parametrize("period", [2, 5, 20, 250])
@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS.keys())
@pytest.mark.parametrize("values", SERIES.values(), ids=SERIES.keys())
def test_running_values_are_those_of_whole_windows(values: np.ndarray, pair: tuple, period: int, opened: int) -> None:
    running, window = pair
    carried = running(period, values[:opened].tolist())
    found = np.array([carried.update(value) for value in values[opened:]])
    assert same_bits(found, window(values, period)[opened:])


@pytest.mark.parametrize("name", ["sum", "mean", "deviation"])
def test_a_window_may_be_of_one(name: str) -> None:
    running, window = PAIRS[name]
    carried = running(1)
    assert same_bits(np.array([carried.update(value) for value in SERIES["walk"]]), window(SERIES["walk"], 1))


@settings(max_examples=examples(100))
@given(
    st.lists(st.floats(-1e12, 1e12), max_size=40),
    st.integers(0, 40),
    st.integers(2, 12),
    st.sampled_from(sorted(PAIRS)),
)
def test_any_values_opened_anywhere(values: list[float], opened: int, period: int, name: str) -> None:
    running, window = PAIRS[name]
    carried = running(period, values[:opened])
    found = np.array([carried.update(value) for value in values[opened:]])
    assert same_bits(found, window(np.array(values), period)[opened:])


def test_a_sum_of_all_is_that_of_pandas_within_a_group() -> None:
    values = SERIES["volume"] * 1e-3 + SERIES["walk"]
    total = CompensatedSum()
    found = [total.update(value) for value in values]
    np.testing.assert_array_equal(found, pd.Series(values).groupby(np.zeros(len(values))).cumsum())
