"""Whether values agree with what their columns are taken for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from ktrdr.adapters.data.layouts.layout import VWAP
from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.market.bars import PRICE_COLUMNS

_ENOUGH = 10
"""Bars from which on it shows what a column is."""


def broken_rows(values: Mapping[str, Floats]) -> Bools:
    """Return where open or close lies outside high and low; a row without values is not broken."""
    open_, high, low, close = (values[name] for name in ("open", "high", "low", "close"))
    return (high < np.fmax(open_, close)) | (low > np.fmin(open_, close))


def outside_average(values: Mapping[str, Floats]) -> Bools:
    """Return where an average price lies outside high and low; it is 0 where nothing was traded."""
    average = values[VWAP]
    outside: Bools = (average != 0) & ((average > values["high"]) | (average < values["low"]))
    return outside


def volume_is_a_price(values: Mapping[str, Floats]) -> bool:
    """Return whether what is taken for the volume stays near the price, as an adjusted close does."""
    volume = values.get("volume")
    if volume is None or len(volume) < _ENOUGH:
        return False
    return bool(((volume > values["low"] / 2) & (volume < values["high"] * 2)).all())


def are_exchanged(values: Mapping[str, Floats], *, newest_first: bool) -> bool:
    """Return whether each open leads on to the next close, rather than each close to the next open."""
    open_, close = (values[name][:: -1 if newest_first else 1] for name in ("open", "close"))
    if len(open_) < _ENOUGH:
        return False
    return bool(np.nansum(np.abs(close[1:] - open_[:-1])) < np.nansum(np.abs(open_[1:] - close[:-1])))


def contradiction(values: Mapping[str, Floats], rows: Int64s, *, newest_first: bool) -> str | None:
    """Return in which way values disagree with what their columns are taken for, None where they agree.

    Parameters
    ----------
    values : mapping of str to ndarray of float64, shape (n,)
    rows : ndarray of int64, shape (n,)
        Rows of the file in which they stand.
    newest_first : bool
    """
    broken = broken_rows(values)
    if broken.any():
        row = int(broken.argmax())
        prices = ", ".join(f"{name} {values[name][row]:.10g}" for name in PRICE_COLUMNS)
        return f"row {rows[row]}: open or close lies outside high and low ({prices})"
    if VWAP in values and outside_average(values).any():
        row = int(outside_average(values).argmax())
        return f"row {rows[row]}: the average price {values[VWAP][row]:.10g} lies outside high and low"
    if are_exchanged(values, newest_first=newest_first):
        return f"each open leads on to the next close, not each close to the next open, at row {rows[0]} and after"
    if volume_is_a_price(values):
        return f"the volume stays near the price ({values['volume'][0]:.10g} at row {rows[0]})"
    return None
