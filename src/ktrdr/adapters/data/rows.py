"""Rows of a file on their way to bars: which are left out, and in which order they come."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ktrdr.domain.arrays import Bools, Floats, Int64s
from ktrdr.domain.errors import InvalidBars
from ktrdr.domain.market.bars import PRICE_COLUMNS, iso

Rows: TypeAlias = dict[str, NDArray[Any]]
"""Arrays of one length by name: ``stamps``, ``file_rows``, perhaps ``written``, and values by role."""
_LISTED = 5


def taken(rows: Mapping[str, NDArray[Any]], which: slice | NDArray[Any]) -> Rows:
    """Return some of the rows."""
    return {name: values[which] for name, values in rows.items()}


def without_values(prices: Mapping[str, Floats]) -> Bools | None:
    """Return which rows have no price at all, or None where each has one."""
    values = [prices[name] for name in PRICE_COLUMNS]
    if not np.isnan(np.min(values[0], initial=0.0)):
        return None
    empty: Bools = np.logical_and.reduce([np.isnan(value) for value in values])
    return empty if empty.any() else None


def left_out(places: Int64s, why: str) -> str:
    """Return what is said of rows that are left out."""
    listed = ", ".join(map(str, places[:_LISTED])) + (f" and {len(places) - _LISTED} more" * (len(places) > _LISTED))
    return f"row {listed} {why} and is left out" if len(places) == 1 else f"rows {listed} {why} and are left out"


def in_order(rows: Rows, source: str) -> tuple[Rows, tuple[str, ...]]:
    """Return rows from old to new, one that repeats the row before it left out, and what is said of that.

    What does not ascend is left for the gate of `Bars` to refuse.

    Raises
    ------
    InvalidBars
        If most come from new to old and some do not; the message names the row.
    """
    stamps = rows["stamps"]
    if (stamps[1:] > stamps[:-1]).all():
        return rows, ()
    steps = np.diff(stamps)
    remarks: tuple[str, ...] = ()
    again = np.concatenate(([False], steps == 0))
    if again.any():
        for values in (values for name, values in rows.items() if name != "file_rows"):
            again[1:] &= values[1:] == values[:-1]
        if again.any():
            remarks = (left_out(rows["file_rows"][again], "repeats the row before"),)
            rows = taken(rows, ~again)
            steps = np.diff(rows["stamps"])
    turned = len(steps) > 0 and bool((steps < 0).sum() * 2 > len(steps))
    if turned and (steps >= 0).any():
        row = int((steps >= 0).argmax()) + 1
        before, here = (iso(stamp) for stamp in rows["stamps"][row - 1 : row + 1])
        raise InvalidBars(
            f"{source}: row {rows['file_rows'][row]} at {here}: rows come from new to old, but this one stands after "
            f"{before}; time stamps must ascend, or descend, and be unique"
        )
    return (taken(rows, slice(None, None, -1)) if turned else rows), remarks


def scaled(rows: Rows) -> Rows:
    """Return rows with the adjusted close as the close, and open, high and low scaled as the close is."""
    adjusted, close = rows["adjusted close"], rows["close"]
    with np.errstate(divide="ignore", invalid="ignore"):
        factor = adjusted / close
    prices = {
        name: np.where(rows[name] == close, adjusted, rows[name] * factor) for name in PRICE_COLUMNS if name != "close"
    }
    return {**rows, **prices, "close": adjusted}
