"""Volume indicators against their formulas written as plain loops, and what sessions mean to the vwap."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from samples.features import (
    DAY,
    HOUR,
    complete,
    indicator_outputs,
    random_bars,
    same_bits,
    sample_bars,
    weekday_sessions,
    with_columns,
)
from twins.indicators import NAN, assert_formula, exponential, mean, typical_prices, windowed

from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.sessions import Sessions


def summed(start, steps):
    """The running sum that begins with `start`."""
    out = [start]
    for step in steps:
        out.append(out[-1] + step)
    return out


def changes(values):
    return [(values[t - 1], values[t]) for t in range(1, len(values))]


def obv(b, _):
    signs = [(new > old) - (new < old) for old, new in changes(b["close"])]
    return {"": summed(b["volume"][0], [sign * volume for sign, volume in zip(signs, b["volume"][1:], strict=True)])}


def places(b):
    """Where the close stands in the bar's range, -1 to 1; 0 without a range."""
    rows = zip(b["high"], b["low"], b["close"], strict=True)
    return [((close - low) - (high - close)) / (high - low) if high > low else 0.0 for high, low, close in rows]


def adline(b, _):
    flow = [place * volume for place, volume in zip(places(b), b["volume"], strict=True)]
    return {"": summed(flow[0], flow[1:])}


def cmf(b, p):
    flow = [place * volume for place, volume in zip(places(b), b["volume"], strict=True)]
    return {"": windowed(lambda x, v: sum(x) / sum(v) if sum(v) else 0.0, p["period"], flow, b["volume"])}


def forceindex(b, p):
    force = [NAN] + [(new - old) * v for (old, new), v in zip(changes(b["close"]), b["volume"][1:], strict=True)]
    return {"": exponential(force, p["period"], p["period"])}


def volumepricetrend(b, _):
    steps = [(new / old - 1) * v for (old, new), v in zip(changes(b["close"]), b["volume"][1:], strict=True)]
    return {"": summed(0.0, steps)}


def index_of(b, follows):
    out = [1000.0]
    for (old, new), (before, volume) in zip(changes(b["close"]), changes(b["volume"]), strict=True):
        out.append(out[-1] * new / old if follows(before, volume) else out[-1])
    return {"": out}


def nvi(b, _):
    return index_of(b, lambda before, volume: volume < before)


def pvi(b, _):
    return index_of(b, lambda before, volume: volume > before)


def vwap(b, p):
    price = typical_prices(b) if p["use_typical_price"] else b["close"]

    def average(prices, volumes):
        if not sum(volumes):
            return mean(prices)
        return sum(one * volume for one, volume in zip(prices, volumes, strict=True)) / sum(volumes)

    if p["period"]:
        return {"": windowed(average, p["period"], price, b["volume"])}
    begins = [b["session"].index(number) for number in b["session"]]
    return {"": [average(price[i : t + 1], b["volume"][i : t + 1]) for t, i in enumerate(begins)]}


def volumeratio(b, p):
    return {"": windowed(lambda v: v[-1] / mean(v) if sum(v) else 0.0, p["period"], b["volume"])}


def easeofmovement(b, p):
    middles = [(high + low) / 2 for high, low in zip(b["high"], b["low"], strict=True)]
    ease = [NAN]
    for t, (old, new) in enumerate(changes(middles), start=1):
        box = b["volume"][t] / p["divisor"]
        ease.append((new - old) * (b["high"][t] - b["low"][t]) / box if box else 0.0)
    return {"": windowed(mean, p["period"], ease, first=p["period"])}


FORMULAS = {
    "obv": (obv, [{}]),
    "adline": (adline, [{}]),
    "cmf": (cmf, [{}, {"period": 6}]),
    "forceindex": (forceindex, [{}, {"period": 6}]),
    "volumepricetrend": (volumepricetrend, [{}]),
    "nvi": (nvi, [{}]),
    "pvi": (pvi, [{}]),
    "vwap": (vwap, [{}, {"period": 6, "use_typical_price": False}, {"period": 0}, {"period": 1}]),
    "volumeratio": (volumeratio, [{}, {"period": 6}]),
    "easeofmovement": (easeofmovement, [{}, {"period": 6, "divisor": 1e6}]),
}
CASES = [pytest.param(name, given, id=f"{name} {given}") for name, (_, cases) in FORMULAS.items() for given in cases]


def test_every_volume_indicator_has_its_formula():
    others = {"mfi", "pvo"}  # in test_indicator_values, and with the other oscillators
    assert {name for name, spec in INDICATORS.items() if spec.category == "volume"} <= set(FORMULAS) | others


def bars_of(kind: str) -> Bars:
    """A walk; one whose volume pauses for longer than any window here; real bars, with and without volume."""
    if kind == "walk":
        return random_bars(400, 3)
    if kind == "pauses":
        bars = random_bars(250, 4)
        pause = (np.arange(250) > 100) & (np.arange(250) < 160)
        return with_columns(bars, volume=np.where(pause, 0.0, np.where(np.arange(250) < 100, 1e6, 1.0) * bars.volume))
    return sample_bars(kind).take(slice(500, 750))


@pytest.mark.parametrize(("name", "given"), CASES)
@pytest.mark.parametrize("bars", ["walk", "pauses", "AAPL_1d", "EURUSD_1h"])
def test_values_are_those_of_the_formula(name, given, bars):
    assert_formula(FORMULAS[name][0], name, given, bars_of(bars), rtol=1e-7 if bars == "pauses" else 1e-9)


