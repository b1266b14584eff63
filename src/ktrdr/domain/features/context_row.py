"""Context features of the newest bar, carried from bar to bar."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.features.context import context_column
from ktrdr.domain.features.feature import Feature
from ktrdr.domain.market.held_bars import HeldBars
from ktrdr.domain.market.running import RunningDeviation, RunningMean
from ktrdr.domain.strategy.feature_ids import LOG_RETURN, RANKED_BARS, VOLATILITY_BARS, VOLATILITY_RANK

Carried = Callable[[], float]


class ContextRow:
    """The values of `context_column` on the newest bar, for several features.

    Parameters
    ----------
    features : sequence of Feature
        Of kind ``context``; their lags are not applied.
    bars : HeldBars
        Of the base timeframe; those that are held now are the history.
    """

    def __init__(self, features: Sequence[Feature], bars: HeldBars) -> None:
        self._bars = bars
        self._features = features
        self._carried = [_open(feature, bars) for feature in features]

    def advance(self) -> Floats:
        """Return the values on the one bar that has come in since the call before, shape (n_features,)."""
        newest = self._bars.bars(len(self._bars) - 1) if None in self._carried else None
        values = np.empty(len(self._features))
        for place, (feature, carried) in enumerate(zip(self._features, self._carried, strict=True)):
            if carried is not None:
                values[place] = carried()
            elif newest is not None:
                values[place] = context_column(feature, newest)[-1]
        return values


def _open(feature: Feature, bars: HeldBars) -> Carried | None:
    """Return what carries a feature on; None where the bar alone says it."""
    opener = _CARRIED.get(feature.context["name"])
    return None if opener is None else opener(bars, feature.context.get("period", 0))


def _price_return(bars: HeldBars, period: int) -> Carried:
    def newest() -> float:
        close = bars.column("close")
        return _quotient(close[-1], close[-1 - period]) - 1.0 if len(close) > period else math.nan

    return newest


def _price_ma_distance(bars: HeldBars, period: int) -> Carried:
    mean, close = RunningMean(period, bars.column("close").tolist()), bars.column
    return lambda: _quotient(close("close")[-1], mean.update(close("close")[-1])) - 1.0


def _volume_ratio(bars: HeldBars, period: int) -> Carried:
    mean, column = RunningMean(period, bars.column("volume").tolist()), bars.column
    return lambda: _quotient(column("volume")[-1], mean.update(column("volume")[-1]))


def _volume_zscore(bars: HeldBars, period: int) -> Carried:
    history = bars.column("volume").tolist()
    mean, spread = RunningMean(period, history), RunningDeviation(period, history)

    def newest() -> float:
        volume = bars.column("volume")[-1]
        return _quotient(volume - mean.update(volume), spread.update(volume))

    return newest


def _volatility_rank(bars: HeldBars, _: int) -> Carried:
    spread = RunningDeviation(VOLATILITY_BARS)
    held: deque[float] = deque(maxlen=RANKED_BARS)
    for value in _log_steps(bars.column("close")).tolist():
        held.append(spread.update(value))

    def newest() -> float:
        held.append(spread.update(_log_steps(bars.column("close")[-2:])[-1]))
        return _percentile_of_last(held)

    return newest


def _log_return(bars: HeldBars, _: int) -> Carried:
    return lambda: float(_log_steps(bars.column("close")[-2:])[-1])


def _log_steps(close: Floats) -> Floats:
    """Return the change of the logarithm from bar to bar; NaN on the first, and about closes of 0 or less."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.diff(np.log(close), prepend=np.nan)


def _percentile_of_last(values: deque[float]) -> float:
    """Return the mean rank of the last value among all, as a share of their number; NaN where one is missing."""
    among, last = np.array(values), values[-1]
    if len(values) < RANKED_BARS or np.isnan(among).any():
        return math.nan
    below, equal = np.count_nonzero(among < last), np.count_nonzero(among == last)
    return (below + (equal + 1) / 2) / len(values)


def _quotient(dividend: float, divisor: float) -> float:
    """Return the quotient as arrays have it: infinite or NaN where the divisor is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.float64(dividend) / np.float64(divisor))


_CARRIED: dict[str, Callable[[HeldBars, int], Carried]] = {
    "price_return": _price_return,
    "price_ma_distance": _price_ma_distance,
    "volume_ratio": _volume_ratio,
    "volume_zscore": _volume_zscore,
    VOLATILITY_RANK: _volatility_rank,
    LOG_RETURN: _log_return,
}
