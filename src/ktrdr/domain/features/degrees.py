"""Memberships of one row, all at once: a call per membership costs more than the row itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from ktrdr.domain.arrays import Float32s, Floats
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees

_EDGES: Mapping[str, Callable[..., tuple[float, float | None, float, float | None]]] = {
    "triangular": lambda a, b, c: (b, b - a, b, c - b),
    "trapezoidal": lambda a, b, c, d: (b, b - a, c, d - c),
    "left_shoulder": lambda a, b: (a, None, a, b - a),
    "right_shoulder": lambda a, b: (b, b - a, b, None),
}
"""Parameters to the peaks where the rising edge ends and the falling one begins, and the widths of these edges."""


class DegreeRow:
    """Degrees of several memberships, each of its own value, with the bits of `membership_degrees`.

    Parameters
    ----------
    memberships : sequence of Membership
    """

    def __init__(self, memberships: Sequence[Membership]) -> None:
        self._count = len(memberships)
        straight = [place for place, item in enumerate(memberships) if item.type in _EDGES]
        self._straight = np.array(straight, dtype=np.intp)
        self._curved = [(place, item) for place, item in enumerate(memberships) if item.type not in _EDGES]
        edges = [_EDGES[memberships[place].type](*memberships[place].parameters) for place in straight]
        self._rising = _Edges([(peak, width) for peak, width, _, _ in edges], 1)
        self._falling = _Edges([(peak, width) for _, _, peak, width in edges], -1)
        self._zeros = np.zeros(len(straight), dtype=np.float32)

    def __call__(self, values: Floats) -> Float32s:
        """Return the degrees, shape (n_memberships,), of one value each; NaN where the value is NaN."""
        degrees = np.empty(self._count, dtype=np.float32)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            if len(self._straight):
                x = values[self._straight]
                lower = np.minimum(self._rising(x), self._falling(x))
                degrees[self._straight] = np.maximum(np.minimum(lower, self._zeros) + np.float32(1), self._zeros)
        for place, membership in self._curved:
            membership_degrees(membership, values[place : place + 1], out=degrees[place : place + 1])
        return degrees


class _Edges:
    """One straight edge per membership: 0 at its peak, -1 at its foot; beyond a vertical one -1, and no edge is 0."""

    def __init__(self, edges: Sequence[tuple[float, float | None]], side: int) -> None:
        self._side = np.float32(side)
        self._peaks = np.array([peak for peak, _ in edges], dtype=np.float64)
        self._scales = np.array([side * (width or 0.0) for _, width in edges]).astype(np.float32)
        self._absent = np.array([width is None for _, width in edges], dtype=np.bool_)
        self._vertical = (self._scales == 0) & ~self._absent
        self._plain = not (self._vertical.any() or self._absent.any())
        self._divisors: Float32s = np.where(self._scales == 0, np.float32(1), self._scales)

    def __call__(self, values: Floats) -> Float32s:
        offsets = np.subtract(values, self._peaks, dtype=np.float64).astype(np.float32)
        edges: Float32s = offsets / self._divisors
        if self._plain:
            return edges
        np.copyto(edges, np.sign(offsets) * self._side, where=self._vertical)
        np.copyto(edges, np.float32(0), where=self._absent)
        return edges
