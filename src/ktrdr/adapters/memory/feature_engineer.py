"""A slow second opinion on features, from pandas expressions alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ktrdr.application.ports.feature_engineer import NO_CONTEXT, FeatureEngineer
from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.features.context import context_column
from ktrdr.domain.features.feature import Feature, Source
from ktrdr.domain.features.matrix import FeatureMatrix
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.market.bars import Bars
from ktrdr.domain.market.context_series import ContextSeries

Parameters = Mapping[str, Any]
Formula = Callable[[pd.Series, Parameters], dict[str, pd.Series]]


class PandasFeatureEngineer(FeatureEngineer):
    """Computes a few indicators by their textbook formulas, without TA-Lib; refuses the others."""

    def engineer(
        self,
        features: Sequence[Feature],
        bars: Mapping[str, Bars],
        base_timeframe: str,
        context: Mapping[str, ContextSeries] = NO_CONTEXT,
    ) -> FeatureMatrix:
        """Return one row per base bar on which every feature has a value, one column per feature, in order."""
        missing = {base_timeframe, *(feature.source.timeframe for feature in features if feature.source)} - set(bars)
        if missing:
            raise InvalidInput(f"features need bars of timeframe {min(missing)!r}; given: {', '.join(bars) or 'none'}")
        beside = {feature.source.data_source for feature in features if feature.source} - {"", *context}
        if beside:
            raise InvalidInput(f"features need context series {min(beside)!r}; given: {', '.join(context) or 'none'}")
        base = bars[base_timeframe]
        values = np.empty((len(base), len(features)), dtype=np.float32)
        for place, feature in enumerate(features):
            values[:, place] = _values(feature, bars, base, context)
        return FeatureMatrix.of_usable_rows(values, [feature.id for feature in features], base)

    def kernels(self, features: Sequence[Feature]) -> Mapping[str, str]:
        """Return kernel and library version for each indicator type that the features use."""
        used = sorted({feature.source.indicator for feature in features if feature.source})
        return {name: f"pandas {pd.__version__} {_formula(name).__name__.lstrip('_')}" for name in used}


def _values(feature: Feature, bars: Mapping[str, Bars], base: Bars, context: Mapping[str, ContextSeries]) -> pd.Series:
    if feature.source is None:
        values = pd.Series(context_column(feature, base))
    else:
        beside = context.get(feature.source.data_source)
        values = _latest_known(feature.source, bars[feature.source.timeframe], base, beside)
    if feature.membership is not None:
        return pd.Series(membership_degrees(feature.membership, values)).shift(feature.lag)
    return (values - feature.offset).shift(feature.lag)


def _latest_known(source: Source, series: Bars, base: Bars, beside: ContextSeries | None) -> pd.Series:
    """Return one indicator output, per base row that of the latest bar known by then."""
    formula = _formula(source.indicator)
    prices = _prices(series.to_frame() if beside is None else _published(series, beside), source.parameters["source"])
    output = formula(prices, source.parameters)[source.output]
    if series is base:
        return output
    known = pd.DataFrame({"known_at": series.known_at, "value": output}).drop_duplicates("known_at", keep="last")
    return pd.merge_asof(pd.DataFrame({"known_at": base.known_at}), known, on="known_at")["value"]


def _published(bars: Bars, series: ContextSeries) -> pd.DataFrame:
    """Return the columns of a context series as they were known at each bar."""
    known = pd.DataFrame({"known_at": series.known_at, **series.columns})
    return pd.merge_asof(pd.DataFrame({"known_at": bars.known_at}), known, on="known_at")


def _prices(frame: pd.DataFrame, name: str) -> pd.Series:
    means = {"hl2": ["high", "low"], "hlc3": ["high", "low", "close"], "ohlc4": ["open", "high", "low", "close"]}
    missing = set(means.get(name, [name])) - set(frame.columns)
    if missing:
        raise InvalidInput(f"the context series does not have {min(missing)}; it has {', '.join(frame.columns[1:])}")
    return frame[means.get(name, [name])].mean(axis="columns")


def _formula(indicator: str) -> Formula:
    if indicator not in _FORMULAS:
        raise InvalidInput(f"{indicator!r} has no pandas formula; there are {', '.join(_FORMULAS)}")
    return _FORMULAS[indicator]


def _sma(prices: pd.Series, p: Parameters) -> dict[str, pd.Series]:
    return {"": prices.rolling(p["period"]).mean()}


def _ema(prices: pd.Series, p: Parameters) -> dict[str, pd.Series]:
    return {"": _smoothed(prices, p["period"], 2 / (p["period"] + 1))}


def _rsi(prices: pd.Series, p: Parameters) -> dict[str, pd.Series]:
    change = prices.diff()
    gain, loss = (_smoothed(part.clip(lower=0), p["period"], 1 / p["period"]) for part in (change, -change))
    return {"": (100 * gain / (gain + loss)).mask(gain + loss == 0, 0.0)}


def _roc(prices: pd.Series, p: Parameters) -> dict[str, pd.Series]:
    older = prices.shift(p["period"])
    return {"": (100 * (prices / older - 1)).mask(older == 0, 0.0)}


def _bbands(prices: pd.Series, p: Parameters) -> dict[str, pd.Series]:
    window = prices.rolling(p["period"])
    middle, width = window.mean(), p["multiplier"] * window.std(ddof=0)
    return {"upper": middle + width, "middle": middle, "lower": middle - width}


def _smoothed(values: pd.Series, period: int, weight: float) -> pd.Series:
    """Return the exponential average that begins with the mean of the first `period` values."""
    means = values.rolling(period).mean()
    begun = means.notna().cumsum()
    return values.where(begun > 1, means.where(begun == 1)).ewm(alpha=weight, adjust=False).mean()


_FORMULAS: Mapping[str, Formula] = {"sma": _sma, "ema": _ema, "rsi": _rsi, "roc": _roc, "bbands": _bbands}
