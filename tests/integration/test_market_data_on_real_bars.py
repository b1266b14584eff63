"""Loading and resampling every real series there is, against facts and computations of other origin."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ktrdr.adapters.data.sources import repository_of
from ktrdr.application.ports.data_repository import DataRepository
from ktrdr.domain.market.bars import BAR_COLUMNS, Bars
from ktrdr.domain.market.quality import findings
from ktrdr.domain.market.resample import resample
from ktrdr.domain.market.timeframe import Timeframe

FOLDER = Path(__file__).parents[3] / "shared" / "data"
INDEX = FOLDER / "index.json"
LISTED = json.loads(INDEX.read_text())["files"] if INDEX.exists() else []
NEW_YORK = {"XNYS", "XNAS", "ARCX"}
HOW = {"open": "first", "high": "max", "low": "min", "close": "last", "volume": "sum"}

pytestmark = pytest.mark.skipif(not LISTED, reason="the developers' real market data is not here (../shared/data)")


@pytest.fixture(scope="module")
def repository() -> DataRepository:
    return repository_of("folder", FOLDER)


def counts(bars: Bars) -> Counter[str]:
    return Counter({finding.rule: finding.count for finding in findings(bars)})


@pytest.mark.parametrize("facts", LISTED, ids=lambda facts: facts["file"])
def test_every_file_loads_as_its_index_says(facts: dict, repository: DataRepository) -> None:
    bars = repository.load(facts["symbol"], Timeframe(facts["timeframe"]))
    assert len(bars) == facts["rows"]
    assert [int(bars.stamps[row]) for row in (0, -1)] == [pd.Timestamp(facts[end]).value for end in ("first", "last")]
    assert bars.symbol == facts["symbol"]
    assert (bars.known_at > bars.stamps).all()
    assert (np.diff(bars.known_at) >= 0).all()
    checks, found = facts["checks"], counts(bars)
    silent = checks.get("zero_volume_rows", 0)
    assert found["zero_volume"] + found["no_volume"] == silent
    assert (found["no_volume"] > 0) == (silent == len(bars))
    assert found["body_outside"] == checks["ohlc_violations"]
    if facts["timeframe"] == "1d" and facts["exchange"] in NEW_YORK:
        assert found["missing_sessions"] == checks["exchange_sessions_missing"]
        assert found["closed_days"] == checks["rows_on_non_sessions"]
    if facts["timeframe"] != "1d" and facts["exchange"] in NEW_YORK and "rows_outside_regular_session" in checks:
        assert found["outside_hours"] == checks["rows_outside_regular_session"]
        assert found["missing_bars"] == checks.get("regular_session_bars_missing", 0)
    if "missing_bars" in checks and facts["timeframe"] != "1d":
        assert found["missing_bars"] == checks["missing_bars"]


def test_each_is_listed_once(repository: DataRepository) -> None:
    listed = {(info.symbol, str(info.timeframe)): info.rows for info in repository.series()}
    assert listed == {(facts["symbol"].removeprefix("^"), facts["timeframe"]): facts["rows"] for facts in LISTED}


def by_pandas(bars: Bars, rule: str) -> pd.DataFrame:
    """Return regular-session bars grouped on the New York clock; the early closes of 2025 are written out."""
    frame = bars.to_frame()
    local = frame["timestamp"].dt.tz_convert("America/New_York")
    early = local.dt.strftime("%Y-%m-%d").isin(["2025-07-03", "2025-11-28", "2025-12-24"])
    minute = local.dt.hour * 60 + local.dt.minute
    regular = (minute >= 9 * 60 + 30) & (minute < np.where(early, 13 * 60, 16 * 60))
    grouped = frame[regular].groupby(local[regular].dt.tz_localize(None).dt.floor(rule))
    return grouped.agg({name: HOW[name] for name in BAR_COLUMNS})


@pytest.mark.parametrize("file", ["SPY_5m", "AAPL_5m", "MSFT_5m", "JPM_5m", "SLB_5m", "SPY_1m"])
def test_us_stocks_resample_as_with_pandas(file: str, repository: DataRepository) -> None:
    symbol, fine = file.split("_")
    bars = repository.load(symbol, Timeframe(fine))
    hours, days = resample(bars, Timeframe("1h")), resample(bars, Timeframe("1d"))
    expected = by_pandas(bars, "h")
    stamps = expected.index.tz_localize("America/New_York").as_unit("ns").asi8
    assert np.array_equal(hours.stamps, stamps)
    np.testing.assert_allclose(hours.to_frame()[list(BAR_COLUMNS)], expected, rtol=1e-12)
    expected = by_pandas(bars, "D")
    assert np.array_equal(days.stamps, expected.index.as_unit("ns").asi8)
    np.testing.assert_allclose(days.to_frame()[list(BAR_COLUMNS)], expected, rtol=1e-12)


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT"])
def test_crypto_hours_equal_those_of_the_exchange(symbol: str, repository: DataRepository) -> None:
    ours = resample(repository.load(symbol, Timeframe("5m")), Timeframe("1h"))
    theirs = repository.load(symbol, Timeframe("1h")).between(ours.stamps[0], None)
    for name in ("stamps", "open", "high", "low", "close", "known_at"):
        assert np.array_equal(getattr(ours, name), getattr(theirs, name)), name
    np.testing.assert_allclose(ours.volume, theirs.volume, rtol=1e-9)


def test_forex_hours_equal_those_of_the_vendor(repository: DataRepository) -> None:
    ours = resample(repository.load("EURUSD", Timeframe("1m")), Timeframe("1h"))
    theirs = repository.load("EURUSD", Timeframe("1h"))
    common, at, there = np.intersect1d(ours.stamps, theirs.stamps, return_indices=True)
    assert len(common) == len(ours) == 312
    assert np.array_equal(ours.close[at], theirs.close[there])
    assert np.array_equal(ours.known_at[at], theirs.known_at[there])
    assert np.mean(ours.high[at] == theirs.high[there]) > 0.98
    assert np.mean(ours.low[at] == theirs.low[there]) > 0.98


def test_weeks_of_daily_bars_equal_those_of_pandas(repository: DataRepository) -> None:
    bars = repository.load("^GSPC", Timeframe("1d"))
    weeks = resample(bars, Timeframe("1w"))
    frame = bars.to_frame().set_index("timestamp")
    expected = frame.resample("W-MON", label="left", closed="left").agg(HOW).dropna()
    assert np.array_equal(weeks.stamps, expected.index.as_unit("ns").asi8[: len(weeks)])
    np.testing.assert_allclose(weeks.to_frame()[list(BAR_COLUMNS)], expected[: len(weeks)], rtol=1e-12)
    assert len(expected) - len(weeks) <= 1


def test_csv_gives_the_same_bits_as_parquet(repository: DataRepository, tmp_path: Path) -> None:
    bars = repository.load("SPY", Timeframe("1h"))
    bars.to_frame().to_csv(tmp_path / "SPY_1h.csv", index=False)
    assert (
        repository_of("folder", tmp_path).load("SPY", Timeframe("1h")).fingerprint().sha256 == bars.fingerprint().sha256
    )


def test_a_split_is_noticed(repository: DataRepository) -> None:
    found = {finding.rule: finding.sentence for finding in findings(repository.load("BAC", Timeframe("1h")))}
    assert found["splits"].endswith("not adjusted for: 2004-08-30T13:00:00Z (2:1)")
    assert "2004-08-30T13:00:00Z (x 0.50)" in found["big_moves"]
