"""The degrees of one row are those of whole columns, bit by bit."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
from effort import examples
from hypothesis import given, settings
from hypothesis import strategies as st

from ktrdr.domain.features.degrees import DegreeRow
from ktrdr.domain.features.feature import Membership
from ktrdr.domain.features.memberships import membership_degrees

NUMBERS = st.one_of(st.integers(-5, 5).map(float), st.floats(-1e9, 1e9, allow_subnormal=False))
KINDS: dict[str, Callable[[list[float]], Iterable[float]]] = {
    "triangular": lambda draw: sorted(draw[:3]),
    "trapezoidal": lambda draw: sorted(draw[:4]),
    "left_shoulder": lambda draw: sorted(draw[:2]),
    "right_shoulder": lambda draw: sorted(draw[:2]),
    "gaussian": lambda draw: (draw[0], abs(draw[1]) + 0.5),
    "bell": lambda draw: (abs(draw[0]) + 0.5, abs(draw[1]) % 3 + 0.5, draw[2]),
    "sigmoid": lambda draw: (draw[0], draw[1]),
}


@st.composite
def rows(draw: st.DrawFn) -> tuple[list[Membership], list[float]]:
    memberships, values = [], []
    for kind in draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=12)):
        numbers = draw(st.lists(NUMBERS, min_size=4, max_size=4))
        memberships.append(Membership(kind, tuple(KINDS[kind](numbers))))
        values.append(draw(st.one_of(NUMBERS, st.sampled_from(numbers), st.just(float("nan")))))
    return memberships, values


@given(rows())
@settings(max_examples=examples(200))
def test_a_row_has_the_bits_of_columns(case: tuple[list[Membership], list[float]]) -> None:
    memberships, values = case
    found = DegreeRow(memberships)(np.array(values))
    for membership, value, degree in zip(memberships, values, found, strict=True):
        column = np.full(5, value)
        wanted = membership_degrees(membership, column, out=np.empty(5, dtype=np.float32))
        assert degree == wanted[2] or (np.isnan(degree) and np.isnan(wanted[2])), (membership, value)
