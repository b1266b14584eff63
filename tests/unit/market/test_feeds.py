"""Bars that come in one by one: what is made of them is what is made of all at once."""

from __future__ import annotations

import numpy as np
import pytest
from samples.features import random_bars, weekday_sessions

from ktrdr.adapters.data.simulation import simulate
from ktrdr.domain.decisions.volume import VolumeGate, volume_permits
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.features.prices import newest_price, price_column
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.feeds import BarFeeds
from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

FINE = simulate("SIM_STOCK", Timeframe("5m"), 1200, 2)
COLUMNS = ("stamps", "known_at", *BAR_COLUMNS)


def without(bars: Bars, share: float) -> Bars:
    return bars.take(np.random.default_rng(5).random(len(bars)) > share)


def around_the_clock() -> Bars:
    """Bars at all hours of all days under a calendar of short sessions: most lie outside of them."""
    return random_bars(1500, timeframe="1h", sessions=weekday_sessions("2023-12-01", 120))


@pytest.mark.parametrize("extended", [False, True])
@pytest.mark.parametrize("target", ["15m", "1h", "4h", "1d", "1w"])
@pytest.mark.parametrize("bars", [FINE, without(FINE, 0.4)], ids=["whole", "with gaps"])
def test_made_bars_are_those_of_resampling_all(bars: Bars, target: str, extended: bool) -> None:
    feeds = BarFeeds(bars.symbol, "5m", {"5m": "native", target: "5m"}, bars.sessions, extended)
    wanted = resample(bars, Timeframe(target), extended_hours=extended)
    known = 0
    for row in range(len(bars)):
        feeds.take("5m", Bar.of(bars, row))
        made = feeds.held[target]
        assert len(made) == np.searchsorted(wanted.known_at, bars.known_at[row], side="right")
        known = len(made)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(feeds.held[target].bars(), name), getattr(wanted, name)[:known])
    assert known == len(wanted) > 0


def test_bars_outside_the_sessions_make_none() -> None:
    bars = around_the_clock()
    feeds = BarFeeds("TEST", "1h", {"1h": "native", "4h": "1h"}, bars.sessions)
    for row in range(len(bars)):
        feeds.take("1h", Bar.of(bars, row))
    wanted = resample(bars, Timeframe("4h"))
    assert 0 < len(wanted) < len(bars) / 8
    np.testing.assert_array_equal(feeds.held["4h"].stamps, wanted.stamps)
    np.testing.assert_array_equal(feeds.held["4h"].column("volume"), wanted.volume)


def test_many_at_once_are_as_good_as_one_by_one() -> None:
    origins = {"5m": "native", "1h": "5m"}
    one, many = (BarFeeds("SIM_STOCK", "5m", origins, FINE.sessions) for _ in range(2))
    many.extend({"5m": FINE.take(slice(0, 705))})
    for row in range(len(FINE)):
        one.take("5m", Bar.of(FINE, row))
        if row >= 705:
            many.take("5m", Bar.of(FINE, row))
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(one.held["1h"].bars(), name), getattr(many.held["1h"].bars(), name))


def test_known_at_is_derived_by_the_calendar_where_it_is_not_given() -> None:
    feeds = BarFeeds("SIM_STOCK", "5m", {"5m": "native"}, FINE.sessions)
    for row in range(200):
        values = [getattr(FINE, name)[row] for name in BAR_COLUMNS]
        feeds.take("5m", Bar("SIM_STOCK", int(FINE.stamps[row]), *values))
    np.testing.assert_array_equal(feeds.held["5m"].known_at, FINE.known_at[:200])


@pytest.mark.parametrize(
    "bars",
    [FINE, around_the_clock(), random_bars(40, timeframe="1d"), random_bars(600)],
    ids=["sessions", "outside of sessions", "days", "no calendar"],
)
@pytest.mark.parametrize("name", ["close", "volume", "hl2", "hlc3", "ohlc4", "session"])
def test_the_newest_price_is_the_last_of_the_column(bars: Bars, name: str) -> None:
    held = HeldBars(bars.take(slice(0, 5)))
    for row in range(5, min(len(bars), 300)):
        held.append(Bar.of(bars, row), int(bars.known_at[row]))
        assert newest_price(held, name) == price_column(bars, name)[row]


@pytest.mark.parametrize("multiple", [None, 0.5, 1.0, 2.0])
def test_the_volume_filter_bar_by_bar_is_that_of_all(multiple: float | None) -> None:
    draw = np.random.default_rng(1)
    volume = np.where(draw.random(300) < 0.2, 0.0, draw.lognormal(3, 1, 300))
    volume[:30] = 0.0
    gate = VolumeGate(multiple, volume[:25])
    found = [gate.permits(value) for value in volume[25:].tolist()]
    assert found == volume_permits(volume, multiple)[25:].tolist()


def test_a_bar_can_be_written_by_hand() -> None:
    bar = Bar.at("AAPL", "2024-01-02T09:30:00-05:00", 1, 3, 1, 2)
    assert (bar.stamp, bar.close, bar.volume) == (np.datetime64("2024-01-02T14:30", "ns").astype(int), 2.0, 0.0)
    assert Bar.at("AAPL", "2024-01-02", 1, 3, 1, 2, 10).stamp == np.datetime64("2024-01-02", "ns").astype(int)
    with pytest.raises(InvalidBars, match="a bar has open, high, low, close, volume; found 3 values"):
        Bar.at("AAPL", "2024-01-02", 1, 3, 1)
