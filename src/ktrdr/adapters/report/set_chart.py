"""A fuzzy set over the values that its indicator takes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from ktrdr.adapters.report.svg import Floats, below, boxes, curve, drawing, level_lines, line, linear, ticks
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees
from ktrdr.domain.strategy.document import MembershipFunction

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 960.0, 260.0, 64.0, 14.0, 12.0, 30.0
_BINS, _POINTS = 120, 400
_RARE = 0.001
_SPREAD = 3.0


def set_chart(title: str, memberships: Sequence[MembershipFunction], values: NDArray[np.float32]) -> Markup:
    """Return the curves of the memberships over the histogram of the values.

    Parameters
    ----------
    title : str
        What a screen reader says.
    memberships : sequence of MembershipFunction
    values : ndarray of float32, shape (n,), n at least 1
        Finite. The outer 0.1 % on either side are drawn at the edge of what is shown.
    """
    low, high = _shown(memberships, values)
    x, y = linear(low, high, _LEFT, _WIDTH - _RIGHT), linear(0.0, 1.0, _HEIGHT - _BOTTOM, _TOP)
    grid = _grid(low, high, memberships)
    parts = [_histogram(values, low, high), level_lines([0.0, 0.25, 0.5, 0.75, 1.0], y, _LEFT, _WIDTH - _RIGHT)]
    for tone, item in enumerate(memberships):
        degrees = membership_degrees(Membership(item.type, item.parameters), grid)
        parts.append(curve(f"tone c{tone % 6}", x(grid), y(degrees)))
    parts.append(line("tick", (_LEFT, _HEIGHT - _BOTTOM), (_WIDTH - _RIGHT, _HEIGHT - _BOTTOM)))
    parts.append(below([(x(at), f"{at:.6g}") for at in ticks(low, high, 8)], _HEIGHT - _BOTTOM))
    return drawing(title, _WIDTH, _HEIGHT, parts)


def marked_range(item: MembershipFunction) -> tuple[float, float]:
    """Return where a membership is 0.5 or more; infinite on a side that is open."""
    kind, numbers = item.type, item.parameters
    if kind in {"triangular", "trapezoidal"}:
        return (numbers[0] + numbers[1]) / 2, (numbers[-2] + numbers[-1]) / 2
    if kind == "gaussian":
        half = numbers[1] * float(np.sqrt(2 * np.log(2)))
        return numbers[0] - half, numbers[0] + half
    if kind == "bell":
        return numbers[2] - numbers[0], numbers[2] + numbers[0]
    centre = numbers[1] if kind == "sigmoid" else sum(numbers) / 2
    rises = numbers[0] > 0 if kind == "sigmoid" else kind == "right_shoulder"
    return (centre, np.inf) if rises else (-np.inf, centre)


def _shown(memberships: Sequence[MembershipFunction], values: NDArray[np.float32]) -> tuple[float, float]:
    """Return a range that holds nearly all values and where every membership rises and falls."""
    ends = [float(end) for end in np.quantile(values.astype(np.float64), [_RARE, 1 - _RARE])]
    for item in memberships:
        ends += _turns(item)
    room = (max(ends) - min(ends)) * 0.02 or abs(ends[0]) * 0.1 or 1.0
    return min(ends) - room, max(ends) + room


def _turns(item: MembershipFunction) -> list[float]:
    kind, numbers = item.type, item.parameters
    if kind == "gaussian":
        return [numbers[0] - _SPREAD * numbers[1], numbers[0] + _SPREAD * numbers[1]]
    if kind == "bell":
        return [numbers[2] - 2 * numbers[0], numbers[2] + 2 * numbers[0]]
    if kind == "sigmoid":
        return [numbers[1] - 2 * _SPREAD / abs(numbers[0]), numbers[1] + 2 * _SPREAD / abs(numbers[0])]
    return list(numbers)


def _grid(low: float, high: float, memberships: Sequence[MembershipFunction]) -> Floats:
    """Return points at which curves are drawn: evenly, and on both sides of every corner."""
    corners = [number for item in memberships for number in _turns(item) if low <= number <= high]
    beside = np.nextafter(corners, -np.inf), np.nextafter(corners, np.inf)
    return np.unique(np.concatenate([np.linspace(low, high, _POINTS), corners, *beside]))


def _histogram(values: NDArray[np.float32], low: float, high: float) -> Markup:
    counts, edges = np.histogram(np.clip(values, low, high).astype(np.float64), _BINS, (low, high))
    x = linear(low, high, _LEFT, _WIDTH - _RIGHT)
    base = _HEIGHT - _BOTTOM
    tops = base - counts / counts.max() * (base - _TOP) * 0.92
    bars = zip(x(edges[:-1]), x(edges[1:]), tops, strict=True)
    return boxes("histogram", [(left, right, top, base) for left, right, top in bars if top < base])
