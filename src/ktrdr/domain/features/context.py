"""Context features: what surrounds a base bar besides its indicators."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.clocks import wall_time
from ktrdr.domain.market.timeframe import NS_PER_DAY
from ktrdr.domain.market.windows import window_deviation, window_mean
from ktrdr.domain.strategy.document import ContextFeatures
from ktrdr.domain.strategy.feature_ids import (
    ASSET_CLASS,
    LOG_RETURN,
    RANKED_BARS,
    SYMBOL_CODE,
    VOLATILITY_BARS,
    VOLATILITY_RANK,
    context_columns,
    returns_columns,
)

CONTEXT_REVISION = "ktrdr context 2"
"""Kernel of all context features; its number grows whenever a formula changes."""

_REGIONS: Mapping[str, tuple[str, int, int]] = {
    "asia": ("Asia/Tokyo", 540, 900),
    "europe": ("Europe/London", 480, 990),
    "america": ("America/New_York", 570, 960),
}
"""Time zone, and first and last minute of the day's trade on the clock there."""
_MONDAY = 4 * NS_PER_DAY  # the epoch was a Thursday


def context_features(context: ContextFeatures, timeframe: str) -> tuple[Feature, ...]:
    """Return the context features of a strategy in contract order; `timeframe` is the base, whose bars they read."""
    return _features(context_columns(context, timeframe), timeframe)


def returns_features(timeframe: str) -> tuple[Feature, ...]:
    """Return what a model of returns reads of the base bars: the log return of each, and the code of its symbol."""
    return _features(returns_columns(timeframe), timeframe)


def _features(columns: Iterable[tuple[str, str, int | None]], timeframe: str) -> tuple[Feature, ...]:
    return tuple(
        Feature(
            feature_id,
            "context",
            context={"name": name} | ({} if period is None else {"period": period}) | {"timeframe": timeframe},
        )
        for feature_id, name, period in columns
    )


def of_symbol(features: Iterable[Feature], asset_class: str, symbol: str = "") -> tuple[Feature, ...]:
    """Return the features with what no bar says of its symbol, where they need it: its asset class, or its code.

    That takes no part in the contract: the same feature is 1 for one symbol and 0 for another.
    """
    said = {"asset_class": asset_class} | ({"code": symbol_code(symbol)} if symbol else {})
    return tuple(
        replace(feature, context={**feature.context, asked: said[asked]})
        if (asked := _asks(feature)) in said
        else feature
        for feature in features
    )


def symbol_code(symbol: str) -> int:
    """Return the number that stands for a symbol among features: 24 bits of the SHA-256 of its name.

    So it is the same in every pool, and float32 holds it; the ``^`` of an index does not count.
    """
    return int.from_bytes(hashlib.sha256(symbol.removeprefix("^").encode()).digest()[:3])


def _asks(feature: Feature) -> str:
    """Return what a feature needs to be told of its symbol; empty for nothing."""
    name = feature.context.get("name", "")
    return "asset_class" if name.startswith(ASSET_CLASS) else "code" if name == SYMBOL_CODE else ""


def context_column(feature: Feature, bars: Bars) -> Floats:
    """Return the values of a context feature.

    - ``price_return_k``: close / close k bars before - 1, a fraction.
    - ``price_ma_distance_k``: close / mean of the last k closes - 1, a fraction.
    - ``volume_ratio_k``: volume / mean of the last k volumes, this bar's included; in [0, k].
    - ``volume_zscore_k``: (volume - that mean) / population standard deviation of the last k volumes.
    - ``time_hour_sin``, ``_cos``: clock of the UTC day; ``time_weekday_sin``, ``_cos``: day of the UTC week, Monday 0.
    - ``time_market_open``: 1 if a session was trading right up to the moment, else 0.
    - ``time_session_share``: share of the latest session that has elapsed; 1 between sessions, 0 before the first.
    - ``session_since_open``, ``session_to_close``: minutes since the running session opened, and until it closes, in
      days of 1,440 minutes; 0 between sessions.
    - ``session_asia``, ``_europe``, ``_america``: 1 if the clock of Tokyo stood between 9:00 and 15:00, that of London
      between 8:00 and 16:30, that of New York between 9:30 and 16:00, from Monday to Friday, holidays among them.
    - ``symbol_asset_class_x``: 1 for a symbol of that class, else 0; `of_symbol` says which it is.
    - ``log_return``: log of close / close of the bar before.
    - ``symbol_code``: see `symbol_code`; `of_symbol` says whose it is.
    - ``symbol_volatility_rank``: volatility is the standard deviation of the last 20 log returns; its percentile rank
      among its own last 250 values, this one included; in (0, 1], ties share the mean of their ranks.

    The moment is the bar's known-at time. Without a calendar the market counts as open and the UTC day as the session.

    Parameters
    ----------
    feature : Feature
        Of kind ``context``; its lag is not applied.
    bars : Bars
        Of the base timeframe.

    Returns
    -------
    ndarray of float64, shape (n,)
        NaN until the window is full, and where a quotient has no value: over a window without any volume, and for the
        z-score over equal volumes, whatever stood before them.

    Causality: uses the row's own and earlier bars, and the calendar and the asset class, which are known in advance.

    Raises
    ------
    InvalidInput
        If an asset class or a symbol's code is asked for and `of_symbol` has not said it.
    """
    name = feature.context["name"]
    if _asks(feature):
        return _said(feature, len(bars))
    with np.errstate(divide="ignore", invalid="ignore"):
        return _TIME[name](bars) if name in _TIME else _WINDOWED[name](bars, feature.context["period"])


