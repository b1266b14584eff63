"""Sums, means, deviations and slopes of the last values, one value at a time, with the bits of `market.windows`.

They take the same operations in the same order as that does over a whole series, block by block, so that what is
carried from bar to bar never differs from what is computed over all bars. A value costs the same whatever the window's
length, but for the first one of a block, at which the block before is summed up once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import accumulate


class _Across:
    """The sum of a term over each window that begins in one block and ends in the next."""

    def __init__(self, before: Sequence[float]) -> None:
        self._since = -0.0  # which adds nothing to a first term, not even a sign
        self._until = [0.0, *list(accumulate(reversed(before)))[:-1]]

    def add(self, term: float) -> float:
        """Take one more term in, as many as there were before; return the sum over the window that it ends."""
        self._since += term
        return self._since + self._until.pop()


class _Running:
    """The last `period` values of a series; `values` are its first ones, all of them, as its blocks count from there.

    NaN until the window is full, and while a NaN is in it.
    """

    def __init__(self, period: int, values: Sequence[float] = ()) -> None:
        self._period = period
        self._block = [math.nan] * period
        for value in values[max(len(values) // period - 1, 0) * period :]:
            self.update(value)

    def update(self, value: float) -> float:
        """Take one more value in; return the result over the last `period`."""
        value = float(value)
        if len(self._block) == self._period:
            before, self._block = self._block, [value]
            self._turn(before)
        else:
            self._block.append(value)
        return self._take(value)

    def _turn(self, before: Sequence[float]) -> None:
        """Begin a block, of which the first value is there."""
        raise NotImplementedError

    def _take(self, value: float) -> float:
        raise NotImplementedError


class RunningSum(_Running):
    """The sum of the last values: `window_sum`."""

    def _turn(self, before: Sequence[float]) -> None:
        self._sum = _Across(before)

    def _take(self, value: float) -> float:
        return self._sum.add(value)


class _Centred(_Running):
    """What is made of distances from the block's first value."""

    def _turn(self, before: Sequence[float]) -> None:
        self._centre = centre = self._block[0]
        self._turn_distances([value - centre for value in before])

    def _take(self, value: float) -> float:
        return self._take_distance(value - self._centre)

    def _turn_distances(self, before: Sequence[float]) -> None:
        self._distances = _Across(before)

    def _take_distance(self, distance: float) -> float:
        raise NotImplementedError


class RunningMean(_Centred):
    """The mean of the last values: `window_mean`."""

    def _take_distance(self, distance: float) -> float:
        return self._distances.add(distance) / self._period + self._centre


class RunningDeviation(_Centred):
    """The standard deviation of the last values, of the population or of a `sample`: `window_deviation`."""

    def __init__(self, period: int, values: Sequence[float] = (), *, sample: bool = False) -> None:
        self._free = period - int(sample)
        super().__init__(period, values)

    def _turn_distances(self, before: Sequence[float]) -> None:
        super()._turn_distances(before)
        self._squares = _Across([distance * distance for distance in before])

    def _take_distance(self, distance: float) -> float:
        distances, squares = self._distances.add(distance), self._squares.add(distance * distance)
        variance = (squares - distances * distances / self._period) / self._free
        return math.sqrt(max(variance, 0.0))


class RunningSlope(_Centred):
    """The slope of the straight line through the last values by least squares, per bar; 2 at least: `window_slope`."""

    def _turn_distances(self, before: Sequence[float]) -> None:
        super()._turn_distances(before)
        self._products = _Across([distance * (place - self._period) for place, distance in enumerate(before)])

    def _take_distance(self, distance: float) -> float:
        period, place = self._period, len(self._block) - 1.0
        distances, products = self._distances.add(distance), self._products.add(distance * place)
        return (products - distances * (place - 0.5 * (period - 1))) / (period * (period**2 - 1) / 12.0)


class CompensatedSum:
    """The sum of all values: ``Series.cumsum()`` of pandas within a group.

    References
    ----------
    Kahan (1965), Further remarks on reducing truncation errors, Communications of the ACM 8(1).
    """

    def __init__(self) -> None:
        self._total = self._lost = 0.0

    def update(self, value: float) -> float:
        """Take one more value in; return the sum."""
        wanted = value - self._lost
        total = self._total + wanted
        self._lost = total - self._total - wanted
        self._total = total
        return total
