"""Kernels of indicators that are scaled causally, bar by bar."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ktrdr.adapters.features.kernels.kernel import Kernel
from ktrdr.adapters.features.kernels.step import Step, Values
from ktrdr.adapters.features.kernels.volatility import VOLATILITY
from ktrdr.domain.arrays import Floats
from ktrdr.domain.catalogue.indicators.scale import ATR_BARS, ROLLING_BARS, has_no_unit, is_level
from ktrdr.domain.market.running import RunningDeviation, RunningMean
from ktrdr.domain.market.windows import window_deviation, window_mean

_PRICES = 3


def scaled(kernel: Kernel, indicator: str, outputs: Sequence[str], scale: str) -> Kernel:
    """Return a kernel whose outputs are scaled.

    ``atr``: value / ATR(14); a price, such as a moving average, is first taken off the close. ``rolling``: (value -
    mean) / population standard deviation of the last 250 values, this one included. NaN where the divisor is 0.

    Parameters
    ----------
    kernel : Kernel
        Its own columns come first; for ``atr`` high, low and close follow.
    indicator : str
    outputs : sequence of str
        Those of the kernel.
    scale : str
        ``atr`` or ``rolling``.

    Causality: each value depends on bars up to its own.

    References
    ----------
    Wilder (1978), New Concepts in Technical Trading Systems: the average true range.
    """
    compute, step = (_by_atr, _by_atr_step) if scale == "atr" else (_by_its_past, _by_its_past_step)
    given = kernel, indicator, tuple(outputs)
    carried = None if kernel.step is None else partial(step, *given)
    return Kernel(f"{kernel.name}, {scale} 1", partial(compute, *given), kernel.outputs, carried)


def _by_atr(
    kernel: Kernel,
    indicator: str,
    outputs: tuple[str, ...],
    columns: tuple[Floats, ...],
    parameters: Mapping[str, Any],
) -> tuple[Floats, ...]:
    own, prices = columns[:-_PRICES], columns[-_PRICES:]
    (atr,) = VOLATILITY["atr"][0].compute(prices, {"period": ATR_BARS})
    values = kernel.compute(own, parameters)

    def one(output: str, column: Floats) -> Floats:
        if has_no_unit(indicator, output):
            return column
        return _divided(prices[-1] - column if is_level(indicator, output) else column, atr)

    return tuple(one(output, column) for output, column in zip(outputs, values, strict=True))


def _by_atr_step(
    kernel: Kernel,
    indicator: str,
    outputs: tuple[str, ...],
    columns: tuple[Floats, ...],
    parameters: Mapping[str, Any],
) -> Step:
    width, own = VOLATILITY["atr"][0].step, kernel.step
    assert width is not None
    assert own is not None
    atr, values = width(columns[-_PRICES:], {"period": ATR_BARS}), own(columns[:-_PRICES], parameters)

    def one(output: str, value: float, close: float, width: float) -> float:
        if has_no_unit(indicator, output):
            return value
        return _divided_once(close - value if is_level(indicator, output) else value, width)

    def step(columns: tuple[Floats, ...]) -> Values:
        (width,), close = atr(columns[-_PRICES:]), columns[-1].item(-1)
        pairs = zip(outputs, values(columns[:-_PRICES]), strict=True)
        return tuple(one(output, value, close, width) for output, value in pairs)

    return step


def _by_its_past(
    kernel: Kernel, _: str, __: tuple[str, ...], columns: tuple[Floats, ...], parameters: Mapping[str, Any]
) -> tuple[Floats, ...]:
    return tuple(
        _divided(column - window_mean(column, ROLLING_BARS), window_deviation(column, ROLLING_BARS))
        for column in kernel.compute(columns, parameters)
    )


def _by_its_past_step(
    kernel: Kernel, _: str, __: tuple[str, ...], columns: tuple[Floats, ...], parameters: Mapping[str, Any]
) -> Step:
    assert kernel.step is not None
    values, history = kernel.step(columns, parameters), [item.tolist() for item in kernel.compute(columns, parameters)]
    pasts = [(RunningMean(ROLLING_BARS, item), RunningDeviation(ROLLING_BARS, item)) for item in history]

    def step(columns: tuple[Floats, ...]) -> Values:
        pairs = zip(values(columns), pasts, strict=True)
        return tuple(_divided_once(value - mean.update(value), spread.update(value)) for value, (mean, spread) in pairs)

    return step


def _divided_once(value: float, by: float) -> float:
    return value / by if by > 0 else math.nan


def _divided(values: Floats, by: Floats) -> Floats:
    quotients: Floats = np.divide(values, by, out=np.full(len(values), np.nan), where=by > 0)
    return quotients
