"""Single rules on numbers written out: what is found, what is not, and what is counted."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ktrdr.adapters.data.calendars import sessions_for
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.context_series import ContextSeries
from ktrdr.domain.market.quality import Finding, PoolSymbol, context_findings, findings, pool_findings, symbol_findings
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

DAY, HOUR = Timeframe("1d"), Timeframe("1h")
STOCK = SymbolCharacteristics("X", "stock", "XNYS", "XNYS", "America/New_York")
FOREX = replace(STOCK, asset_class="forex", calendar="24/5")


def daily(closes: list[float], volume: float = 1e6, calendar: str = "XNYS", start: str = "1987-08-03") -> Bars:
    """Return a bar for each session from a Monday on, that opens at the close before, half a percent wide."""
    first = from_iso(f"{start}T00:00:00Z")
    sessions = sessions_for(calendar, first, first + 2 * len(closes) * NS_PER_DAY)
    begin = int(np.searchsorted(sessions.dates, first))
    close = np.array(closes)
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = np.maximum(open_, close) * 1.005, np.minimum(open_, close) * 0.995
    stamps = sessions.dates[begin : begin + len(close)]
    return Bars("X", DAY, stamps, open_, high, low, close, np.full(len(close), volume), sessions=sessions)


def calm(count: int, level: float = 250.0) -> list[float]:
    """Return closes that go up and down by half a percent and two thirds of it in turn, and rise a little."""
    return [level * (1 + (0.005, -0.0033, 0.002, 0.0)[number % 4] + 1e-5 * number) for number in range(count)]


def by_rule(bars: Bars, facts: SymbolCharacteristics = STOCK) -> dict[str, Finding]:
    return {finding.rule: finding for finding in findings(bars, facts)}


def test_the_crash_of_1987_is_neither_spike_nor_split() -> None:
    """S&P 500, closes of 14 October to 3 November 1987."""
    crash = [305.23, 298.08, 282.70, 224.84, 236.83, 258.38, 248.25, 248.22, 227.67, 233.19, 233.28, 244.77, 251.79]
    crash += [255.75, 250.82]
    bars = daily([*calm(50, 315.0), *crash, *calm(50, 248.0)])
    assert by_rule(bars).keys() <= {"missing_sessions"}


@pytest.mark.parametrize("count", range(1, 7))
def test_a_handful_of_bars_is_judged_too(count: int) -> None:
    assert not {"spikes", "splits", "big_moves"} & by_rule(daily(calm(count))).keys()


def test_a_day_that_is_tenfold_and_back_is_a_spike_of_one_bar() -> None:
    closes = calm(100)
    closes[60] *= 10
    found = by_rule(daily(closes))["spikes"]
    assert (found.count, found.places) == (1, (int(daily(closes).stamps[60]),))


@pytest.mark.parametrize(("ratio", "name"), [(2.0, "2:1"), (1.5, "3:2"), (0.1, "1:10")])
def test_a_split_is_named_by_its_ratio(ratio: float, name: str) -> None:
    before, after = daily(calm(60)), daily(calm(120))
    rows = np.arange(120) >= 60
    prices = {key: np.where(rows, getattr(after, key) / ratio, getattr(after, key)) for key in ("high", "low", "close")}
    open_ = np.where(rows, after.open / ratio, after.open)
    bars = replace(after, open=open_, volume=np.where(rows, after.volume * ratio, after.volume), **prices)
    found = by_rule(bars)["splits"]
    assert found.count == 1
    assert found.sentence.endswith(f"({name})")
    assert "splits" not in by_rule(bars, replace(STOCK, asset_class="index")), "an index is never split"
    assert "splits" not in by_rule(before)


def test_a_fall_to_two_thirds_on_news_is_no_split() -> None:
    """It opens a third lower, moves by a tenth within the day, and trades eight times the usual value."""
    bars = daily([*calm(60), *calm(60, 166.0)])
    open_, high, low, volume = (getattr(bars, name).copy() for name in ("open", "high", "low", "volume"))
    open_[60], high[60], low[60], volume[60] = 166.7, 176.0, 158.0, 12e6
    assert "splits" not in by_rule(replace(bars, open=open_, high=high, low=low, volume=volume))


def test_the_limit_of_missing_bars_is_a_share_of_what_the_calendar_expects() -> None:
    bars = daily(calm(200))
    for gone, refused in ((10, False), (11, True)):
        kept = np.ones(200, bool)
        kept[50 : 50 + gone] = False
        found = by_rule(bars.take(kept))
        assert ("incomplete" in found) == refused
        assert found["missing_sessions"].count == gone
    assert found["incomplete"].refused
    assert (found["incomplete"].count, found["incomplete"].of) == (11, 200)


def test_christmas_is_no_hole_in_currencies() -> None:
    bars = daily(calm(300), calendar="24/5", start="2023-06-05")
    days = bars.stamps.astype("datetime64[ns]").astype("datetime64[D]").astype(str)
    without = bars.take(~np.isin(days, ["2023-12-25", "2024-01-01"]))
    assert "missing_sessions" not in by_rule(without, FOREX)
    assert by_rule(without)["missing_sessions"].count == 2, "it is one for what trades on exchanges"
    assert by_rule(without.take(np.arange(len(without)) != 30), FOREX)["missing_sessions"].count == 1


def test_half_days_and_a_break_at_noon_are_whole() -> None:
    """Three and a half hours of the day after Thanksgiving; Hong Kong rests from 12:00 to 13:00."""
    for calendar, facts in (("XNYS", STOCK), ("XHKG", replace(STOCK, calendar="XHKG"))):
        first = from_iso("2024-11-18T00:00:00Z")
        sessions = sessions_for(calendar, first, first + 15 * NS_PER_DAY)
        step = Timeframe("30m")
        stamps = np.arange(first, first + 14 * NS_PER_DAY, step.ns)
        stamps = stamps[sessions.locate(stamps, step) >= 0]
        if sessions.breaks is not None:
            at = sessions.locate(stamps, step)
            stops, resumes = sessions.breaks[at].T
            stamps = stamps[~((stamps >= stops) & (stamps < resumes))]
        level = 100 + np.arange(len(stamps)) * 0.01
        bars = Bars("X", step, stamps, level, level + 1, level - 1, level, level, sessions=sessions)
        assert by_rule(bars, facts) == {}, calendar


def test_equal_bars_count_from_the_limit_on() -> None:
    for run, found in ((4, False), (5, True)):
        closes = calm(100)
        bars = daily(closes)
        columns = {name: getattr(bars, name).copy() for name in ("open", "high", "low", "close")}
        for values in columns.values():
            values[40 : 40 + run] = values[40]
        assert ("stale" in by_rule(replace(bars, **columns))) == found, run


def test_volume_in_lots_from_one_day_on() -> None:
    bars = daily(calm(100))
    volume = np.where(np.arange(100) >= 70, bars.volume / 100, bars.volume)
    found = by_rule(replace(bars, volume=volume))["volume_units"]
    assert (found.count, found.places) == (1, (int(bars.stamps[70]),))
    assert "(x 0.01)" in found.sentence


def test_no_fridays() -> None:
    bars = daily(calm(200))
    friday = (bars.stamps // NS_PER_DAY + 3) % 7 == 4
    assert by_rule(bars.take(~friday))["missing_weekdays"].sentence == "there are no bars of Fridays"


def test_a_volatility_index_as_a_stock_by_its_name() -> None:
    bars = replace(daily(calm(60, 20.0)), symbol="^VIX")
    assert "volatility_as_stock" in by_rule(bars)
    assert "volatility_as_stock" not in by_rule(bars, replace(STOCK, asset_class="index"))


def test_two_timeframes_of_one_symbol_that_are_adjusted_differently() -> None:
    fine, coarse = daily(calm(100)), replace(daily(calm(100)), timeframe=Timeframe("2d"))
    half = np.where(np.arange(100) < 40, 0.5, 1.0)
    prices = {name: getattr(coarse, name) * half for name in ("open", "high", "low", "close")}
    (found,) = symbol_findings([fine, replace(coarse, known_at=fine.known_at, **prices)])
    assert (found.rule, found.count, found.of) == ("timeframes_disagree", 40, 100)
    assert symbol_findings([fine, replace(coarse, known_at=fine.known_at)]) == ()


def test_a_pool_without_failures_and_one_with() -> None:
    first, last = from_iso("2010-01-04T00:00:00Z"), from_iso("2020-01-02T00:00:00Z")
    pool = {name: PoolSymbol("stock", "", first, last) for name in "ABCDE"}
    assert [finding.rule for finding in pool_findings(pool)] == ["survivorship"]
    assert pool_findings(pool | {"F": PoolSymbol("stock", "", first, last - 400 * NS_PER_DAY)}) == ()
    assert pool_findings({name: PoolSymbol("crypto", "", first, last) for name in "ABCDE"}) == ()
    split = pool | {"A": PoolSymbol("stock", "", first, last, split=True)}
    said = {finding.rule: finding.sentence for finding in pool_findings(split)}
    assert said["mixed_adjustments"].endswith("alike: A: not adjusted for a split; B, C, D, E: no such split")


@pytest.mark.parametrize(
    ("observed", "lag_days", "early"),
    [("M", 15, True), ("M", 45, False), ("D", 0, True), ("D", 0.9, False), ("D", 1, False)],
)
def test_context_is_early_before_its_period_is_over(observed: str, lag_days: float, early: bool) -> None:
    about = np.arange("2020-01", "2021-01", dtype=f"datetime64[{observed}]").astype("datetime64[ns]").astype(np.int64)
    values = {"value": np.arange(len(about), dtype=float)}
    known_at = about + int(lag_days * NS_PER_DAY)
    series = ContextSeries.published("fred", "X", known_at, values, observed=about)
    assert [finding.count for finding in context_findings(series)] == ([len(about)] if early else [])


def test_a_finding_as_plain_values() -> None:
    closes = calm(100)
    closes[60] *= 10
    shown = by_rule(daily(closes))["spikes"].as_dict()
    assert shown["series"] == "X 1d"
    assert shown["where"] == ["1987-10-27T00:00:00Z"]
    assert shown["example"].startswith("1987-10-27T00:00:00Z: open ")
    assert set(shown) >= {"rule", "severity", "count", "of", "sentence", "advice", "refused"}
