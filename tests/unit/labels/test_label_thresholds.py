import numpy as np
import pytest
import talib

from ktrdr.domain.labels.thresholds import average_true_range, threshold_multiple, threshold_unit
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.timeframe import Timeframe


def bars(n, seed=0):
    generator = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(generator.normal(0, 0.02, n)))
    opens = close * np.exp(generator.normal(0, 0.01, n))
    high = np.maximum(opens, close) * (1 + generator.exponential(0.01, n))
    low = np.minimum(opens, close) * (1 - generator.exponential(0.01, n))
    stamps = np.arange(n, dtype=np.int64) * 86_400 * 10**9
    return Bars("X", Timeframe("1d"), stamps, opens, high, low, close, np.zeros(n))


@pytest.mark.parametrize("n", [15, 16, 40, 3000])
@pytest.mark.parametrize("period", [2, 14])
def test_the_average_true_range_is_ta_libs(n, period):
    series = bars(n, seed=n)
    expected = talib.ATR(series.high, series.low, series.close, period)
    assert np.isnan(expected[:period]).all()
    np.testing.assert_allclose(average_true_range(series, period), expected, rtol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 14])
def test_there_is_no_average_while_it_warms_up(n):
    assert np.isnan(average_true_range(bars(n))).all()


def test_a_share_is_constant_and_an_atr_multiple_follows_range_and_lookahead():
    series = bars(60)
    assert threshold_multiple(0.05) * threshold_unit(series, 0.05) == pytest.approx(np.full(60, 0.05))
    expected = 2 * talib.ATR(series.high, series.low, series.close, 14) * 20**0.5 / series.close
    threshold = {"atr": 2}
    actual = threshold_multiple(threshold) * threshold_unit(series, threshold, 20)
    np.testing.assert_allclose(actual, expected, rtol=1e-12)
