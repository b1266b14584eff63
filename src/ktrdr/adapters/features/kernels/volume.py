"""Kernels of the volume indicators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import talib

from ktrdr.adapters.features.kernels.kernel import Columns, Kernel, Parameters, own_kernel, talib_kernel
from ktrdr.adapters.features.kernels.momentum import percentage_oscillator
from ktrdr.adapters.features.kernels.rolling import change, highest, quotient
from ktrdr.domain.market.bars import Floats
from ktrdr.domain.market.windows import window_mean, window_sum


def _vwap(columns: Columns, given: Parameters) -> Columns:
    """Weigh prices by volume over the window, or since the session began; equally where nothing was traded."""
    high, low, close, volume, session = columns
    price = (high + low + close) / 3 if given["use_typical_price"] else close
    sums = _sums_of_session(session, price, volume) if not given["period"] else _sums(given["period"], price, volume)
    flow, traded, level, bars = sums
    return (np.where(traded > 0, quotient(flow, traded), level / bars),)


def _sums(period: int, price: Floats, volume: Floats) -> tuple[Floats, Floats, Floats, float]:
    """Return money flow, volume and price summed over the window, and its length."""
    flow, traded, level = (window_sum(values, period) for values in (price * volume, volume, price))
    return flow, traded, level, float(period)


def _sums_of_session(session: Floats, price: Floats, volume: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    """Return money flow, volume, price and bars summed since the session's first bar."""
    columns = {"flow": price * volume, "volume": volume, "price": price, "bars": np.ones(len(price))}
    sums = pd.DataFrame(columns).groupby(session).cumsum()
    return tuple(sums[name].to_numpy() for name in columns)  # type: ignore[return-value]


def _cmf(columns: Columns, given: Parameters) -> Columns:
    high, low, close, volume = columns
    values = talib.CMF(high, low, close, volume, given["period"])
    values[highest(volume, given["period"]) == 0] = 0.0
    return (values,)


def _volumeratio(columns: Columns, given: Parameters) -> Columns:
    (volume,) = columns
    return (quotient(volume * given["period"], window_sum(volume, given["period"])),)


def _easeofmovement(columns: Columns, given: Parameters) -> Columns:
    high, low, volume = columns
    ease = quotient(change((high + low) / 2) * (high - low) * given["divisor"], volume)
    return (window_mean(ease, given["period"]),)


VOLUME: Mapping[str, tuple[Kernel, ...]] = {
    "mfi": (talib_kernel("MFI", timeperiod="period"),),
    "obv": (talib_kernel("OBV"),),
    "adline": (talib_kernel("AD"),),
    "forceindex": (talib_kernel("EFI", timeperiod="period"),),
    "volumepricetrend": (talib_kernel("PVT"),),
    "nvi": (talib_kernel("NVI"),),
    "pvi": (talib_kernel("PVI"),),
    "vwap": (own_kernel("vwap", _vwap, revision=2),),
    "cmf": (own_kernel("cmf", _cmf),),
    "volumeratio": (own_kernel("volumeratio", _volumeratio, revision=2),),
    "easeofmovement": (own_kernel("easeofmovement", _easeofmovement, revision=2),),
    "pvo": (own_kernel("pvo", percentage_oscillator),),
}
