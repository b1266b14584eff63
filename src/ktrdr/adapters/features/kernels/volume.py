"""Kernels of the volume indicators."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import talib
from talib import stream

from ktrdr.adapters.features.kernels.kernel import Kernel, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.momentum import percentage_oscillator, percentage_oscillator_step
from ktrdr.adapters.features.kernels.rolling import change, highest, quotient
from ktrdr.adapters.features.kernels.step import Columns, Parameters, Step, Values, newest, ratio
from ktrdr.domain.arrays import Floats
from ktrdr.domain.market.running import CompensatedSum, RunningMean, RunningSum
from ktrdr.domain.market.windows import window_mean, window_sum


def _vwap(columns: Columns, given: Parameters) -> Columns:
    """Weigh prices by volume over the window, or since the session began; equally where nothing was traded."""
    *_, volume, session = columns
    price = _price(columns, given)
    sums = _sums_of_session(session, price, volume) if not given["period"] else _sums(given["period"], price, volume)
    flow, traded, level, bars = sums
    return (np.where(traded > 0, quotient(flow, traded), level / bars),)


def _vwap_step(columns: Columns, given: Parameters) -> Step:
    return _vwap_of_window(columns, given) if given["period"] else _vwap_of_session(columns, given)


def _vwap_of_window(columns: Columns, given: Parameters) -> Step:
    period, volume, price = given["period"], columns[3], _price(columns, given)
    sums = [RunningSum(period, values.tolist()) for values in (price * volume, volume, price)]

    def step(columns: Columns) -> Values:
        volume, price = columns[3].item(-1), _price(_last(columns), given).item(0)
        pairs = zip(sums, (price * volume, volume, price), strict=True)
        flow, traded, level = (total.update(value) for total, value in pairs)
        return (ratio(flow, traded) if traded > 0 else level / period,)

    return step


def _vwap_of_session(columns: Columns, given: Parameters) -> Step:
    current, bars, sums = math.nan, 0, [CompensatedSum() for _ in range(3)]

    def step(columns: Columns) -> Values:
        nonlocal current, bars, sums
        *_, volume, session = newest(columns)
        if session != current:
            current, bars, sums = session, 0, [CompensatedSum() for _ in range(3)]
        price, bars = _price(_last(columns), given).item(0), bars + 1
        pairs = zip(sums, (price * volume, volume, price), strict=True)
        flow, traded, level = (total.update(value) for total, value in pairs)
        return (ratio(flow, traded) if traded > 0 else level / bars,)

    session = columns[4]
    for end in range(int(np.searchsorted(session, session[-1])), len(session)):
        step(tuple(column[: end + 1] for column in columns))
    return step


def _last(columns: Columns) -> Columns:
    return tuple(column[-1:] for column in columns)


def _price(columns: Columns, given: Parameters) -> Floats:
    high, low, close, *_ = columns
    return (high + low + close) / 3 if given["use_typical_price"] else close


def _sums(period: int, price: Floats, volume: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Return money flow, volume and price summed over the window, and its length."""
    flow, traded, level = (window_sum(values, period) for values in (price * volume, volume, price))
    return flow, traded, level, float(period)


def _sums_of_session(session: Floats, price: Floats, volume: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return money flow, volume, price and bars summed since the session's first bar."""
    import pandas as pd

    columns = {"flow": price * volume, "volume": volume, "price": price, "bars": np.ones(len(price))}
    sums = pd.DataFrame(columns).groupby(session).cumsum()
    return tuple(sums[name].to_numpy() for name in columns)  # type: ignore[return-value]


def _cmf(columns: Columns, given: Parameters) -> Columns:
    high, low, close, volume = columns
    values = talib.CMF(high, low, close, volume, given["period"])
    values[highest(volume, given["period"]) == 0] = 0.0
    return (values,)


def _cmf_step(columns: Columns, given: Parameters) -> Step:
    period = given["period"]
    high, low, close, volume = columns
    handle = stream.CMF(high, low, close, volume, period)

    def step(columns: Columns) -> Values:
        value = handle.update(*newest(columns))
        return (value if columns[3][-period:].max() else 0.0,)

    return step


def _volumeratio(columns: Columns, given: Parameters) -> Columns:
    (volume,) = columns
    return (quotient(volume * given["period"], window_sum(volume, given["period"])),)


def _volumeratio_step(columns: Columns, given: Parameters) -> Step:
    period = given["period"]
    total = RunningSum(period, columns[0].tolist())

    def step(columns: Columns) -> Values:
        (volume,) = newest(columns)
        return (ratio(volume * period, total.update(volume)),)

    return step


def _easeofmovement(columns: Columns, given: Parameters) -> Columns:
    return (window_mean(_ease(columns, given["divisor"]), given["period"]),)


def _easeofmovement_step(columns: Columns, given: Parameters) -> Step:
    divisor = given["divisor"]
    mean = RunningMean(given["period"], _ease(columns, divisor).tolist())
    return lambda columns: (mean.update(_ease(tuple(item[-2:] for item in columns), divisor).item(-1)),)


def _ease(columns: Columns, divisor: float) -> Floats:
    high, low, volume = columns
    return quotient(change((high + low) / 2) * (high - low) * divisor, volume)


VOLUME: Mapping[str, tuple[Kernel, ...]] = {
    "mfi": (talib_kernel("MFI", timeperiod="period"),),
    "obv": (talib_kernel("OBV"),),
    "adline": (talib_kernel("AD"),),
    "forceindex": (talib_kernel("EFI", timeperiod="period"),),
    "volumepricetrend": (talib_kernel("PVT"),),
    "nvi": (talib_kernel("NVI"),),
    "pvi": (talib_kernel("PVI"),),
    "vwap": (own_kernel("vwap", _vwap, revision=2).stepping(_vwap_step),),
    "cmf": (own_kernel("cmf", _cmf).stepping(_cmf_step),),
    "volumeratio": (own_kernel("volumeratio", _volumeratio, revision=2).stepping(_volumeratio_step),),
    "easeofmovement": (own_kernel("easeofmovement", _easeofmovement, revision=2).stepping(_easeofmovement_step),),
    "pvo": (own_kernel("pvo", percentage_oscillator).stepping(percentage_oscillator_step),),
}
