"""Sums, means and deviations of the last values, one value at a time, with the bits of pandas' rolling windows.

They take the same operations in the same order as pandas does over a whole column, compensated sums and all, so that
what is carried from bar to bar never differs from what is computed over all bars.

References
----------
Kahan (1965), Further remarks on reducing truncation errors, Communications of the ACM 8(1). Welford (1962), Note on a
method for calculating corrected sums of squares and products, Technometrics 4(3).
"""

from __future__ import annotations

import math
import sys
from collections import deque
from collections.abc import Iterable

import pandas as pd

_SUMS_ANEW = int(pd.__version__.partition(".")[0]) >= 3  # before, equal values alone were sure to have no deviation
_ILL_CONDITIONED = 1e3 * sys.float_info.epsilon


class _Running:
    """The last `period` values; NaN is left out, and gives no result until it has passed."""

    def __init__(self, period: int, values: Iterable[float] = ()) -> None:
        self._period = period
        self._held: deque[float] = deque(maxlen=period)
        self._equal, self._before = 0, math.nan
        self._restart()
        self.value = math.nan
        for value in values:
            self.update(value)

    def update(self, value: float) -> float:
        """Take one more value in; return the result over the last `period`, NaN until there are as many."""
        value = float(value)
        if self._period == 1:
            self._restart()
        elif len(self._held) == self._period and not math.isnan(self._held[0]):
            self._count -= 1
            self._remove(self._held[0])
        self._held.append(value)
        if not math.isnan(value):
            self._count += 1
            self._equal = self._equal + 1 if value == self._before else 1
            self._before = value
            self._add(value)
        self._mend()
        self.value = self._result() if self._count == self._period else math.nan
        return self.value

    @property
    def _constant(self) -> bool:
        return self._equal >= self._count

    def _restart(self) -> None:
        self._count = 0

    def _add(self, value: float) -> None:
        raise NotImplementedError

    def _remove(self, value: float) -> None:
        raise NotImplementedError

    def _mend(self) -> None:
        """Begin anew where what is carried has lost its digits."""

    def _result(self) -> float:
        raise NotImplementedError


class RunningSum(_Running):
    """The sum of the last values: ``Series.rolling(period).sum()``."""

    def _restart(self) -> None:
        super()._restart()
        self._total = self._lost = self._lost_in_removal = 0.0

    def _add(self, value: float) -> None:
        wanted = value - self._lost
        total = self._total + wanted
        self._lost = total - self._total - wanted
        self._total = total

    def _remove(self, value: float) -> None:
        wanted = -value - self._lost_in_removal
        total = self._total + wanted
        self._lost_in_removal = total - self._total - wanted
        self._total = total

    def _result(self) -> float:
        return self._before * self._count if self._constant else self._total


class CompensatedSum:
    """The sum of all values: ``Series.cumsum()`` within a group."""

    def __init__(self) -> None:
        self._total = self._lost = 0.0

    def update(self, value: float) -> float:
        """Take one more value in; return the sum."""
        wanted = value - self._lost
        total = self._total + wanted
        self._lost = total - self._total - wanted
        self._total = total
        return total


class RunningMean(RunningSum):
    """The mean of the last values: ``Series.rolling(period).mean()``."""

    def _result(self) -> float:
        if self._constant:
            return self._before
        mean = self._total / self._count
        if mean < 0 and all(math.copysign(1.0, value) > 0 for value in self._held):
            return 0.0
        if mean > 0 and all(math.copysign(1.0, value) < 0 for value in self._held):
            return 0.0
        return mean


class RunningDeviation(_Running):
    """The standard deviation of the last values: ``Series.rolling(period).std(ddof)``.

    Where taking a value away leaves next to nothing of the squares, they are summed anew over the window, as pandas
    does it since version 3.
    """

    def __init__(self, period: int, values: Iterable[float] = (), ddof: int = 0) -> None:
        self._ddof = ddof
        super().__init__(period, values)

    def _restart(self) -> None:
        super()._restart()
        self._mean = self._squares = self._lost = self._lost_in_removal = 0.0
        self._unstable = False

    def _mend(self) -> None:
        if not self._unstable:
            return
        self._restart()
        for value in self._held:
            if not math.isnan(value):
                self._count += 1
                self._add(value)

    def _add(self, value: float) -> None:
        before = self._mean - self._lost
        wanted = value - self._lost
        delta = wanted - self._mean
        self._lost = delta + self._mean - wanted
        self._mean += delta / self._count
        self._squares += (value - before) * (value - self._mean)

    def _remove(self, value: float) -> None:
        if not self._count:
            self._mean = self._squares = 0.0
            return
        squares = self._squares
        before = self._mean - self._lost_in_removal
        wanted = value - self._lost_in_removal
        delta = wanted - self._mean
        self._lost_in_removal = delta + self._mean - wanted
        self._mean -= delta / self._count
        self._squares -= (value - before) * (value - self._mean)
        self._unstable = _SUMS_ANEW and squares * _ILL_CONDITIONED > self._squares

    def _result(self) -> float:
        if self._count <= self._ddof:
            return math.nan
        if not _SUMS_ANEW and (self._count == 1 or self._constant):
            return 0.0
        variance = self._squares / (self._count - self._ddof)
        return math.sqrt(variance) if variance > 0 else 0.0
