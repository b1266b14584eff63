"""Bars and features for the tests of the feature rooms."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np
import pandas as pd

from ktrdr.adapters.features.kernels import kernels_for
from ktrdr.domain.catalogue.indicators import INDICATORS
from ktrdr.domain.features.feature import Feature, Membership, Source
from ktrdr.domain.features.prices import price_column
from ktrdr.domain.market.bars import BAR_COLUMNS, PRICE_COLUMNS, Bars
from ktrdr.domain.market.sessions import Sessions
from ktrdr.domain.market.timeframe import Timeframe

START = pd.Timestamp("2024-01-02T14:30:00Z").value
HOUR = 3600 * 10**9
DAY = 24 * HOUR


def random_bars(n: int, seed: int = 0, timeframe: str = "5m", **others: Any) -> Bars:
    """A random walk with shadows and volumes; `others` go to Bars."""
    draw = np.random.default_rng(seed)
    close = 100 * np.exp(np.cumsum(draw.normal(0, 0.01, n)))
    open_ = np.concatenate([close[:1], close[:-1]])
    high = np.maximum(open_, close) * (1 + draw.exponential(0.004, n))
    low = np.minimum(open_, close) * (1 - draw.exponential(0.004, n))
    volume = draw.lognormal(10, 1, n)
    frame = Timeframe(timeframe)
    stamps = others.pop("stamps", START + np.arange(n, dtype=np.int64) * frame.ns)
    return Bars("TEST", frame, stamps, open_, high, low, close, volume, **others)


def flat_bars(n: int, price: float = 50.0) -> Bars:
    constant = np.full(n, price)
    stamps = START + np.arange(n, dtype=np.int64) * 5 * 60 * 10**9
    return Bars("FLAT", Timeframe("5m"), stamps, *[constant] * 4, np.zeros(n))


def sample_bars(name: str) -> Bars:
    """The embedded real bars, straight from their file."""
    path = files("ktrdr.adapters.data") / "sample" / f"{name}.parquet"
    return Bars.from_frame(pd.read_parquet(path), name, Timeframe(name.rpartition("_")[2]), source=name)


def with_columns(bars: Bars, **columns: np.ndarray) -> Bars:
    values = {name: getattr(bars, name) for name in BAR_COLUMNS} | columns
    return Bars("TEST", bars.timeframe, bars.stamps, **values, sessions=bars.sessions, known_at=bars.known_at)


def scaled_bars(bars: Bars, factors: np.ndarray) -> Bars:
    """The same bars with the prices of each multiplied."""
    return with_columns(bars, **{name: factors * getattr(bars, name) for name in PRICE_COLUMNS})


def poisoned(bars: Bars, after: int, seed: int = 1) -> Bars:
    """The same bars, but every one known after that moment replaced by another price level altogether."""
    later = bars.known_at > after
    junk = random_bars(len(bars), seed)
    return with_columns(
        bars, **{name: np.where(later, 7.7 * getattr(junk, name), getattr(bars, name)) for name in BAR_COLUMNS}
    )


def weekday_sessions(first: str, days: int) -> Sessions:
    """Sessions of 14:30 to 21:00 UTC."""
    dates = pd.bdate_range(first, periods=days).astype("datetime64[ns]").astype("int64").to_numpy()
    return Sessions(dates, dates + 14 * HOUR + HOUR // 2, dates + 21 * HOUR, "America/New_York")


def complete(indicator: str, **parameters: Any) -> dict[str, Any]:
    return {item.name: item.default for item in INDICATORS[indicator].parameters} | parameters


def source(indicator: str, output: str | None = None, timeframe: str = "5m", **parameters: Any) -> Source:
    spec = INDICATORS[indicator]
    return Source(indicator, complete(indicator, **parameters), spec.primary if output is None else output, timeframe)


def raw(feature_id: str, of: Source, lag: int = 0) -> Feature:
    return Feature(feature_id, "raw", of, lag=lag)


def fuzzy(feature_id: str, of: Source, kind: str, *parameters: float, lag: int = 0) -> Feature:
    return Feature(feature_id, "membership", of, Membership(kind, parameters), lag)


def indicator_outputs(indicator: str, parameters: Mapping[str, Any], bars: Bars) -> dict[str, np.ndarray]:
    """Every output of an indicator by TA-Lib's kernels."""
    spec = INDICATORS[indicator]
    columns = tuple(price_column(bars, name) for name in spec.columns(parameters))
    outputs: dict[str, np.ndarray] = {}
    for kernel in kernels_for(indicator, parameters):
        outputs |= zip(kernel.outputs or spec.outputs or ("",), kernel.compute(columns, parameters), strict=True)
    return outputs


def same_bits(left: np.ndarray, right: np.ndarray) -> bool:
    """Whether two arrays agree bit for bit, any NaN with any NaN."""
    nans = np.isnan(left)
    return (
        left.dtype == right.dtype
        and np.array_equal(nans, np.isnan(right))
        and (left[~nans].tobytes() == right[~nans].tobytes())
    )
