"""Kernels bar by bar: opened on a history and carried forward, with the bits of a computation over the whole series.

A step is called once per bar, with the columns up to it, and returns the outputs on that bar. What a running value
forgets only slowly, such as an exponential average, TA-Lib's own handles carry; `ktrdr.domain.market.running` carries
the sums over windows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from talib import stream

from ktrdr.domain.arrays import Floats

Columns = tuple[Floats, ...]
Parameters = Mapping[str, Any]
Values = tuple[float, ...]
Step = Callable[[Columns], Values]
OpenStep = Callable[[Columns, Parameters], Step]


def talib_step(function: str, arguments: Mapping[str, str]) -> OpenStep:
    """Return what opens a handle of TA-Lib; `arguments` says which of our parameters each of its own takes."""

    def open_step(columns: Columns, parameters: Parameters) -> Step:
        given = {theirs: parameters[ours] for theirs, ours in arguments.items()}
        handle = getattr(stream, function)(*columns, **given)

        def step(columns: Columns) -> Values:
            values = handle.update(*newest(columns))
            return values if isinstance(values, tuple) else (values,)

        return step

    return open_step


def tail_step(compute: Callable[[Columns, Parameters], Columns], bars: Callable[[Parameters], int]) -> OpenStep:
    """Return what opens a computation over the last bars alone, which must be all that a value depends on."""

    def open_step(_: Columns, parameters: Parameters) -> Step:
        needed = bars(parameters)

        def step(columns: Columns) -> Values:
            return newest(compute(tail(columns, needed, parameters.get("period", 1)), parameters))

        return step

    return open_step


def tail(columns: Columns, bars: int, block: int) -> Columns:
    """Return at least the last `bars`, from a multiple of `block` on: windows sum in blocks of their length."""
    start = max(len(columns[0]) - bars, 0) // block * block
    return tuple(column[start:] for column in columns)


def newest(columns: Columns) -> Values:
    """Return the last value of each column."""
    return tuple(column.item(-1) for column in columns)


def ratio(dividend: float, divisor: float, otherwise: float = 0.0) -> float:
    """Return dividend / divisor, `otherwise` where the divisor is 0 and the dividend is a number."""
    if divisor:
        return dividend / divisor
    return otherwise if dividend == dividend else dividend
