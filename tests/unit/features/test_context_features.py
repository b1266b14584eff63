"""Context features by value."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from samples.features import DAY, HOUR, flat_bars, random_bars, weekday_sessions, with_columns

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context import context_column, context_features, of_symbol
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import ContextFeatures

PRICE = {"returns": [1, 5], "ma": 20}
VOLUME = {"period": 20}
IDS = (
    "1h_price_return_1",
    "1h_price_return_5",
    "1h_price_ma_distance_20",
    "1h_volume_ratio_20",
    "1h_volume_zscore_20",
    "1h_time_hour_sin",
    "1h_time_hour_cos",
    "1h_time_weekday_sin",
    "1h_time_weekday_cos",
    "1h_time_market_open",
    "1h_time_session_share",
)


def columns(bars: Bars) -> dict[str, np.ndarray]:
    timeframe = str(bars.timeframe)
    features = context_features(ContextFeatures(PRICE, VOLUME, True), timeframe)
    return {feature.id.removeprefix(f"{timeframe}_"): context_column(feature, bars) for feature in features}


def bars_at(times: list[str], timeframe: str, sessions: Sessions | None = None) -> Bars:
    stamps = np.array([pd.Timestamp(time).value for time in times], dtype=np.int64)
    return random_bars(len(stamps), timeframe=timeframe, stamps=stamps, sessions=sessions)


def test_order_is_price_volume_time():
    features = context_features(ContextFeatures(PRICE, VOLUME, True), "1h")
    assert tuple(feature.id for feature in features) == IDS
    assert {feature.kind for feature in features} == {"context"}
    assert all(feature.context["timeframe"] == "1h" for feature in features)


@pytest.mark.parametrize(
    ("price", "volume", "time", "ids"),
    [
        (None, None, False, ()),
        (None, VOLUME, False, IDS[3:5]),
        (None, None, True, IDS[5:]),
        (PRICE, None, False, IDS[:3]),
        ({"returns": [], "ma": 7}, None, False, ("1h_price_ma_distance_7",)),
    ],
)
def test_groups_are_left_out_one_by_one(price, volume, time, ids):
    assert tuple(feature.id for feature in context_features(ContextFeatures(price, volume, time), "1h")) == ids


def test_price_and_volume_columns_are_those_of_a_loop():
    bars = random_bars(60, 4)
    found = columns(bars)
    close, volume = bars.close, bars.volume
    for name, values in found.items():
        period = int(name.rpartition("_")[2]) if name[-1].isdigit() else 0
        first = period if name.startswith("price_return") else max(period - 1, 0)
        assert np.isnan(values[:first]).all()
        assert np.isfinite(values[first:]).all()
    for t in range(20, 60):
        window = volume[t - 19 : t + 1]
        assert found["price_return_1"][t] == pytest.approx(close[t] / close[t - 1] - 1, abs=1e-12)
        assert found["price_return_5"][t] == pytest.approx(close[t] / close[t - 5] - 1, abs=1e-12)
        mean = sum(close[t - 19 : t + 1]) / 20
        assert found["price_ma_distance_20"][t] == pytest.approx(close[t] / mean - 1, abs=1e-12)
        assert found["volume_ratio_20"][t] == pytest.approx(volume[t] / (sum(window) / 20))
        deviation = math.sqrt(sum((v - sum(window) / 20) ** 2 for v in window) / 20)
        assert found["volume_zscore_20"][t] == pytest.approx((volume[t] - sum(window) / 20) / deviation)


def test_windows_longer_than_the_bars_give_no_value():
    assert all(np.isnan(values).all() for name, values in columns(random_bars(4)).items() if name[-1] in "05")


def test_volume_that_is_missing_gives_no_value_rather_than_a_made_up_one():
    found = columns(flat_bars(30))
    assert np.isnan(found["volume_ratio_20"]).all()
    assert np.isnan(found["volume_zscore_20"]).all()


def test_a_price_of_zero_gives_no_finite_return_and_no_warning():
    close = np.where(np.arange(10) == 3, 0.0, 1.0)
    bars = with_columns(random_bars(10), close=close, low=np.zeros(10))
    assert np.flatnonzero(~np.isfinite(columns(bars)["price_return_1"])).tolist() == [0, 4]


def test_the_clock_is_read_in_utc_when_the_bar_is_known():
    found = columns(bars_at(["2024-01-01T05:00Z", "2024-01-03T11:00Z", "2024-01-07T23:00Z"], "1h"))
    np.testing.assert_allclose(found["time_hour_sin"], [1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(found["time_hour_cos"], [0, -1, 1], atol=1e-12)
    turns = np.array([0, 2, 0]) / 7  # Monday, Wednesday, and the Sunday bar is known on Monday at midnight
    np.testing.assert_allclose(found["time_weekday_sin"], np.sin(2 * np.pi * turns), atol=1e-12)
    np.testing.assert_allclose(found["time_weekday_cos"], np.cos(2 * np.pi * turns), atol=1e-12)


def test_weekdays_and_hours_agree_with_the_calendar():
    bars = random_bars(400, timeframe="1h")
    known = pd.to_datetime(bars.known_at, utc=True)
    found = columns(bars)
    hours = (known.hour + known.minute / 60).to_numpy()
    np.testing.assert_allclose(found["time_hour_sin"], np.sin(2 * np.pi * hours / 24), atol=1e-12)
    np.testing.assert_allclose(
        found["time_weekday_cos"], np.cos(2 * np.pi * known.day_of_week.to_numpy() / 7), atol=1e-12
    )


def test_sessions_say_whether_the_market_is_open_and_how_much_has_elapsed():
    """Sessions of Tuesday 2 and Wednesday 3 January, 14:30 to 21:00."""
    times = ["02T13:30", "02T14:00", "02T15:00", "02T20:00", "02T21:00", "03T10:00", "03T17:00", "05T12:00"]
    bars = bars_at([f"2024-01-{time}Z" for time in times], "1h", weekday_sessions("2024-01-02", 2))
    found = columns(bars)
    #  known at the first open, 15:00, 16:00, the close, 22:00, 11:00, 18:00, long after
    assert found["time_market_open"].tolist() == [0, 1, 1, 1, 0, 0, 1, 0]
    np.testing.assert_allclose(found["time_session_share"], [0, 0.5 / 6.5, 1.5 / 6.5, 1, 1, 1, 3.5 / 6.5, 1])


def test_a_session_that_closes_early_cuts_its_last_bar():
    dates = np.array([pd.Timestamp("2024-07-03").value])
    sessions = Sessions(dates, dates + 13 * HOUR + HOUR // 2, dates + 17 * HOUR)
    found = columns(bars_at(["2024-07-03T16:30Z", "2024-07-03T17:00Z"], "1h", sessions))
    assert found["time_session_share"].tolist() == [1, 1]
    assert found["time_market_open"].tolist() == [1, 0]


def test_daily_bars_are_known_at_the_close_with_the_whole_session_elapsed():
    sessions = weekday_sessions("2024-01-02", 5)
    bars = random_bars(5, timeframe="1d", stamps=sessions.dates, sessions=sessions)
    found = columns(bars)
    assert found["time_market_open"].tolist() == [1] * 5
    assert found["time_session_share"].tolist() == [1] * 5
    np.testing.assert_allclose(found["time_hour_sin"], math.sin(2 * math.pi * 21 / 24))


@pytest.mark.parametrize("round_the_clock", [False, True], ids=["no sessions", "24/7"])
def test_without_sessions_the_market_is_open_and_the_utc_day_is_the_session(round_the_clock):
    dates = pd.Timestamp("2023-12-30").value + np.arange(9, dtype=np.int64) * DAY
    sessions = Sessions(dates, dates, dates + DAY, continuous=True) if round_the_clock else None
    found = columns(bars_at(["2024-01-01T05:00Z", "2024-01-03T11:00Z", "2024-01-03T23:00Z"], "1h", sessions))
    assert found["time_market_open"].tolist() == [1, 1, 1]
    np.testing.assert_allclose(found["time_session_share"], [0.25, 0.5, 1])


def test_empty_sessions_and_empty_bars():
    empty = np.empty(0, dtype=np.int64)
    bars = Bars("NONE", Timeframe("1h"), empty, *[np.empty(0)] * 5, sessions=Sessions(empty, empty, empty))
    assert all(len(values) == 0 for values in columns(bars).values())


SYMBOL_IDS = [f"1h_symbol_asset_class_{name}" for name in ("stock", "etf", "index", "forex", "crypto", "metal")]


def test_symbol_features_come_last_and_say_the_asset_class():
    features = context_features(ContextFeatures(time=True, symbol=True), "1h")
    assert [feature.id for feature in features] == [*IDS[5:], *SYMBOL_IDS, "1h_symbol_volatility_rank"]
    bars = random_bars(5, timeframe="1h")
    known = [feature for feature in of_symbol(features, "forex") if feature.id in SYMBOL_IDS]
    assert [context_column(feature, bars).tolist() for feature in known] == [
        [float(feature.id == "1h_symbol_asset_class_forex")] * 5 for feature in known
    ]
    with pytest.raises(InvalidInput, match="asset class"):
        context_column(next(feature for feature in features if feature.id in SYMBOL_IDS), bars)


def test_the_volatility_rank_is_that_of_a_loop_and_sees_nothing_ahead():
    (rank,) = [item for item in context_features(ContextFeatures(symbol=True), "1h") if "rank" in item.id]
    bars = random_bars(330, 7, timeframe="1h")
    found = context_column(rank, bars)
    first = rank.context["period"]
    assert np.isnan(found[:first]).all()
    assert np.isfinite(found[first:]).all()
    returns = np.diff(np.log(bars.close), prepend=np.nan)
    volatility = np.array([np.std(returns[t - 19 : t + 1]) if t >= 20 else np.nan for t in range(330)])
    for t in range(first, 330):
        window = volatility[t - 249 : t + 1]
        assert found[t] == pytest.approx((window <= volatility[t]).mean())
    short = random_bars(330, 7, timeframe="1h").between(None, int(bars.stamps[300]))
    np.testing.assert_array_equal(context_column(rank, short), found[: len(short)])


def session_columns(bars: Bars) -> dict[str, np.ndarray]:
    timeframe = str(bars.timeframe)
    features = context_features(ContextFeatures(session=True), timeframe)
    return {feature.id.removeprefix(f"{timeframe}_"): context_column(feature, bars) for feature in features}


def test_minutes_since_the_open_and_to_the_close_count_the_running_session():
    times = ["02T13:30", "02T14:00", "02T15:00", "02T20:00", "02T21:00", "03T10:00", "03T17:00", "05T12:00"]
    bars = bars_at([f"2024-01-{time}Z" for time in times], "1h", weekday_sessions("2024-01-02", 2))
    found = session_columns(bars)
    minutes = {name: (found[f"session_{name}"] * 1440).round(6).tolist() for name in ("since_open", "to_close")}
    assert minutes["since_open"] == [0, 30, 90, 390, 0, 0, 210, 0]
    assert minutes["to_close"] == [0, 360, 300, 0, 0, 0, 180, 0]


@pytest.mark.parametrize(
    ("moment", "trading"),
    [
        ("2024-01-02T01:00Z", {"asia"}),  # 10:00 to 11:00 in Tokyo
        ("2024-01-02T06:00Z", set()),  # known at 16:00 there
        ("2024-01-02T07:00Z", set()),  # up to 8:00 in London, which has not traded yet
        ("2024-01-02T08:00Z", {"europe"}),
        ("2024-01-02T14:00Z", {"europe", "america"}),  # up to 10:00 in New York
        ("2024-07-02T13:00Z", {"europe", "america"}),  # the same in summer time
        ("2024-01-02T20:00Z", {"america"}),  # up to the close
        ("2024-01-06T14:00Z", set()),  # a Saturday
    ],
)
def test_regions_trade_by_their_own_clocks(moment, trading):
    found = session_columns(bars_at([moment], "1h", None))
    assert {name for name in ("asia", "europe", "america") if found[f"session_{name}"][0]} == trading


@pytest.mark.parametrize("seed", range(12))
def test_volumes_before_the_window_have_no_part_in_it(seed):
    before = np.random.default_rng(seed).lognormal(5, 2, 130)
    volume = np.concatenate([before, np.zeros(30), before[:30], np.full(30, 123.4), before[:20]])
    bars = random_bars(len(volume), seed, "1h")
    found = columns(with_columns(bars, volume=volume))
    z = found["volume_zscore_20"]
    expected = [(w[-1] - w.mean()) / w.std() for w in np.lib.stride_tricks.sliding_window_view(volume, 20)[1:100]]
    np.testing.assert_allclose(z[20:119], expected, rtol=1e-9)
    equal = [*range(149, 160), *range(209, 220)]
    assert np.isnan(z[equal]).all()
    assert np.flatnonzero(np.isnan(z[19:])).tolist() == [row - 19 for row in equal]
    assert np.flatnonzero(np.isnan(found["volume_ratio_20"][19:])).tolist() == [row - 19 for row in equal[:11]]


def test_the_rank_of_no_movement_is_the_lowest_whatever_stood_before():
    (rank,) = [item for item in context_features(ContextFeatures(symbol=True), "1h") if "rank" in item.id]
    bars = random_bars(600, 3, "1h")
    still = np.arange(600) >= 400
    found = context_column(rank, with_columns(bars, close=np.where(still, bars.close[399], bars.close)))
    zeros = np.arange(2, 182)  # volatilities of 0 up to each row, the first of them at row 419
    np.testing.assert_allclose(found[420:600], (zeros + 1) / 2 / 250, rtol=1e-12)