def hourly(sessions: Sessions | None, first: str, hours: int) -> Bars:
    stamps = pd.Timestamp(first, tz="UTC").value + np.arange(hours, dtype=np.int64) * HOUR
    return random_bars(hours, timeframe="1h", stamps=stamps, sessions=sessions)


def test_a_session_begins_when_the_exchange_opens_and_ends_when_it_closes():
    """Sessions of 14:30 to 21:00: the bar of 14:00 is known at 15:00 and so the first of its session."""
    bars = hourly(weekday_sessions("2024-01-01", 30), "2024-01-08T12:00", 100)
    numbers = price_column(bars, "session")
    begins = pd.to_datetime(bars.stamps[1:][np.diff(numbers) > 0])
    assert begins.hour.tolist() == [14, 21, 14, 21, 14, 21, 14, 21, 14]


def test_bars_between_two_sessions_belong_to_neither_and_a_weekend_parts_them_no_further():
    bars = hourly(weekday_sessions("2024-01-01", 30), "2024-01-12T15:00", 70)  # Friday afternoon to Monday noon
    numbers = price_column(bars, "session")
    assert len(set(numbers[:6])) == 1
    assert len(set(numbers[6:])) == 1
    assert numbers[5] < numbers[6]


@pytest.mark.parametrize("given", [{}, {"use_typical_price": False}])
def test_the_vwap_of_a_session_is_that_of_its_bars_alone_whatever_trades_before_and_after(given):
    """Of each day the bars from 14:00 to 21:00 against the same day cut out; bars before it against themselves."""
    bars = hourly(weekday_sessions("2024-01-01", 30), "2024-01-08T00:00", 96)
    parameters = complete("vwap", period=0, **given)
    values = indicator_outputs("vwap", parameters, bars)[""]
    price = (bars.high + bars.low + bars.close) / 3 if parameters["use_typical_price"] else bars.close
    for begin, end in [(0, 14), (14, 21), (21, 38), (38, 45), (45, 62), (62, 69), (69, 86), (86, 93), (93, 96)]:
        for row in range(begin, end):
            traded = slice(begin, row + 1)
            assert values[row] == pytest.approx(np.average(price[traded], weights=bars.volume[traded]))


def test_sessions_of_a_currency_are_those_of_its_calendar():
    """Round the clock from 22:00 on, so that no session begins at midnight."""
    dates = pd.bdate_range("2024-01-01", periods=20).astype("datetime64[ns]").astype("int64").to_numpy()
    sessions = Sessions(dates, dates - 2 * HOUR, dates + 22 * HOUR, "UTC", continuous=True)
    bars = hourly(sessions, "2024-01-08T00:00", 72)
    numbers = price_column(bars, "session")
    assert (pd.to_datetime(bars.stamps[1:][np.diff(numbers) > 0]).hour == 22).all()


def test_without_a_calendar_the_utc_day_is_the_session():
    bars = hourly(None, "2024-01-08T00:00", 72)
    assert np.diff(price_column(bars, "session")).nonzero()[0].tolist() == [23, 47]


def test_the_vwap_of_a_session_begins_anew():
    bars = hourly(None, "2024-01-08T00:00", 72)
    values = indicator_outputs("vwap", complete("vwap", period=0), bars)[""]
    second = indicator_outputs("vwap", complete("vwap", period=0), bars.take(slice(24, None)))[""]
    assert same_bits(values[24:], second)
    assert values[24] == pytest.approx((bars.high[24] + bars.low[24] + bars.close[24]) / 3)


def test_a_day_is_its_own_session():
    bars = sample_bars("AAPL_1d").take(slice(0, 50))
    values = indicator_outputs("vwap", complete("vwap", period=0), bars)[""]
    np.testing.assert_allclose(values, (bars.high + bars.low + bars.close) / 3)
    assert (np.diff(bars.stamps) >= DAY).all()


@pytest.mark.parametrize("now", [0, 5, 23, 24, 25, 60, 99])
def test_the_session_of_a_bar_does_not_depend_on_later_bars(now):
    sessions = weekday_sessions("2024-01-01", 30)
    bars = hourly(sessions, "2024-01-08T12:00", 100)
    parameters = complete("vwap", period=0)
    whole = indicator_outputs("vwap", parameters, bars)[""]
    assert same_bits(indicator_outputs("vwap", parameters, bars.take(slice(0, now + 1)))[""], whole[: now + 1])


def test_volume_that_was_huge_leaves_nothing_behind():
    """Windows without volume after 1e12 a bar, then a single unit: the sums forget exactly."""
    bars = random_bars(120, 2)
    volume = np.where(np.arange(120) < 40, 1e12 * bars.volume, 0.0)
    volume[100] = 1.0
    bars = with_columns(bars, volume=volume)
    typical = (bars.high + bars.low + bars.close) / 3
    average = indicator_outputs("vwap", complete("vwap"), bars)[""]
    assert average[90] == pytest.approx(typical[71:91].mean())
    assert average[100] == pytest.approx(typical[100])
    ratio = indicator_outputs("volumeratio", complete("volumeratio"), bars)[""]
    assert ratio[90] == 0.0
    assert ratio[100] == pytest.approx(20.0)
    assert indicator_outputs("cmf", complete("cmf"), bars)[""][90] == 0.0
