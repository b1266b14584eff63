"""Every sentence of the FeatureEngineer port, over every adapter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.features import START, flat_bars, fuzzy, poisoned, random_bars, raw, source, with_columns

from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.adapters.memory.feature_engineer import PandasFeatureEngineer
from ktrdr.application.ports.feature_engineer import FeatureEngineer
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context import context_features
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.strategy.document import ContextFeatures

ADAPTERS = {"pandas": PandasFeatureEngineer, "talib": TalibFeatureEngineer}
MINUTE = 60 * 10**9

BARS = {
    "5m": random_bars(400, 1),
    "1h": random_bars(60, 2, "1h", stamps=START - 1800 * 10**9 - 20 * 60 * MINUTE + np.arange(60) * 60 * MINUTE),
    "1m": random_bars(1500, 3, "1m", stamps=START + 30 * MINUTE + np.arange(1500) * MINUTE),
}
FEATURES = (
    fuzzy("5m_rsi_low", source("rsi", period=5), "triangular", 0.0, 30.0, 60.0),
    fuzzy("5m_rsi_high", source("rsi", period=5), "trapezoidal", 50.0, 70.0, 100.0, 100.0),
    fuzzy("1h_rsi_low", source("rsi", timeframe="1h", period=5), "gaussian", 30.0, 20.0),
    fuzzy("1m_rsi_low", source("rsi", timeframe="1m", period=5), "gaussian", 30.0, 20.0),
    raw("5m_rsi_14_raw", source("rsi")),
    raw("5m_bb.lower_raw", source("bbands", "lower")),
    raw("1h_bb.upper_raw", source("bbands", "upper", "1h")),
    raw("5m_ema_raw", source("ema", period=9, source="ohlc4")),
    raw("5m_roc_raw", source("roc", period=3)),
    fuzzy("5m_rsi_low_lag_1", source("rsi", period=5), "triangular", 0.0, 30.0, 60.0, lag=1),
    raw("1h_bb.upper_raw_lag_7", source("bbands", "upper", "1h"), lag=7),
    replace(raw("5m_sma_raw", source("sma")), normalization="zscore"),
    *context_features(ContextFeatures({"returns": [1, 5], "ma": 20}, {"period": 10}, True), "5m"),
)


@pytest.fixture(params=ADAPTERS.values(), ids=ADAPTERS)
def engineer(request: pytest.FixtureRequest) -> FeatureEngineer:
    return request.param()


def test_one_column_per_feature_in_order_whatever_the_order(engineer):
    matrix = engineer.engineer(FEATURES, BARS, "5m")
    assert matrix.ids == tuple(feature.id for feature in FEATURES)
    assert matrix.values.dtype == np.float32
    order = np.random.default_rng(0).permutation(len(FEATURES))
    shuffled = engineer.engineer([FEATURES[place] for place in order], BARS, "5m")
    assert shuffled.ids == tuple(FEATURES[place].id for place in order)
    np.testing.assert_array_equal(shuffled.values, matrix.values[:, order])


def test_a_column_does_not_depend_on_its_neighbours(engineer):
    matrix = engineer.engineer(FEATURES, BARS, "5m")
    for place, feature in enumerate(FEATURES):
        alone = engineer.engineer([feature], BARS, "5m")
        tail = alone.values[np.searchsorted(alone.base_rows, matrix.base_rows)]
        np.testing.assert_array_equal(tail[:, 0], matrix.values[:, place])


def test_one_row_per_base_bar_on_which_every_feature_has_a_value(engineer):
    features = [raw("sma", source("sma", period=3)), raw("sma_lag_4", source("sma", period=3), lag=4)]
    matrix = engineer.engineer(features, BARS, "5m")
    bars = BARS["5m"]
    assert matrix.warmup_rows == 6
    assert matrix.unusable_rows == 0
    assert matrix.base_rows.tolist() == list(range(6, 400))
    assert matrix.stamps.tolist() == bars.stamps[6:].tolist()
    assert matrix.known_at.tolist() == bars.known_at[6:].tolist()
    means = np.array([bars.close[t - 2 : t + 1].mean() for t in range(2, 400)])
    np.testing.assert_allclose(matrix.values, np.column_stack([means[4:], means[:-4]]), rtol=1e-6)


def test_rows_without_a_value_in_the_middle_are_dropped_and_counted(engineer):
    close = np.where(np.isin(np.arange(400), [50, 51]), 0.0, BARS["5m"].close)
    bars = with_columns(BARS["5m"], close=close, low=np.minimum(close, BARS["5m"].low))
    matrix = engineer.engineer(
        context_features(ContextFeatures({"returns": [1], "ma": 5}, None, False), "5m"), {"5m": bars}, "5m"
    )
    assert matrix.warmup_rows == 4
    assert matrix.unusable_rows == 2
    assert np.isfinite(matrix.values).all()
    assert {51, 52}.isdisjoint(matrix.base_rows)


def test_other_timeframes_give_their_latest_bar_known_at_the_rows_known_at_time(engineer):
    features = [raw(name, source("sma", timeframe=name, period=1)) for name in ("1h", "1m")]
    matrix = engineer.engineer(features, BARS, "5m")
    for row, now in zip(matrix.values, matrix.known_at, strict=True):
        latest = [BARS[name].close[BARS[name].known_at <= now][-1] for name in ("1h", "1m")]
        assert row.tolist() == np.float32(latest).tolist()
    first_minute_known = BARS["1m"].known_at[0]
    assert matrix.known_at[0] == BARS["5m"].known_at[BARS["5m"].known_at >= first_minute_known][0]


def test_of_base_bars_known_at_the_same_moment_each_has_its_own_row(engineer):
    bars = random_bars(6, known_at=START + np.array([1, 1, 2, 2, 2, 3]) * MINUTE)
    matrix = engineer.engineer([raw("close", source("sma", period=1))], {"5m": bars}, "5m")
    np.testing.assert_array_equal(matrix.values[:, 0], bars.close.astype(np.float32))


def test_values_are_raw_whatever_the_normalization(engineer):
    plain = raw("sma", source("sma"))
    scaled = replace(plain, normalization="zscore")
    np.testing.assert_array_equal(
        engineer.engineer([plain], BARS, "5m").values, engineer.engineer([scaled], BARS, "5m").values
    )


@settings(max_examples=examples(25))
@given(st.integers(60, 399), st.sampled_from(sorted(ADAPTERS)))
def test_a_row_uses_only_bars_known_by_its_own_known_at_time(row, name):
    engineer = ADAPTERS[name]()
    now = int(BARS["5m"].known_at[row])
    whole = engineer.engineer(FEATURES, BARS, "5m")
    known = whole.take(whole.known_at <= now)
    for other in (
        {name: bars.take(bars.known_at <= now) for name, bars in BARS.items()},
        {name: poisoned(bars, now) for name, bars in BARS.items()},
    ):
        matrix = engineer.engineer(FEATURES, other, "5m")
        matrix = matrix.take(matrix.known_at <= now)
        assert matrix.base_rows.tolist() == known.base_rows.tolist()
        assert matrix.values.tobytes() == known.values.tobytes()


def test_the_same_bars_give_the_same_bytes_and_stay_as_they_were(engineer):
    before = {name: bars.fingerprint() for name, bars in BARS.items()}
    one, other = (engineer.engineer(FEATURES, BARS, "5m") for _ in range(2))
    assert one.values.tobytes() == other.values.tobytes()
    assert {name: bars.fingerprint() for name, bars in BARS.items()} == before


@pytest.mark.parametrize("n", [0, 1, 5, 19])
def test_bars_that_are_too_few_give_a_matrix_without_rows(engineer, n):
    few = {name: bars.take(slice(0, n)) for name, bars in BARS.items()}
    matrix = engineer.engineer(FEATURES, few, "5m")
    assert len(matrix) == 0
    assert matrix.values.shape == (0, len(FEATURES))
    assert matrix.warmup_rows == n


def test_no_features_are_no_columns(engineer):
    assert engineer.engineer([], BARS, "5m").values.shape == (400, 0)


def test_flat_bars_give_finite_rows(engineer):
    features = [raw("rsi", source("rsi")), raw("bb", source("bbands"))]
    matrix = engineer.engineer(features, {"5m": flat_bars(40)}, "5m")
    np.testing.assert_array_equal(matrix.values, np.tile(np.float32([0, 50]), (40 - 19, 1)))


def test_missing_bars_are_refused_by_timeframe(engineer):
    with pytest.raises(InvalidInput, match="need bars of timeframe '1h'; given: 5m"):
        engineer.engineer(FEATURES[:3], {"5m": BARS["5m"]}, "5m")
    with pytest.raises(InvalidInput, match="need bars of timeframe '5m'; given: 1h"):
        engineer.engineer(FEATURES[2:3], {"1h": BARS["1h"]}, "5m")


def test_an_indicator_without_a_kernel_is_refused(engineer):
    feature = Feature("x", "raw", Source("zigzag", {}, "", "5m"))
    with pytest.raises(InvalidInput, match="'zigzag'"):
        engineer.engineer([feature], BARS, "5m")
    with pytest.raises(InvalidInput, match="'zigzag'"):
        engineer.kernels([feature])


def test_kernels_name_function_and_library_version_for_each_type_used(engineer):
    kernels = engineer.kernels(FEATURES)
    assert set(kernels) == {"rsi", "bbands", "ema", "roc", "sma"}
    assert all(len(kernel.split()) == 3 for kernel in kernels.values())
    assert engineer.kernels(FEATURES[-6:]) == {}


def test_two_engineers_agree():
    one, other = (adapter().engineer(FEATURES, BARS, "5m") for adapter in ADAPTERS.values())
    assert one.base_rows.tolist() == other.base_rows.tolist()
    np.testing.assert_allclose(one.values, other.values, rtol=2e-6, atol=2e-6)


PUBLISHED = ContextSeries(
    "fred",
    "RATE",
    START + (45 + 20 * np.arange(60, dtype=np.int64) + np.arange(60) % 7) * MINUTE,
    {"close": np.cumsum(np.random.default_rng(4).normal(size=60)) + 50},
)
CONTEXT = {PUBLISHED.key: PUBLISHED}
BESIDE = tuple(
    raw(f"{timeframe}_{name}", replace(source(name, timeframe=timeframe, period=3), data_source=PUBLISHED.key))
    for timeframe in ("5m", "1h", "1m")
    for name in ("sma", "ema", "rsi", "roc")
)


def latest_published(known_at: np.ndarray) -> np.ndarray:
    """By a plain loop: the latest value known at each moment, NaN before the first."""
    found = []
    for now in known_at:
        known = PUBLISHED.columns["close"][PUBLISHED.known_at <= now]
        found.append(known[-1] if len(known) else np.nan)
    return np.array(found)


def test_a_context_indicator_is_computed_over_the_latest_publication_known_at_each_bar(engineer):
    features = [raw(name, replace(source("sma", timeframe=name, period=4), data_source="fred/RATE")) for name in BARS]
    matrix = engineer.engineer([*features, raw("close", source("sma", period=1))], BARS, "5m", CONTEXT)
    for place, name in enumerate(BARS):
        values = latest_published(BARS[name].known_at)
        means = np.array([values[max(t - 3, 0) : t + 1].mean() if t >= 3 else np.nan for t in range(len(values))])
        rows = [np.flatnonzero(BARS[name].known_at <= now)[-1] for now in matrix.known_at]
        np.testing.assert_allclose(matrix.values[:, place], means[rows], rtol=1e-6)
    np.testing.assert_array_equal(matrix.values[:, 3], BARS["5m"].close[matrix.base_rows].astype(np.float32))
    assert np.isfinite(latest_published(BARS["5m"].known_at)).sum() < 400


def test_a_series_and_the_bars_are_told_apart(engineer):
    plain = raw("bars", source("sma", period=3))
    both = [plain, replace(BESIDE[0], id="beside")]
    matrix = engineer.engineer(both, BARS, "5m", CONTEXT)
    alone = engineer.engineer([plain], BARS, "5m")
    np.testing.assert_array_equal(matrix.values[:, 0], alone.values[-len(matrix) :, 0])
    assert (matrix.values[:, 0] != matrix.values[:, 1]).all()


def test_two_engineers_agree_on_context_data():
    one, other = (adapter().engineer(BESIDE, BARS, "5m", CONTEXT) for adapter in ADAPTERS.values())
    assert one.base_rows.tolist() == other.base_rows.tolist()
    assert len(one) > 100
    np.testing.assert_allclose(one.values, other.values, rtol=2e-5, atol=2e-5)


@settings(max_examples=examples(25))
@given(st.integers(100, 399), st.sampled_from(sorted(ADAPTERS)))
def test_publications_after_a_row_change_nothing_up_to_it(row, name):
    engineer = ADAPTERS[name]()
    now = int(BARS["5m"].known_at[row])
    whole = engineer.engineer(BESIDE, BARS, "5m", CONTEXT)
    known = whole.take(whole.known_at <= now)
    published = PUBLISHED.known_at <= now
    prefix = replace(
        PUBLISHED, known_at=PUBLISHED.known_at[published], columns={"close": PUBLISHED.columns["close"][published]}
    )
    poison = replace(PUBLISHED, columns={"close": np.where(published, PUBLISHED.columns["close"], -1e6)})
    for other in (prefix, poison):
        matrix = engineer.engineer(BESIDE, BARS, "5m", {PUBLISHED.key: other})
        matrix = matrix.take(matrix.known_at <= now)
        assert matrix.base_rows.tolist() == known.base_rows.tolist()
        assert matrix.values.tobytes() == known.values.tobytes()
    assert len(known) > 0


@pytest.mark.parametrize("first", [0, 397, 10_000])
def test_bars_before_the_first_publication_have_no_value(engineer, first):
    late = BARS["5m"].known_at[first] if first < 400 else BARS["5m"].known_at[-1] + 1
    series = replace(PUBLISHED, known_at=late + np.arange(60) * MINUTE)
    matrix = engineer.engineer(BESIDE[:2], BARS, "5m", {PUBLISHED.key: series})
    assert matrix.warmup_rows == min(first + 2, 400)


def test_a_series_that_is_not_given_or_lacks_a_column_is_refused(engineer):
    with pytest.raises(InvalidInput, match="need context series 'fred/RATE'; given: none"):
        engineer.engineer(BESIDE[:1], BARS, "5m")
    of_high = replace(source("sma", period=3, source="hlc3"), data_source=PUBLISHED.key)
    with pytest.raises(InvalidInput, match=r"does not have.*; it has close"):
        engineer.engineer([raw("x", of_high)], BARS, "5m", CONTEXT)


def test_a_series_with_all_columns_serves_every_price(engineer):
    bars = BARS["1h"]
    columns = {name: getattr(bars, name) for name in ("open", "high", "low", "close", "volume")}
    series = ContextSeries("ib", "VIX", bars.known_at, columns)
    for price in ("close", "high", "volume", "hl2", "ohlc4"):
        own = raw("own", source("ema", timeframe="1h", period=3, source=price))
        beside = raw("beside", replace(own.source, data_source="ib/VIX"))
        matrix = engineer.engineer([own, beside], BARS, "5m", {"ib/VIX": series})
        np.testing.assert_array_equal(matrix.values[:, 0], matrix.values[:, 1])