def _said(feature: Feature, rows: int) -> Floats:
    asked, name = _asks(feature), feature.context["name"]
    if asked not in feature.context:
        what = asked.replace("_", " ")
        raise InvalidInput(f"feature {feature.id!r} needs the symbol's {what}, which nobody has given")
    told = feature.context[asked]
    return np.full(rows, float(told if name == SYMBOL_CODE else name == f"{ASSET_CLASS}{told}"))


def _log_return(bars: Bars, _: int) -> Floats:
    return np.diff(np.log(bars.close), prepend=np.nan)


def _volatility_rank(bars: Bars, _: int) -> Floats:
    volatility = window_deviation(_log_return(bars, 1), VOLATILITY_BARS)
    import pandas as pd

    return pd.Series(volatility).rolling(RANKED_BARS).rank(pct=True).to_numpy(dtype=np.float64)


def _price_return(bars: Bars, period: int) -> Floats:
    column = np.full(len(bars), np.nan)
    column[period:] = bars.close[period:] / bars.close[: max(len(bars) - period, 0)] - 1.0
    return column


def _price_ma_distance(bars: Bars, period: int) -> Floats:
    return bars.close / window_mean(bars.close, period) - 1.0


def _volume_ratio(bars: Bars, period: int) -> Floats:
    return bars.volume / window_mean(bars.volume, period)


def _volume_zscore(bars: Bars, period: int) -> Floats:
    return (bars.volume - window_mean(bars.volume, period)) / window_deviation(bars.volume, period)


def _hour(bars: Bars) -> Floats:
    share_of_day: Floats = bars.known_at % NS_PER_DAY / NS_PER_DAY
    return share_of_day * (2.0 * math.pi)


def _weekday(bars: Bars) -> Floats:
    share_of_week: Floats = (bars.known_at - _MONDAY) // NS_PER_DAY % 7 / 7
    return share_of_week * (2.0 * math.pi)


def _latest_session(bars: Bars) -> tuple[Int64s, Int64s, Int64s]:
    """Return, per bar, when the latest session opened and closed (the first, where none has), and the moment."""
    sessions = bars.sessions
    if sessions is None or not len(sessions.dates):
        midnight = (bars.known_at - 1) // NS_PER_DAY * NS_PER_DAY
        return midnight, midnight + NS_PER_DAY, bars.known_at
    latest = np.maximum(np.searchsorted(sessions.opens, bars.known_at, side="left") - 1, 0)
    return sessions.opens[latest], sessions.closes[latest], bars.known_at


def _market_open(bars: Bars) -> Floats:
    opens, closes, now = _latest_session(bars)
    return ((opens < now) & (now <= closes)).astype(np.float64)


def _since_open(bars: Bars) -> Floats:
    opens, _, now = _latest_session(bars)
    return _market_open(bars) * (now - opens) / NS_PER_DAY


def _to_close(bars: Bars) -> Floats:
    _, closes, now = _latest_session(bars)
    return _market_open(bars) * (closes - now) / NS_PER_DAY


def _region_open(bars: Bars, region: str) -> Floats:
    """Return 1 where a region's main exchange was trading right up to the moment, by its clock alone."""
    zone, opens, closes = _REGIONS[region]
    days, time_of_day = np.divmod(wall_time(bars.known_at, zone), NS_PER_DAY)
    minute = time_of_day // 10**9 / 60
    return ((minute > opens) & (minute <= closes) & ((days + 3) % 7 < 5)).astype(np.float64)


def _session_share(bars: Bars) -> Floats:
    opens, closes, now = _latest_session(bars)
    return np.clip((now - opens) / (closes - opens), 0.0, 1.0)


_WINDOWED: Mapping[str, Callable[[Bars, int], Floats]] = {
    "price_return": _price_return,
    "price_ma_distance": _price_ma_distance,
    "volume_ratio": _volume_ratio,
    "volume_zscore": _volume_zscore,
    VOLATILITY_RANK: _volatility_rank,
    LOG_RETURN: _log_return,
}
PRICE_RATIOS = frozenset({"price_return", "price_ma_distance", VOLATILITY_RANK, LOG_RETURN})
"""Those that have no meaning where a close is at or below 0."""
_TIME: Mapping[str, Callable[[Bars], Floats]] = {
    "time_hour_sin": lambda bars: np.sin(_hour(bars)),
    "time_hour_cos": lambda bars: np.cos(_hour(bars)),
    "time_weekday_sin": lambda bars: np.sin(_weekday(bars)),
    "time_weekday_cos": lambda bars: np.cos(_weekday(bars)),
    "time_market_open": _market_open,
    "time_session_share": _session_share,
    "session_since_open": _since_open,
    "session_to_close": _to_close,
    **{f"session_{region}": partial(_region_open, region=region) for region in _REGIONS},
}
