"""Triple-barrier labels: target, stop, or the end of the holding period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.catalogue.labels import TRIPLE_BARRIER, Parameters
from ktrdr.domain.labels.cusum import cusum_events
from ktrdr.domain.labels.labelset import NO_LABEL, LabelSet, Target
from ktrdr.domain.labels.outcomes import ahead, entry_prices, largest_moves
from ktrdr.domain.labels.touches import bars_below
from ktrdr.domain.labels.trailing import bar_volatility
from ktrdr.domain.market.bars import Bars

BUY, HOLD, SELL = range(3)
_TOUCHING_SHARE = 0.4
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class _Prices:
    """What positions are followed on: the bars, or the bars upside down, where a short position is a long one."""

    open: Floats
    high: Floats
    low: Floats


@dataclass(frozen=True, slots=True, eq=False)
class _Position:
    """What becomes of a position opened at each bar.

    `closed` counts the bars until it reaches a barrier, `won` says that this is the target, and `gapped` that the bar
    opened beyond it.
    """

    closed: Int64s
    won: Mask
    gapped: Mask


def triple_barrier(bars: Bars, parameters: Parameters) -> LabelSet:
    """Label each bar by the barrier that the next highs and lows touch first.

    Parameters
    ----------
    bars : Bars
    parameters : mapping
        Those of `TRIPLE_BARRIER`, complete.

    Returns
    -------
    LabelSet
        0 buy, 1 hold, 2 sell. No label while the volatility warms up, where it is 0, where the bars end before a
        barrier is touched, and, with a CUSUM filter, on bars that are no events.

    Notes
    -----
    Causality: volatility and events use bars up to t. The span ends at the bar that decided: the first one that
    touches a barrier, with ``side: both`` the one that leaves no position open, or t + max_holding_period.

    References
    ----------
    Lopez de Prado (2018), Advances in Financial Machine Learning, chapters 2 and 3.
    """
    horizon, both = parameters["max_holding_period"], parameters["side"] == "both"
    entry, width = entry_prices(bars, parameters["entry"]), barrier_width(bars, parameters)
    target, stop = (parameters[name] * width for name in ("pt_multiplier", "sl_multiplier"))
    upright, mirrored = _Prices(bars.open, bars.high, bars.low), _Prices(-bars.open, -bars.low, -bars.high)
    long = _position(upright, entry * (1 + target), entry * (1 - stop), horizon)
    short = _position(mirrored, -entry * (1 - target), -entry * (1 + stop), horizon) if both else None
    values, decided = _outcome(long, short, horizon)
    expired = decided > horizon
    returns = ahead(bars.close, horizon) / entry - 1
    values[expired] = _at_expiry(returns, target, target if both else stop, parameters["expiry"])[expired]
    if short is not None:
        stopped = np.where(values == BUY, long.closed, short.closed) <= horizon
        values[expired & stopped] = HOLD
    end_rows = np.arange(len(bars)) + np.minimum(decided, horizon)
    tradable = (entry * (1 + np.minimum(target, stop)) > entry) & (entry * (1 - np.minimum(target, stop)) < entry)
    events = _events(bars, parameters)
    end_rows[(end_rows >= len(bars)) | ~(tradable & events)] = NO_LABEL
    selected = f"the CUSUM filter selects {int(events.sum()):,} of {len(bars):,} bars" if not events.all() else ""
    target_of, reach = Target.of(TRIPLE_BARRIER), TRIPLE_BARRIER.horizon(parameters)
    return LabelSet(values, end_rows, target_of, reach, parameters["compute_weights"], scarcity=selected)


def barrier_width(bars: Bars, parameters: Parameters) -> Floats:
    """Return the volatility that the multipliers multiply, as fractions of the price; NaN while it warms up."""
    width = bar_volatility(bars, parameters["vol_span"], parameters["vol_method"])
    return width if parameters["scale"] == "bar" else width * np.sqrt(parameters["max_holding_period"] / 2)


def _position(prices: _Prices, target: Floats, stop: Floats, horizon: int) -> _Position:
    """Follow a long position opened at each bar until it reaches its target or its stop; `closed` is 1 or more.

    Of both in one bar the stop counts, unless the bar opened at the target or above it.
    """
    won_after, lost_after = bars_below(prices.high, target, horizon), bars_below(-prices.low, -stop, horizon)
    closed = np.minimum(won_after, lost_after) + 1
    at_open = prices.open[np.minimum(np.arange(len(closed)) + closed, len(closed) - 1)] >= target
    gapped = (won_after < horizon) & (won_after <= lost_after) & at_open
    return _Position(closed, (won_after < lost_after) | gapped, gapped)


def _outcome(long: _Position, short: _Position | None, horizon: int) -> tuple[Int64s, Int64s]:
    """Return the label of each bar, and after how many bars it is decided; more than `horizon` for never."""
    if short is None:
        return np.where(long.won, BUY, SELL), long.closed
    never = horizon + 1
    bought, sold = (np.where(side.won, side.closed, never) for side in (long, short))
    first = np.minimum(bought, sold)
    buys, sells = (bought == first) & (first < never), (sold == first) & (first < never)
    values = np.where(buys & (~sells | long.gapped), BUY, np.where(sells & (~buys | short.gapped), SELL, HOLD))
    return values, np.where(first < never, first, np.maximum(long.closed, short.closed))


def _at_expiry(returns: Floats, up: Floats, down: Floats, expiry: str) -> Int64s:
    """Return the labels of positions that nothing has closed by the end of the holding period."""
    if expiry == "hold":
        return np.full(len(returns), HOLD, dtype=np.int64)
    high, low = (up / 2, -down / 2) if expiry == "band" else (0.0, 0.0)
    return np.where(returns > high, BUY, np.where(returns < low, SELL, HOLD))


def _events(bars: Bars, parameters: Parameters) -> Mask:
    """Return which bars may have a label: all, or the events of the CUSUM filter."""
    constant, multiple = parameters["cusum_threshold"], parameters["cusum_multiplier"]
    if constant is None and multiple is None:
        return np.ones(len(bars), dtype=bool)
    thresholds = (
        np.full(len(bars), constant)
        if multiple is None
        else multiple * bar_volatility(bars, parameters["vol_span"], parameters["vol_method"])
    )
    mask = np.zeros(len(bars), dtype=bool)
    mask[cusum_events(np.log(bars.close), thresholds)] = True
    return mask


def balancing_multipliers(bars: Bars, parameters: Parameters) -> dict[str, float]:
    """Return both multipliers times the one factor under which 40 % of the bars touch a barrier; advice for a person.

    Empty where no bar has a volatility.
    """
    target, stop = parameters["pt_multiplier"], parameters["sl_multiplier"]
    gain, loss = largest_moves(bars, parameters["max_holding_period"], parameters["entry"], touched=True)
    width = barrier_width(bars, parameters)
    down = target if parameters["side"] == "both" else stop
    with np.errstate(divide="ignore", invalid="ignore"):
        reached = np.maximum(gain / target, loss / down) / width
    reached = reached[np.isfinite(reached)]
    if not len(reached):
        return {}
    factor = float(np.quantile(reached, 1 - _TOUCHING_SHARE))
    return {"pt_multiplier": target * factor, "sl_multiplier": stop * factor}
