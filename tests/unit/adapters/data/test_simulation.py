"""Simulated markets: reproducible, consistent between timeframes, and shaped like real ones."""

from __future__ import annotations

import numpy as np
import pytest

from ktrdr.adapters.data.simulation import simulate, simulate_sessions
from ktrdr.adapters.data.sources import repository_of
from ktrdr.domain.errors import DataNotFound, InvalidInput
from ktrdr.domain.market.bars import BAR_COLUMNS
from ktrdr.domain.market.quality import quality_warnings
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

FIVE, HOUR, DAY = Timeframe("5m"), Timeframe("1h"), Timeframe("1d")


def test_the_same_seed_gives_the_same_bars_and_another_gives_others() -> None:
    marks = [simulate("SIM_STOCK", FIVE, 500, seed).fingerprint().sha256 for seed in (1, 1, 2)]
    assert marks[0] == marks[1] != marks[2]
    assert simulate("SIM_OTHER", FIVE, 500, 1).close[-1] != simulate("SIM_STOCK", FIVE, 500, 1).close[-1]


@pytest.mark.parametrize("symbol", ["SIM_STOCK", "SIM_FOREX", "SIM_CRYPTO"])
def test_there_are_enough_five_minute_bars_and_nothing_is_odd(symbol: str) -> None:
    bars = repository_of("simulated", [symbol]).load(symbol, FIVE)
    assert len(bars) >= 20_000
    assert quality_warnings(bars) == ()
    assert (bars.low <= np.minimum(bars.open, bars.close)).all()
    assert (bars.high >= np.maximum(bars.open, bars.close)).all()
    assert bars.low.min() > 0


@pytest.mark.parametrize("symbol", ["SIM_STOCK", "SIM_FOREX"])
def test_timeframes_agree(symbol: str) -> None:
    repository = repository_of("simulated", [symbol])
    fine, hours, days = (repository.load(symbol, timeframe) for timeframe in (FIVE, HOUR, DAY))
    for name in ("stamps", *BAR_COLUMNS, "known_at"):
        assert np.array_equal(getattr(resample(fine, HOUR), name), getattr(hours, name))
        assert np.array_equal(getattr(resample(hours, DAY), name), getattr(days, name))
    assert days.volume.sum() == fine.volume.sum()


@pytest.mark.parametrize("timeframe", ["1m", "5m", "7m", "1h", "4h", "1d", "1w"])
@pytest.mark.parametrize("symbol", ["ANY", "EUR_FOREX", "A_CRYPTO"])
def test_any_number_of_bars_of_any_timeframe(symbol: str, timeframe: str) -> None:
    bars = simulate(symbol, Timeframe(timeframe), 250, 3)
    assert len(bars) == 250
    assert str(bars.timeframe) == timeframe
    assert bars.source == "simulated (seed 3)"


def test_volatility_clusters_and_volume_follows_the_session() -> None:
    bars = simulate_sessions("SIM_STOCK", FIVE, 200, 11)
    returns = np.diff(np.log(bars.close))
    size = np.abs(returns)
    assert np.corrcoef(size[:-12], size[12:])[0, 1] > 0.1
    assert abs(np.corrcoef(returns[:-1], returns[1:])[0, 1]) < 0.1
    minute_of_day = (bars.stamps - bars.sessions.opens[bars.sessions.locate(bars.stamps, FIVE)]) // (60 * 10**9)
    ends = np.mean(bars.volume[(minute_of_day < 30) | (minute_of_day >= 360)])
    middle = np.mean(bars.volume[(minute_of_day >= 150) & (minute_of_day < 240)])
    assert ends > 2 * middle


def test_yearly_volatility_is_of_the_intended_size() -> None:
    days = simulate("SIM_STOCK", DAY, 2000, 5)
    assert 0.01 < np.std(np.diff(np.log(days.close))) < 0.03


def test_what_it_does_not_have() -> None:
    repository = repository_of("simulated", timeframe=FIVE, bars=100)
    with pytest.raises(DataNotFound, match=r"simulated: no 1m bars of SIM_STOCK; there is 5m \(100 bars"):
        repository.load("SIM_STOCK", Timeframe("1m"))
    with pytest.raises(InvalidInput, match="bars must be a positive number"):
        repository_of("simulated", bars=0)
    with pytest.raises(InvalidInput, match="seed must not be negative"):
        repository_of("simulated", seed=-1)
    with pytest.raises(InvalidInput, match="symbol 'a b' is not valid"):
        repository_of("simulated", ["a b"])


def test_more_bars_than_calendars_reach_are_refused() -> None:
    with pytest.raises(InvalidInput, match=r"SIM_STOCK can be simulated for .* 1w bars; found 90,000"):
        simulate("SIM_STOCK", Timeframe("1w"), 90_000, 7)
