"""Running sums, means and deviations against pandas, bit by bit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ktrdr.domain.market.running import CompensatedSum, RunningDeviation, RunningMean, RunningSum

DRAW = np.random.default_rng(0)
SERIES = {
    "walk": 100 + DRAW.normal(size=600).cumsum(),
    "volume": np.where(DRAW.random(600) < 0.3, 0.0, DRAW.random(600) * 1e9),
    "few values": DRAW.integers(0, 3, 600).astype(np.float64),
    "negative": -DRAW.random(600),
    "unknown at first": np.concatenate([np.full(5, np.nan), DRAW.normal(size=600)]),
    "a hole": np.where(np.arange(600) == 300, np.nan, DRAW.normal(size=600)),
    "from large to small": np.concatenate([DRAW.normal(size=200) * 1e9, DRAW.normal(size=200), np.ones(60)]),
}


@pytest.mark.parametrize("period", [1, 2, 5, 20])
@pytest.mark.parametrize("values", SERIES.values(), ids=SERIES.keys())
def test_running_values_are_those_of_pandas(values: np.ndarray, period: int) -> None:
    window = pd.Series(values).rolling(period)
    pairs = [
        (RunningSum(period), window.sum()),
        (RunningMean(period), window.mean()),
        (RunningDeviation(period), window.std(ddof=0)),
        (RunningDeviation(period, ddof=1), window.std(ddof=1)),
    ]
    for running, wanted in pairs:
        found = np.array([running.update(value) for value in values])
        np.testing.assert_array_equal(found, wanted.to_numpy())


def test_a_history_may_be_given_at_once() -> None:
    values = SERIES["walk"]
    opened = RunningMean(20, values[:300].tolist())
    assert opened.value == pd.Series(values).rolling(20).mean()[299]
    assert opened.update(values[300]) == pd.Series(values).rolling(20).mean()[300]


def test_a_sum_of_all_is_that_of_pandas_within_a_group() -> None:
    values = SERIES["volume"] * 1e-3 + SERIES["walk"]
    total = CompensatedSum()
    found = [total.update(value) for value in values]
    np.testing.assert_array_equal(found, pd.Series(values).groupby(np.zeros(len(values))).cumsum())
