"""Market regimes: bull, bear, sideways, or high volatility over the next bars."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.catalogue.labels import MARKET_REGIME, Parameters
from ktrdr.domain.labels.as_now import as_now
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Naive, Target
from ktrdr.domain.labels.outcomes import ahead, behind, ends_after, forward_returns
from ktrdr.domain.labels.trailing import log_returns
from ktrdr.domain.market.bars import Bars, iso
from ktrdr.domain.market.timeframe import NS_PER_DAY

BULL, BEAR, SIDEWAYS, HIGH_VOLATILITY = range(4)
TRAILING_BARS = 500
_HIGH = 90
_FRESH_NS = 7 * NS_PER_DAY


def market_regime(bars: Bars, parameters: Parameters, index: Bars | None = None) -> LabelSet:
    """Label each bar by what the next `horizon` bars bring.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `MARKET_REGIME`, complete.
    index : Bars or None
        The volatility index, in any timeframe; None: realised volatility stands in.

    Returns
    -------
    LabelSet
        0 bull, 1 bear, 2 sideways, 3 high volatility. No label for the last `horizon` bars, while the slow mean warms
        up, and where no volatility is known. A note says which volatility decided.

    Notes
    -----
    Causality: the label at t uses the closes up to t + horizon, where its span ends, and the bars of the index that are
    known by then; the percentile of realised volatility uses bars up to t. The forecasts that need no model, ``as_now``
    (see there) and ``as_the_rule_says`` (the rule on what is known at t: the means and the volatility at t, the return
    of the last `horizon` bars), use bars up to t.
    """
    import pandas as pd

    horizon = parameters["horizon"]
    returns = forward_returns(bars, horizon, parameters["entry"])
    close = pd.Series(bars.close)
    fast, slow = (close.rolling(parameters[name]).mean().to_numpy() for name in ("fast", "slow"))
    trend, past = fast - slow, behind(returns, horizon)
    storm = _by_realised(bars, parameters) if index is None else _by_index(bars, index, parameters)
    values = _regimes(ahead(trend, horizon), returns, storm.coming > storm.limit)
    end_rows = ends_after(horizon, ~np.isnan(ahead(trend, horizon) + returns + storm.coming + storm.limit))
    told = ~np.isnan(trend + past + storm.now + storm.limit)
    rule = np.where(told, _regimes(trend, past, storm.now > storm.limit), NO_LABEL)
    return LabelSet(
        values,
        end_rows,
        Target.of(MARKET_REGIME),
        MARKET_REGIME.horizon(parameters),
        notes=(storm.note,),
        scarcity=storm.scarcity,
        naive=(as_now(values, end_rows), Naive("as_the_rule_says", "as the rule says", rule)),
    )


def _regimes(trend: Floats, returns: Floats, stormy: Bools) -> Int64s:
    values = np.full(len(trend), SIDEWAYS, dtype=np.int64)
    values[(trend > 0) & (returns > 0)] = BULL
    values[(trend < 0) & (returns < 0)] = BEAR
    values[stormy] = HIGH_VOLATILITY
    return values


@dataclass(frozen=True, slots=True, eq=False)
class _Storm:
    """Volatility of the next bars, and as it is known now; above what it is high; a note; what lacks a label, and why.

    NaN where one is not known.
    """

    coming: Floats
    now: Floats
    limit: Floats
    note: str
    scarcity: str = ""


def _by_index(bars: Bars, index: Bars, parameters: Parameters) -> _Storm:
    import pandas as pd

    horizon, name, now = parameters["horizon"], parameters["vol_symbol"], _as_known(bars, index)
    mean = ahead(pd.Series(now).rolling(horizon).mean().to_numpy(), horizon)
    unlabelled = int(np.isnan(mean[: max(len(bars) - horizon, 0)]).sum())
    note = f"labels: {name} ({index.timeframe}, {index.source}) decides what high volatility is"
    if unlabelled:
        note += f"; {unlabelled:,} of {len(bars):,} bars have no label for want of a fresh value"
    limit = np.full(len(bars), float(parameters["high"]))
    return _Storm(mean, now, limit, note, _scarcity(bars, index, unlabelled, name) if unlabelled else "")


def _scarcity(bars: Bars, index: Bars, unlabelled: int, name: str) -> str:
    span = f"goes from {iso(index.stamps[0])} to {iso(index.stamps[-1])}" if len(index) else "has no bars"
    own = f"{iso(bars.stamps[0])} to {iso(bars.stamps[-1])}"
    return (
        f"{unlabelled:,} of {len(bars):,} bars ({own}) have no label for want of a fresh value of {name}: "
        f"{index.source} ({index.timeframe}) {span}"
    )


def _as_known(bars: Bars, index: Bars) -> Floats:
    """Return the index's latest close that each bar knows; NaN where there is none, or only an old one."""
    rows = np.searchsorted(index.known_at, bars.known_at, side="right") - 1
    if not len(index):
        return np.full(len(bars), np.nan)
    fresh = bars.known_at - index.known_at[rows] <= _FRESH_NS + 2 * index.timeframe.ns
    return np.where((rows >= 0) & fresh, index.close[rows], np.nan)


def _by_realised(bars: Bars, parameters: Parameters) -> _Storm:
    import pandas as pd

    horizon = parameters["horizon"]
    squares = pd.Series(log_returns(bars) ** 2)
    realised = np.sqrt(squares.rolling(horizon).mean())
    usual = realised.rolling(TRAILING_BARS, min_periods=TRAILING_BARS // 2).quantile(_HIGH / 100).to_numpy()
    note = (
        f"labels: no bars of {parameters['vol_symbol']}: volatility is high where the realised volatility exceeds its "
        f"trailing {_HIGH}th percentile over {TRAILING_BARS} bars"
    )
    now = realised.to_numpy()
    return _Storm(ahead(now, horizon), now, np.where(usual > 0, usual, np.nan), note)
