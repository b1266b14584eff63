"""Parameters for a fuzzy set from the values that its indicator really takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from ktrdr.domain.arrays import Floats
from ktrdr.domain.strategy.document import MembershipFunction

_LARGEST = 1e30  # what a membership may name at most
_SMALLEST = 1e-30
_HALF_OF_GAUSSIAN = math.sqrt(2 * math.log(2))  # widths from the mean at which a gaussian is 0.5
_HALF_TO_95 = math.log(19)  # slope times distance at which a sigmoid is 0.95
_TAIL = 0.01
_FEW = 4  # with fewer distinct values per membership than this, the peaks are spread from the first to the last


@dataclass(frozen=True, slots=True)
class _Place:
    """What one membership is drawn from: its core, its neighbours' cores, and where it crosses them at 0.5.

    The first and the last of a set have no neighbour on one side; there stands how far out the values go.
    """

    before: float
    low: float
    high: float
    after: float
    crossing_below: float
    crossing_above: float
    is_first: bool
    is_last: bool


def fit_to_quantiles(memberships: Sequence[MembershipFunction], values: Floats) -> tuple[tuple[float, ...], ...] | None:
    """Return new parameters for each membership, or None where there are not two different values.

    Types and the order along the axis stay. Each of n memberships gets about one n-th of the rows: its peak stands at
    the middle of them, a plateau over the middle half, and neighbours cross at 0.5. Where quantiles coincide, as those
    of an indicator of few values do, the distinct values are spread over instead.

    Parameters
    ----------
    memberships : sequence of MembershipFunction
        Those of one set; where they stand now decides their order along the axis.
    values : ndarray of float, shape (n,)
        The indicator's values on the rows to fit to; what is not finite is left out.

    Returns
    -------
    tuple of tuple of float
        In the order of `memberships`; valid parameters of their types.
    """
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    distinct = np.unique(known)
    if len(distinct) < 2:
        return None
    order = sorted(range(len(memberships)), key=lambda index: _place_now(memberships[index]))
    cores = _cores(known, distinct, [_breadth(memberships[index].type) for index in order])
    places = _places(cores, distinct, np.quantile(known, [_TAIL, 1 - _TAIL]))
    fitted = {}
    for index, place in zip(order, places, strict=True):
        numbers = _FIT[memberships[index].type](place, memberships[index].parameters)
        fitted[index] = tuple(float(np.clip(number, -_LARGEST, _LARGEST)) for number in numbers)
    return tuple(fitted[index] for index in range(len(memberships)))


def _place_now(membership: MembershipFunction) -> tuple[int, float]:
    """Return which side a membership is open to (-1 below, 1 above, 0 neither), and where it stands."""
    kind, numbers = membership.type, membership.parameters
    if kind == "sigmoid":
        return (1 if numbers[0] > 0 else -1), numbers[1]
    centre = {"triangular": 1, "gaussian": 0, "bell": 2}
    if kind in centre:
        return 0, numbers[centre[kind]]
    side = {"left_shoulder": -1, "right_shoulder": 1}.get(kind, 0)
    middle = numbers[1:3] if kind == "trapezoidal" else numbers
    return side, sum(middle) / 2


def _breadth(kind: str) -> float:
    """Return half the share of its own rows that a membership's plateau covers."""
    return 0.25 if kind in {"trapezoidal", "left_shoulder", "right_shoulder"} else 0.0


def _cores(known: Floats, distinct: Floats, breadths: Sequence[float]) -> Floats:
    """Return first and last value of each core, shape (n, 2); a core ends below the next one's beginning."""
    count = len(breadths)
    middles = (np.arange(count) + 0.5) / count
    shares = middles[:, None] + np.outer(breadths, [-1.0, 1.0]) / count
    cores = np.quantile(known, shares)
    if _apart(cores):
        return cores
    if len(distinct) < _FEW * count and count > 1:
        shares = (np.arange(count)[:, None] + np.outer(breadths, [-1.0, 1.0])) / (count - 1)
    return np.quantile(distinct, np.clip(shares, 0, 1))


