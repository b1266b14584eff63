"""Features of real bars, read through the repository with their real sessions."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from samples.features import complete, fuzzy, raw, source

from ktrdr.adapters.data.sources import repository_of
from ktrdr.adapters.features.engineer import TalibFeatureEngineer
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.context import context_features
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.market.timeframe import Timeframe
from ktrdr.domain.strategy.document import ContextFeatures

DATA = Path(__file__).parents[3] / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the developers' real data are not here")


def everything(timeframe: str) -> tuple[Feature, ...]:
    outputs = [
        raw(f"{name}.{output}", source(name, output, timeframe))
        for name, spec in INDICATORS.items()
        for output in spec.outputs or ("",)
    ]
    return (
        *outputs,
        fuzzy("rsi_low", source("rsi", timeframe=timeframe), "triangular", 0, 20, 35),
        *context_features(ContextFeatures({"returns": [1, 5], "ma": 20}, None, True), timeframe),
    )


@pytest.mark.parametrize(
    ("symbol", "timeframe"),
    [("AAPL", "5m"), ("BTCUSDT", "1h"), ("EURUSD", "1m"), ("^VIX", "1d"), ("NKE", "1d"), ("BAC", "1h")],
)
def test_every_row_after_warmup_is_usable(symbol, timeframe):
    bars = repository_of("folder", DATA).load(symbol, Timeframe(timeframe))
    matrix = TalibFeatureEngineer().engineer(everything(timeframe), {timeframe: bars}, timeframe)
    warmup = max(spec.first_value(complete(name)) for name, spec in INDICATORS.items())
    assert matrix.warmup_rows == warmup
    assert matrix.unusable_rows == 0
    assert len(matrix) == len(bars) - warmup
    share = matrix.values[:, matrix.ids.index(f"{timeframe}_time_session_share")]
    assert share.min() >= 0
    assert share.max() == 1


def test_a_stocks_day_counts_from_its_close_on():
    repository = repository_of("folder", DATA)
    bars = {name: repository.load("BAC", Timeframe(name)) for name in ("1h", "1d")}
    matrix = TalibFeatureEngineer().engineer([raw("day", source("sma", timeframe="1d", period=1))], bars, "1h")
    assert len(np.unique(matrix.values)) > 1000
    known = pd.to_datetime(matrix.known_at, utc=True).tz_convert("America/New_York")
    days = pd.to_datetime(bars["1d"].stamps)
    over = known.hour >= 16  # the session's last bar is known at the close, with the day itself
    date = known.normalize().tz_localize(None)
    latest = np.where(over, days.searchsorted(date, "right") - 1, days.searchsorted(date, "left") - 1)
    full_days = ~date.isin(_early_closes(bars["1d"]))
    expected = bars["1d"].close[latest].astype(np.float32)
    np.testing.assert_array_equal(matrix.values[full_days, 0], expected[full_days])


def _early_closes(daily) -> pd.DatetimeIndex:
    sessions = daily.sessions
    short = sessions.closes - sessions.opens < 6.5 * 3600 * 10**9
    return pd.to_datetime(sessions.dates[short])
