"""The functions that compute each indicator of the catalogue: one row an indicator.

Where TA-Lib has the function, its values are the reference: float64, NaN until the first value, and the first k values
on the first k bars bit for bit. TA-Lib begins an average of no movement with 0, so that a flat market gives 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import talib

from ktrdr.domain.errors import InvalidInput
from ktrdr.domain.market.bars import Floats

Compute = Callable[[tuple[Floats, ...], Mapping[str, Any]], tuple[Floats, ...]]

LIBRARY = f"talib {talib.__ta_version__.decode().split()[0]}"  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Kernel:
    """A function that computes outputs of one indicator.

    Attributes
    ----------
    name : str
        What the contract records: library, version, function.
    compute : callable
        Takes the columns that the specification names (float64, contiguous, shape (n,)) and all parameters; returns
        one float64 array of shape (n,) per output.
    outputs : tuple of str
        The outputs it computes, in order; empty for all of the specification's.
    """

    name: str
    compute: Compute
    outputs: tuple[str, ...] = ()


def _talib(function: str, outputs: tuple[str, ...] = (), /, **arguments: str) -> Kernel:
    """Return a kernel of TA-Lib; `arguments` says which of our parameters each of its own takes."""
    call = getattr(talib, function)

    def compute(columns: tuple[Floats, ...], parameters: Mapping[str, Any]) -> tuple[Floats, ...]:
        given = {theirs: parameters[ours] for theirs, ours in arguments.items()}
        try:
            result = call(*columns, **given)
        except Exception as error:  # the binding raises nothing more specific
            raise InvalidInput(f"{LIBRARY} {function} refuses {given}: {error}") from error
        return tuple(result) if isinstance(result, list | tuple) else (result,)

    return Kernel(f"{LIBRARY} {function}", compute, outputs)


KERNELS: Mapping[str, tuple[Kernel, ...]] = {
    "sma": (_talib("SMA", timeperiod="period"),),
    "ema": (_talib("EMA", timeperiod="period"),),
    "macd": (_talib("MACD", fastperiod="fast_period", slowperiod="slow_period", signalperiod="signal_period"),),
    "adx": (
        _talib("ADX", ("adx",), timeperiod="period"),
        _talib("PLUS_DI", ("plus_di",), timeperiod="period"),
        _talib("MINUS_DI", ("minus_di",), timeperiod="period"),
    ),
    "rsi": (_talib("RSI", timeperiod="period"),),
    "roc": (_talib("ROC", timeperiod="period"),),
    "momentum": (_talib("MOM", timeperiod="period"),),
    "stochastic": (_talib("STOCH", fastk_period="k_period", slowk_period="smooth_k", slowd_period="d_period"),),
    "williamsr": (_talib("WILLR", timeperiod="period"),),
    "cci": (_talib("CCI", timeperiod="period"),),
    "atr": (_talib("ATR", timeperiod="period"),),
    "bbands": (_talib("BBANDS", timeperiod="period", nbdevup="multiplier", nbdevdn="multiplier"),),
    "mfi": (_talib("MFI", timeperiod="period"),),
}
"""Kernels of each indicator; several where its outputs are separate functions, so that only the used ones run."""
