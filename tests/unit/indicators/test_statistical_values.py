"""Statistical indicators against scipy, numpy and pandas, window by window."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from samples.features import complete, indicator_outputs, random_bars, sample_bars, scaled_bars, with_columns
from scipy import stats

from ktrdr.adapters.features.kernels.windows import deepest_fall
from ktrdr.domain.features.prices import price_column

SERIES = {
    "walk": random_bars(400, 3),
    "falling": scaled_bars(random_bars(400, 4), np.geomspace(1e7, 0.1, 400)),
    "crash": scaled_bars(random_bars(400, 5), np.where(np.arange(400) < 150, 1e7, 0.1)),
    "AAPL_1d": sample_bars("AAPL_1d").take(slice(500, 900)),
    "EURUSD_1h": sample_bars("EURUSD_1h").take(slice(500, 900)),
}
BARS = pytest.mark.parametrize("bars", SERIES.values(), ids=SERIES)


def agree(name, bars, width, formula, **given):
    """Compare with `formula` of the last `width` prices of each bar; NaN before."""
    parameters = complete(name, **given)
    prices = price_column(bars, parameters["source"])
    (values,) = indicator_outputs(name, parameters, bars).values()
    expected = [formula(prices[t - width + 1 : t + 1]) for t in range(width - 1, len(prices))]
    assert np.isnan(values[: width - 1]).all()
    np.testing.assert_allclose(values[width - 1 :], expected, rtol=1e-7, atol=1e-9)


def returns(window):
    return window[1:] / window[:-1] - 1


@BARS
@pytest.mark.parametrize("period", [1, 5, 20])
def test_returns(bars, period):
    agree("returns", bars, period + 1, lambda window: window[-1] / window[0] - 1, period=period)


@BARS
@pytest.mark.parametrize("source", ["close", "hl2"])
def test_zscore(bars, source):
    agree("zscore", bars, 20, lambda window: stats.zscore(window)[-1], source=source)


@BARS
@pytest.mark.parametrize(("period", "lag"), [(50, 1), (20, 3)])
def test_autocorrelation(bars, period, lag):
    def correlation(window):
        step = returns(window)
        return stats.pearsonr(step[lag:], step[:-lag]).statistic

    agree("autocorrelation", bars, period + lag + 1, correlation, period=period, lag=lag)


@BARS
@pytest.mark.parametrize("period", [2, 50])
def test_entropy(bars, period):
    orders = {order: place for place, order in enumerate(permutations(range(3)))}

    def entropy(window):
        triples = np.lib.stride_tricks.sliding_window_view(window, 3)
        seen = [orders[tuple(np.argsort(triple, kind="stable").tolist())] for triple in triples]
        return stats.entropy(np.bincount(seen, minlength=6)) / np.log(6)

    agree("entropy", bars, period + 2, entropy, period=period)


@pytest.mark.parametrize(
    ("prices", "shares"),
    [
        ([5, 5, 5, 5, 5, 5, 5, 5], [1.0]),
        ([1, 1, 2, 3, 3, 3, 4, 4], [1.0]),
        ([1, 2, 2, 1, 1, 2, 2, 1], [1 / 2, 1 / 3, 1 / 6]),
        ([3, 3, 2, 2, 1, 1, 0, 0], [1 / 2, 1 / 2]),
    ],
    ids=["flat", "rising and standing still", "up and down", "falling and standing still"],
)
def test_equal_values_rank_by_order_of_appearance(prices, shares):
    """Worked by hand: (1, 1, 2) and (1, 2, 2) rise, (2, 2, 1) is 2-0-1 and (2, 1, 1) is 1-2-0."""
    bars = with_columns(random_bars(8), close=np.array(prices, dtype=float))
    values = indicator_outputs("entropy", complete("entropy", period=6), bars)[""]
    assert values[-1] == pytest.approx(stats.entropy(shares) / np.log(6), abs=1e-12)


@BARS
@pytest.mark.parametrize("period", [10, 50])
def test_skew_and_kurtosis(bars, period):
    agree("skew", bars, period + 1, lambda window: stats.skew(returns(window)), period=period)
    agree("kurtosis", bars, period + 1, lambda window: stats.kurtosis(returns(window)), period=period)


@BARS
def test_hurst_exponent(bars):
    lags = np.array([1, 2, 4, 8, 16])

    def hurst(window):
        powers = [np.mean((window[lag:] - window[:-lag])[-60:] ** 2) for lag in lags]
        return stats.linregress(np.log(lags), np.log(powers)).slope / 2

    agree("hurstexponent", bars, 76, hurst, period=60)


def test_the_hurst_exponent_knows_trend_walk_and_reversal():
    draw = np.random.default_rng(2)
    noise = draw.normal(0, 1, 20_000)
    paths = {"trend": 100 + np.arange(20_000.0), "walk": np.cumsum(noise), "reversal": noise}
    bars = random_bars(20_000)
    (compute,) = (kernel.compute for kernel in _kernels("hurstexponent"))
    means = {}
    for name, path in paths.items():
        assert len(path) == len(bars)
        means[name] = np.nanmean(compute((path,), {"period": 500})[0])
    assert means["trend"] == pytest.approx(1.0)
    assert means["walk"] == pytest.approx(0.5, abs=0.03)
    assert means["reversal"] == pytest.approx(0.0, abs=0.01)


def _kernels(name):
    from ktrdr.adapters.features.kernels import KERNELS

    return KERNELS[name]


@BARS
@pytest.mark.parametrize(("period", "lag"), [(100, 5), (30, 2)])
def test_variance_ratio(bars, period, lag):
    def ratio(window):
        long = (window[lag:] - window[:-lag])[-period:]
        return np.var(long) / (lag * np.var(np.diff(window)[-period:]))

    agree("varianceratio", bars, period + lag, ratio, period=period, lag=lag)


@BARS
@pytest.mark.parametrize("period", [1, 100, 256, 257])
def test_percent_rank(bars, period):
    agree("percentrank", bars, period + 1, lambda window: np.mean(window[:-1] < window[-1]), period=period)


@BARS
@pytest.mark.parametrize("period", [3, 20])
def test_r_squared(bars, period):
    line = np.arange(period)
    agree("rsquared", bars, period, lambda window: stats.linregress(line, window).rvalue ** 2, period=period)


@BARS
@pytest.mark.parametrize("period", [2, 50])
def test_max_drawdown(bars, period):
    agree("maxdrawdown", bars, period, lambda w: 100 * np.max(1 - w / np.maximum.accumulate(w)), period=period)


@BARS
def test_up_share(bars):
    agree("upshare", bars, 21, lambda window: np.mean(np.diff(window) > 0))


@BARS
def test_efficiency_ratio(bars):
    agree("efficiencyratio", bars, 11, lambda window: abs(window[-1] - window[0]) / np.abs(np.diff(window)).sum())


def test_the_efficiency_ratio_of_no_way_is_zero_whether_there_was_movement_or_none():
    (compute,) = (kernel.compute for kernel in _kernels("efficiencyratio"))
    prices = np.array([1e6, 7.3, 0.1, 0.1, 0.1, 0.1, 0.3, 0.1, 0.2, 0.3, 0.3])
    (values,) = compute((prices,), {"period": 2})
    np.testing.assert_allclose(values, [np.nan, np.nan, 1, 1, 0, 0, 1, 0, 1 / 3, 1, 1], atol=1e-9)


@BARS
def test_downside_share_and_sharpe_ratio(bars):
    def downside(window):
        step = returns(window)
        return (step[step < 0] ** 2).sum() / (step**2).sum()

    agree("downsideshare", bars, 51, downside)
    agree("sharperatio", bars, 51, lambda window: returns(window).mean() / returns(window).std())


@pytest.mark.parametrize("period", [1, 2, 3, 7, 50, 199, 200, 201])
def test_deepest_falls_of_every_length(period):
    values = np.exp(np.random.default_rng(1).normal(0, 1, 200))
    falls = pd.Series(values).rolling(period).apply(lambda w: np.min(w / np.maximum.accumulate(w)), raw=True)
    np.testing.assert_allclose(deepest_fall(values, period), falls)


@pytest.mark.parametrize(
    "name",
    ["skew", "kurtosis", "autocorrelation", "sharperatio", "varianceratio", "rsquared", "zscore", "downsideshare"],
)
def test_even_growth_and_silence_after_noise_give_no_rounding_error_for_an_answer(name):
    bars = random_bars(600, 1)
    (compute,) = (kernel.compute for kernel in _kernels(name))
    prices = np.concatenate([bars.close[:200] * 1e4, np.full(200, 1.1), 1.1 * 1.01 ** np.arange(200)])
    (values,) = compute((prices,), complete(name))
    assert values[390] == pytest.approx(0.0, abs=1e-12)
    if name not in {"rsquared", "zscore", "downsideshare", "varianceratio"}:  # even growth: returns do not vary
        assert values[-1] == 0.0
