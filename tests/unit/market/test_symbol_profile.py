"""What is frozen of a symbol at the train end: volatility, liquidity, span."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Bars, from_iso
from ktrdr.domain.market.characteristics import SymbolCharacteristics
from ktrdr.domain.market.profile import SymbolProfile, daily_turnover, profile_of, realised_volatility
from ktrdr.domain.market.timeframe import NS_PER_DAY, Timeframe

FACTS = SymbolCharacteristics("AAPL", "stock", "XNAS", "XNYS", "America/New_York", inferred=("guessed",))
START = from_iso("2020-01-01T00:00:00Z")


def bars(timeframe: str = "1d", rows: int = 600, volume: float | None = None) -> Bars:
    rng = np.random.default_rng(5)
    close = 50 * np.exp(np.cumsum(rng.normal(0, 0.02, rows)))
    stamps = START + np.arange(rows, dtype=np.int64) * Timeframe(timeframe).ns
    volumes = rng.uniform(1e5, 3e5, rows) if volume is None else np.full(rows, volume)
    return Bars("AAPL", Timeframe(timeframe), stamps, close, close, close, close, volumes)


@pytest.mark.parametrize("timeframe", ["5m", "1d"])
def test_volatility_is_that_of_pandas_over_the_years(timeframe: str) -> None:
    given = bars(timeframe)
    squares = (np.log(pd.Series(given.close)).diff() ** 2).sum()
    years = (given.known_at[-1] - given.known_at[0]) / (365.25 * NS_PER_DAY)
    assert realised_volatility(given.close, given.known_at) == pytest.approx((squares / years) ** 0.5, rel=1e-12)


def test_volatility_needs_21_closes_above_0() -> None:
    given = bars()
    assert realised_volatility(given.close[:20], given.known_at[:20]) is None
    assert realised_volatility(given.close[:21], given.known_at[:21]) is not None
    assert realised_volatility(given.close * 0, given.known_at) is None


@pytest.mark.parametrize("timeframe", ["5m", "4h", "1d"])
def test_turnover_is_the_median_day_of_the_newest_250(timeframe: str) -> None:
    given = bars(timeframe, rows=2000)
    frame = given.to_frame()
    by_day = (frame.close * frame.volume).groupby(frame.timestamp.dt.date).sum()
    assert daily_turnover(given) == pytest.approx(by_day.tail(250).median(), rel=1e-12)


def test_turnover_is_not_known_without_volume_and_for_longer_bars() -> None:
    assert daily_turnover(bars(volume=0.0)) is None
    assert daily_turnover(bars("1w")) is None
    below = bars().close.copy()
    below[3] = 0.0
    assert daily_turnover(replace(bars(), close=below)) is None


@pytest.mark.parametrize("asset_class", ["forex", "index", "metal"])
def test_volume_that_is_no_number_of_shares_makes_no_turnover(asset_class: Any) -> None:
    profile = profile_of(replace(FACTS, asset_class=asset_class), bars(), START + 2000 * NS_PER_DAY)
    assert (profile.turnover, profile.liquidity_tier) == (None, None)
    assert profile.volatility_tier == "medium"  # 0.02 a day is about 0.38 a year of 365 days


@pytest.mark.parametrize(("shares", "tier"), [(1e4, "low"), (1e6, "medium"), (1e7, "high")])
def test_liquidity_tiers_lie_at_10_and_100_million_a_day(shares: float, tier: str) -> None:
    flat = replace(bars(volume=shares), **dict.fromkeys(("open", "high", "low", "close"), np.full(600, 50.0)))
    profile = profile_of(FACTS, flat, START + 2000 * NS_PER_DAY)
    assert (profile.turnover, profile.liquidity_tier) == (50 * shares, tier)
    assert profile.reference["turnover"] == (1e7, 1e8)


def test_nothing_after_the_moment_counts() -> None:
    given = bars()
    until = int(given.known_at[400])
    spoiled = given.close.copy()
    spoiled[401:] *= 9
    after = replace(given, open=spoiled, high=spoiled, low=spoiled, close=spoiled, volume=given.volume * 1.0)
    after.volume[401:] = 1e12
    profile = profile_of(FACTS, after, until)
    assert profile == profile_of(FACTS, given.take(slice(0, 401)), until)
    assert (profile.bars, profile.last) == (401, "2021-02-04T00:00:00Z")
    assert (profile.first, profile.inferred) == ("2020-01-01T00:00:00Z", ("guessed",))


def test_it_comes_back_from_json() -> None:
    profile = profile_of(FACTS, bars(), START + 2000 * NS_PER_DAY)
    assert SymbolProfile.from_dict(json.loads(json.dumps(profile.as_dict()))) == profile


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("asset_class", "bond"),
        ("bars", 0),
        ("volatility", -0.1),
        ("volatility", 1),
        ("liquidity_tier", "low"),
        ("volatility_tier", None),
        ("reference", {}),
        ("reference", {"volatility": [0.1], "turnover": [1.0, 2.0]}),
        ("inferred", "guessed"),
        ("first", None),
        ("more", 1),
    ],
)
def test_what_no_training_writes_is_refused(field: str, value: Any) -> None:
    written = profile_of(FACTS, bars(volume=1e8), START + 2000 * NS_PER_DAY).as_dict()
    with pytest.raises(InvalidInput):
        SymbolProfile.from_dict(written | {field: value})
