"""Which bar of another timeframe a base row sees."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ktrdr.domain.features.alignment import align, gather


def times(*moments: int) -> np.ndarray:
    return np.array(moments, dtype=np.int64)


def test_a_coarser_bar_counts_from_its_close_on():
    """5-minute rows known at :05, :10, ... against hourly bars known at 60 and 120."""
    rows = align(times(50, 55, 60, 65, 115, 120, 125), times(60, 120))
    assert rows.tolist() == [-1, -1, 0, 0, 0, 1, 1]
    assert rows.dtype == np.int64


def test_of_finer_bars_the_last_one_known_counts():
    assert align(times(60, 120, 180), times(15, 30, 45, 60, 75, 130)).tolist() == [3, 4, 5]


def test_of_bars_known_at_the_same_moment_the_last_counts():
    assert align(times(10, 20), times(10, 10, 20, 20, 20)).tolist() == [1, 4]


def test_nothing_known_is_minus_one():
    assert align(times(1, 2), times()).tolist() == [-1, -1]
    assert align(times(), times(1)).tolist() == []


def test_gather_leaves_what_is_not_known_missing():
    np.testing.assert_array_equal(gather(np.array([7.0, 8.0]), times(-1, -1, 0, 0, 1)), [np.nan, np.nan, 7, 7, 8])
    np.testing.assert_array_equal(gather(np.array([]), times(-1, -1)), [np.nan, np.nan])


moments = st.lists(st.integers(0, 50), max_size=30).map(lambda drawn: np.array(sorted(drawn), dtype=np.int64))


@given(moments, moments)
def test_alignment_agrees_with_a_scan_of_all_bars(base, other):
    expected = [max((place for place, known in enumerate(other) if known <= row), default=-1) for row in base]
    assert align(base, other).tolist() == expected


@given(moments, moments, st.integers(0, 50))
def test_bars_known_later_change_nothing(base, other, now):
    """Law 2 for alignment."""
    known_rows = base[base <= now]
    np.testing.assert_array_equal(align(known_rows, other[other <= now]), align(base, other)[: len(known_rows)])
