"""Bars that come in one by one: what is made of them is what is made of all at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from samples.features import random_bars, weekday_sessions

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.adapters.data.simulation import simulate
from ktrdr.domain.decisions.volume import VolumeGate, volume_permits
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.features.prices import newest_price, price_column
from ktrdr.domain.market.bar import Bar
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars, from_iso, iso
from ktrdr.domain.market.feeding import earliest_known
from ktrdr.domain.market.feeds import BarFeeds
from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

FINE = simulate("SIM_STOCK", Timeframe("5m"), 1200, 2)
HOUR = 3600 * 10**9
DAY_ONE = from_iso("2024-01-01T00:00:00Z")
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


WEEKDAYS = weekday_sessions("2023-12-01", 120)
DAYS = random_bars(30, timeframe="1d", stamps=WEEKDAYS.dates[20:50], sessions=WEEKDAYS)


def daily(row: int, hours: int = 0, known_at: int | None = None) -> Bar:
    return replace(Bar.of(DAYS, row), stamp=int(DAYS.stamps[row]) + hours * HOUR, known_at=known_at)


def test_a_day_is_stamped_as_in_a_file_and_comes_once() -> None:
    feeds = BarFeeds("TEST", "1d", {"1d": "native"}, DAYS.sessions)
    for row in range(10):
        feeds.take("1d", replace(daily(row), stamp=int((DAYS.stamps, WEEKDAYS.opens[20:])[row % 2][row])))
    np.testing.assert_array_equal(feeds.held["1d"].stamps, DAYS.stamps[:10])
    np.testing.assert_array_equal(feeds.held["1d"].known_at, DAYS.known_at[:10])
    for hours in (0, 15, 16):
        with pytest.raises(InvalidBars, match="this 1d bar has come twice"):
            feeds.take("1d", daily(9, hours))
    odd = DAYS.stamps.copy()
    odd[7] += 6 * HOUR
    with pytest.raises(
        InvalidBars, match=r"row 7 is stamped .*; a bar of a day or more carries the date of its session"
    ):
        feeds.extend({"1d": replace(DAYS, stamps=odd)})


def test_no_bar_is_known_before_its_session_closes() -> None:
    feeds = BarFeeds("TEST", "1d", {"1d": "native"}, DAYS.sessions)
    close = int(DAYS.known_at[0])
    for early in (int(DAYS.stamps[0]), close - 1):
        with pytest.raises(InvalidBars, match=f"before it is over, at {iso(close)}"):
            feeds.take("1d", daily(0, known_at=early))
        with pytest.raises(InvalidBars, match=r"row 0 at .* can not be known at"):
            feeds.extend({"1d": replace(DAYS, known_at=np.append(early, DAYS.known_at[1:]))})
    feeds.take("1d", daily(0, known_at=close))
    feeds.take("1d", daily(1, known_at=int(DAYS.known_at[1]) + HOUR))


def test_where_no_calendar_says_when_a_bar_is_over_it_has_begun_and_an_intraday_one_is_full() -> None:
    stamps = np.arange(3) * 24 * HOUR
    assert earliest_known(stamps, Timeframe("1h"), None).tolist() == (stamps + HOUR).tolist()
    assert earliest_known(stamps, Timeframe("1d"), None).tolist() == (stamps - 24 * HOUR).tolist()
    later = weekday_sessions("1970-01-02", 5)
    assert earliest_known(stamps, Timeframe("1h"), later).tolist()[0] == 0
    assert earliest_known(stamps, Timeframe("1d"), later).tolist()[:2] == [-24 * HOUR, int(later.closes[0])]


NEVER_CLOSED = sessions_for("24/7", DAY_ONE, DAY_ONE + 200 * 24 * HOUR)
SIXTEEN = random_bars(40, timeframe="1d", stamps=DAY_ONE + HOUR * (16 + 24 * np.arange(40)))


@pytest.mark.parametrize("history", [0, 1, 30])
def test_days_of_a_market_that_never_closes_come_in_at_their_own_time_of_day(history: int) -> None:
    batch = SIXTEEN.in_sessions(NEVER_CLOSED)
    feeds = BarFeeds("TEST", "1d", {"1d": "native"}, NEVER_CLOSED)
    feeds.extend({"1d": batch.take(slice(0, history))})
    for row in range(history, len(batch)):
        feeds.take("1d", replace(Bar.of(batch, row), known_at=None))
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(feeds.held["1d"].bars(), name), getattr(batch, name))
    early = replace(Bar.of(batch, 39), stamp=int(batch.stamps[39]) + 9 * HOUR, known_at=None)
    with pytest.raises(InvalidBars, match=r"begins at another time of day than the last one, that of 2024-02-09T16:00"):
        feeds.take("1d", early)
    late = replace(Bar.of(batch, 39), stamp=int(batch.stamps[39]) + 24 * HOUR, known_at=int(batch.known_at[39]) + HOUR)
    with pytest.raises(InvalidBars, match="before it is over, at 2024-02-11T16:00:00Z"):
        feeds.take("1d", late)


def test_history_of_a_market_that_never_closes_begins_at_one_time_of_day() -> None:
    odd = SIXTEEN.stamps.copy()
    odd[7] += 6 * HOUR
    feeds = BarFeeds("TEST", "1d", {"1d": "native"}, NEVER_CLOSED)
    with pytest.raises(InvalidBars, match=r"row 7 is stamped 2024-01-08T22:00.*begins at 16:00 UTC"):
        feeds.extend({"1d": replace(SIXTEEN, stamps=odd, known_at=odd + 24 * HOUR)})


def test_a_live_day_that_begins_outside_the_sessions_is_known_once_it_is_full() -> None:
    stamps = DAYS.stamps[:3] + 6 * HOUR
    batch = replace(DAYS.take(slice(0, 3)), stamps=stamps, sessions=None, known_at=np.empty(0, dtype=np.int64))
    batch = batch.in_sessions(WEEKDAYS)
    assert batch.known_at.tolist() == (stamps + 24 * HOUR).tolist()
    feeds = BarFeeds("TEST", "1d", {"1d": "native"}, WEEKDAYS)
    for row in range(3):
        feeds.take("1d", replace(Bar.of(batch, row), stamp=int(stamps[row]), known_at=None))
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(feeds.held["1d"].bars(), name), getattr(batch, name))
    feeds = BarFeeds("TEST", "1d", {"1d": "native"}, WEEKDAYS)
    with pytest.raises(InvalidBars, match="before it is over"):
        feeds.take("1d", replace(Bar.of(batch, 0), stamp=int(stamps[0]), known_at=int(DAYS.known_at[0])))


def test_a_live_hour_is_known_as_in_the_batch_once_bars_after_hours_came_in() -> None:
    sessions = sessions_for("XNYS", DAY_ONE, DAY_ONE + 30 * 24 * HOUR)
    hours = np.concatenate([DAY_ONE + HOUR * (24 * day + np.arange(10, 24)) for day in (1, 2, 3)]) + HOUR // 2
    batch = random_bars(len(hours), timeframe="1h", stamps=hours).in_sessions(sessions)
    assert (batch.known_at == hours + HOUR).all()
    feeds = BarFeeds("TEST", "1h", {"1h": "native"}, sessions)
    feeds.extend({"1h": batch.take(slice(0, 14))})
    for row in range(14, len(batch)):
        feeds.take("1h", replace(Bar.of(batch, row), known_at=None))
    np.testing.assert_array_equal(feeds.held["1h"].known_at, batch.known_at)


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