def _apart(cores: Floats) -> bool:
    room = 1e-6 * (cores[-1, 1] - cores[0, 0])
    return bool((cores[1:, 0] - cores[:-1, 1] > room).all()) and (len(cores) == 1 or room > 0)


def _places(cores: Floats, distinct: Floats, tails: Floats) -> list[_Place]:
    """Return the places of cores in order; beyond the outer ones everything ends as far out as the values need it."""
    step = _step(cores, distinct)
    cores, tails = np.round(cores / step) * step, np.round(tails / step) * step
    least, most = math.floor(distinct[0] / step) * step, math.ceil(distinct[-1] / step) * step
    lows, highs = cores[:, 0], cores[:, 1]
    before = [2 * least - lows[0], *highs[:-1]]
    after = [*lows[1:], 2 * most - highs[-1]]
    inner = (highs[:-1] + lows[1:]) / 2
    reach = [inner[0] - lows[0], highs[-1] - inner[-1]] if len(inner) else [0.0, 0.0]
    crossings = [min(tails[0], lows[0] - reach[0]), *inner, max(tails[1], highs[-1] + reach[1])]
    columns = zip(before, lows, highs, after, crossings[:-1], crossings[1:], strict=True)
    rounded = [tuple(float(f"{number:.12g}") for number in column) for column in columns]
    return [
        _Place(a, b, c, d, left, right, index == 0, index == len(cores) - 1)
        for index, (a, b, c, d, left, right) in enumerate(rounded)
    ]


def _step(cores: Floats, distinct: Floats) -> float:
    """Return what to round to: the power of ten that leaves three digits of the narrowest gap between two cores."""
    gaps = cores[1:, 0] - cores[:-1, 1]
    narrowest = float(gaps.min()) if len(gaps) else float(distinct[-1] - distinct[0])
    return float(10.0 ** (math.floor(math.log10(narrowest)) - 2))


def _triangular(place: _Place, _: Sequence[float]) -> tuple[float, ...]:
    return place.before, place.low, place.after


def _trapezoidal(place: _Place, now: Sequence[float]) -> tuple[float, ...]:
    """Return the four corners; the plateau of an outer one goes on outwards, as far as it did where that is enough."""
    a, b, c, d = place.before, place.low, place.high, place.after
    if place.is_first:
        a, b = (now[0], now[1]) if now[1] <= (a + b) / 2 else (a, a)
    if place.is_last:
        c, d = (now[2], now[3]) if now[2] >= (c + d) / 2 else (d, d)
    return a, b, c, d


def _gaussian(place: _Place, _: Sequence[float]) -> tuple[float, ...]:
    middle, half = _middle_and_half(place)
    return middle, float(f"{half / _HALF_OF_GAUSSIAN:.6g}")


def _bell(place: _Place, now: Sequence[float]) -> tuple[float, ...]:
    middle, half = _middle_and_half(place)
    return half, now[1], middle


def _middle_and_half(place: _Place) -> tuple[float, float]:
    low, high = place.crossing_below, place.crossing_above
    return float(f"{(low + high) / 2:.12g}"), max(float(f"{(high - low) / 2:.12g}"), _SMALLEST)


def _sigmoid(place: _Place, now: Sequence[float]) -> tuple[float, ...]:
    rises = now[0] > 0
    near, far = (place.before, place.low) if rises else (place.high, place.after)
    slope = float(f"{_HALF_TO_95 / max((far - near) / 2, _SMALLEST):.6g}")
    return (slope if rises else -slope), float(f"{(near + far) / 2:.12g}")


def _left_shoulder(place: _Place, _: Sequence[float]) -> tuple[float, ...]:
    return place.high, place.after


def _right_shoulder(place: _Place, _: Sequence[float]) -> tuple[float, ...]:
    return place.before, place.low


_FIT: dict[str, Callable[[_Place, Sequence[float]], tuple[float, ...]]] = {
    "triangular": _triangular,
    "trapezoidal": _trapezoidal,
    "gaussian": _gaussian,
    "bell": _bell,
    "sigmoid": _sigmoid,
    "left_shoulder": _left_shoulder,
    "right_shoulder": _right_shoulder,
}
"""For each kind of membership, from its place and its present parameters to new ones."""
