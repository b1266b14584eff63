"""Forecasts that are a constant and a weighted sum over the last returns, of each symbol its own."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ktrdr.domain.arrays import Floats, Int64s
from ktrdr.domain.errors import InvalidInput

_PIECE = 1024
"""Samples whose returns are copied at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class Lags:
    """What forecasts the volatility of one symbol.

    Attributes
    ----------
    constant : float
    weights : ndarray of float64, shape (memory,)
        Of the last returns, each taken absolute to the power of the forecast, the newest first.
    least : float
        What the sum counts as where it is smaller; 0 or more.
    scale : float
        On the forecast; above 0.
    """

    constant: float
    weights: Floats
    least: float = 0.0
    scale: float = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class LagForecast:
    """The forecasts of several symbols, and for any other symbol their mean.

    Attributes
    ----------
    power : int
        2: the sum is a variance, and the forecast its root; 1: the sum is the forecast.
    codes : ndarray of int64, shape (n_symbols,)
        See `symbol_code`; ascending.
    constants, least, scales : ndarray of float64, shape (n_symbols + 1,)
        Those of `Lags`; the last is that of a symbol that is not among them.
    weights : ndarray of float64, shape (n_symbols + 1, memory)

    Raises
    ------
    InvalidInput
        If shapes differ, codes are not ascending, or a number is not finite or out of bounds.
    """

    power: int
    codes: Int64s
    constants: Floats
    weights: Floats
    least: Floats
    scales: Floats

    def __post_init__(self) -> None:
        n = len(self.codes)
        per_symbol = (self.constants, self.least, self.scales)
        if not n or any(item.shape != (n + 1,) for item in per_symbol) or self.weights.shape[:-1] != (n + 1,):
            raise InvalidInput("lags: needs a code a symbol, and one row more of everything else")
        if self.power not in (1, 2) or (np.diff(self.codes) <= 0).any() or self.codes[0] < 0:
            raise InvalidInput("lags: the power must be 1 or 2, and codes 0 or more, ascending")
        if not all(np.isfinite(item).all() for item in (*per_symbol, self.weights)):
            raise InvalidInput("lags: every number must be finite")
        if (self.least < 0).any() or (self.scales <= 0).any():
            raise InvalidInput("lags: least must be 0 or more, and scales above 0")

    @classmethod
    def of(cls, power: int, symbols: dict[int, Lags]) -> LagForecast:
        """Return the forecasts of symbols by their codes; another symbol gets the mean of their numbers."""
        own = [symbols[code] for code in sorted(symbols)]

        def column(name: str) -> Floats:
            values = np.array([getattr(item, name) for item in own], dtype=np.float64)
            return np.concatenate((values, values.mean(axis=0, keepdims=True)))

        codes = np.array(sorted(symbols), dtype=np.int64)
        return cls(power, codes, column("constant"), column("weights"), column("least"), column("scale"))

    @property
    def memory(self) -> int:
        """How many returns count."""
        return int(self.weights.shape[1])

    def __call__(self, returns: Floats, codes: Floats, ends: Int64s) -> Floats:
        """Return the forecasts on some rows.

        Parameters
        ----------
        returns, codes : ndarray of float64, shape (n_rows,)
            Log returns, and whose they are.
        ends : ndarray of int64, shape (n_samples,)
            Each with `memory` - 1 rows of its symbol before it.

        Returns
        -------
        ndarray of float64, shape (n_samples,)
            Each from its own rows alone, to the last bit: the terms of a sum are always added in the same order.
        """
        if not len(ends):
            return np.empty(0)
        windows = sliding_window_view(np.abs(returns) ** self.power, self.memory)
        pieces = np.split(ends, range(_PIECE, len(ends), _PIECE))
        return np.concatenate([self._piece(windows, codes, piece) for piece in pieces])

    def _piece(self, windows: Floats, codes: Floats, ends: Int64s) -> Floats:
        asked = codes[ends]
        place = np.minimum(np.searchsorted(self.codes, asked), len(self.codes) - 1)
        own = np.where(self.codes[place] == asked, place, len(self.codes))
        terms = windows[ends - self.memory + 1] * self.weights[own, ::-1]
        sums = np.maximum(terms.sum(axis=1) + self.constants[own], self.least[own])
        return np.asarray((np.sqrt(sums) if self.power == 2 else sums) * self.scales[own])
